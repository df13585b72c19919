# classical_baselines/explain/gradients.py
"""Gradients of a class's logit with respect to the picture, through whatever lies between.

    gradient               d logit / d x
    gradient times input   (x - n) * d logit / d x,                                n the neutral picture
    integrated gradients   (x - n) * mean over a of d logit / d x at n + a (x - n),  a = (k + 1/2) / n_steps

For a linear network the last two are weight times (input less neutral), exactly. Integrated gradients sum to
logit(x) - logit(n) as n_steps grows (completeness), wherever the gradient is that of the function.

x is the intensity where the encoder can be differentiated: a picture as it is, pooled, or made a quantum state, so that
the gradient of a hybrid goes through its circuit and, before it, its state preparation. A spike code cannot be
differentiated with respect to the intensity. There x is the code itself [step, batch, channel], n no spikes at all, and
the attribution of an element is summed over its steps (and polarities), spread evenly over the elements that were
pooled for it. Through spikes the gradient is the surrogate with which the network was trained, not the derivative of a
step, which is 0 almost everywhere: completeness does not hold there, and the score card says what the map is worth.
A gradient that is not finite (of a square root at silence) counts as 0.

A quantum state that is made of the picture itself keeps its direction and not its strength. On the way from silence it
stays the same, but for a jump at silence: there integrated gradients are gradient times input, times a factor, and do
not add up to the jump.

References: Simonyan, Vedaldi & Zisserman, arXiv 1312.6034 (gradient); Shrikumar et al., arXiv 1605.01713 (times input);
Sundararajan, Taly & Yan, ICML 2017, arXiv 1703.01365, equations 1 and 3; Neftci, Mostafa & Zenke, IEEE Signal
Processing Magazine 36(6), 2019, 51-63 (surrogate gradients).
"""

import warnings
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import pad

from classical_baselines.explain.contract import NotExplainedError, Saliency, Subject, class_scores
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import evaluating

MOST_STEPS = 10_000  # of an integration
SPIKE_CODES = ("spikes", "graded")


def gradient_at(subject: Subject, x: Tensor, classes: Tensor, *, encoded: bool) -> Tensor:
    """d logit / d x of each clip's class; x is a code where `encoded`, else an intensity."""
    with evaluating(subject.classifier), torch.enable_grad(), warnings.catch_warnings():
        # An encoder looks at the limits of what it is given, which is no part of the function that is differentiated.
        warnings.filterwarnings("ignore", "Converting a tensor with requires_grad")
        x = x.detach().requires_grad_()
        score = class_scores(subject.classifier(x if encoded else subject.encoded(x)), classes).sum()
        if not score.requires_grad:
            raise NotExplainedError("no gradient reaches its input")
        (gradient,) = torch.autograd.grad(score, x)
    return gradient.nan_to_num(0, 0, 0)


def on_picture(values: Tensor, shape: EncodedShape, size: tuple[int, int], pool: tuple[int, int]) -> Tensor:
    """Attributions to a spike code [step, batch, channel] -> [batch, mel, frame], of the same sum.

    A picture code (a grid of two axes) has its steps for every element; in a framewise one a frame has
    n_steps / frames steps, and a band channels / bands channels.
    """
    n_mels, n_frames = size
    n_bands, n_slots = n_mels // pool[0], n_frames // pool[1]
    n_steps, n_clips, n_channels = values.shape
    if len(shape.grid) == 2:
        pooled = values.sum(dim=0).unflatten(1, shape.grid)
    elif n_channels % n_bands == 0 and n_steps % n_slots == 0:
        split = values.reshape(n_slots, -1, n_clips, n_channels // n_bands, n_bands)
        pooled = split.sum(dim=(1, 3)).permute(1, 2, 0)
    else:
        raise NotExplainedError(f"its code of {n_steps} steps and {n_channels} channels lies on no picture")
    whole = pooled.repeat_interleave(pool[0], dim=1).repeat_interleave(pool[1], dim=2) / (pool[0] * pool[1])
    return pad(whole, (0, n_frames - whole.shape[2], 0, n_mels - whole.shape[1]))


def attributed(subject: Subject, intensity: Tensor, classes: Tensor, places: tuple[float, ...] | None) -> Tensor:
    """Mean gradient at `places` along the way from neutral to the picture, times that way; None: the plain gradient."""
    size = (intensity.shape[1], intensity.shape[2])
    shape = subject.encoder.shape(*size)
    spikes = shape.code in SPIKE_CODES
    x = subject.encoded(intensity) if spikes else intensity
    neutral = torch.zeros_like(x) if spikes else subject.neutral.expand_as(x)
    if places is None:
        values = gradient_at(subject, x, classes, encoded=spikes)
    else:
        values = torch.zeros_like(x)
        for place in places:
            values += gradient_at(subject, neutral + place * (x - neutral), classes, encoded=spikes)
        values *= (x - neutral) / len(places)
    return on_picture(values, shape, size, subject.pool) if spikes else values


@dataclass(frozen=True)
class Gradient:
    """The gradient itself: which change of the picture would raise the logit."""

    method: ClassVar[str] = "gradient"
    signed: ClassVar[bool] = True

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        return Saliency(self.method, attributed(subject, intensity, classes, None), self.signed)


@dataclass(frozen=True)
class GradientTimesInput:
    """The gradient times what the picture has beyond the neutral one."""

    method: ClassVar[str] = "gradient-times-input"
    signed: ClassVar[bool] = True

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        return Saliency(self.method, attributed(subject, intensity, classes, (1.0,)), self.signed)


@dataclass(frozen=True)
class IntegratedGradients:
    """Gradients along the straight way from the neutral picture, at the middles of `n_steps` equal parts."""

    n_steps: int = 32
    method: ClassVar[str] = "integrated-gradients"
    signed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 1 <= self.n_steps <= MOST_STEPS:
            raise InputError(f"n_steps must lie in 1 to {MOST_STEPS}; got {self.n_steps}.")

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        places = tuple((k + 0.5) / self.n_steps for k in range(self.n_steps))
        return Saliency(self.method, attributed(subject, intensity, classes, places), self.signed)
