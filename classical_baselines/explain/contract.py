# classical_baselines/explain/contract.py
"""What an explanation is asked of, and what it gives: one contract for every paradigm.

    Subject, intensity [batch, mel, frame], classes [batch]   ->   Saliency   values [batch, mel, frame]

The subject is a trained network with its encoder. An explainer reaches into it through hooks and autograd alone and
knows no model by name. Where it does not apply it says why (`NotExplainedError`).

`neutral` is the picture that says nothing. Elements are hidden by putting it in their place, and paths of integrated
gradients begin there: silence for an intensity, which is 0; for features of unlike units their mean over training
clips.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from classical_baselines.harness.contracts import Classifier, Encoder
from classical_baselines.harness.macs import evaluating
from classical_baselines.harness.seeds import generator_for

PORTION = 256  # pictures per forward pass


class NotExplainedError(ValueError):
    """A way to explain does not apply to this network; the message says why."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A trained network with what an explanation needs beside it."""

    encoder: Encoder
    classifier: Classifier
    neutral: Tensor  # [mel, frame]
    seed: int = 0  # of random masks, and of an encoder that draws: each call begins with the same draws

    def encoded(self, intensity: Tensor) -> Tensor:
        """[batch, mel, frame] as the network reads it."""
        return self.encoder(intensity, generator_for(self.seed, "explain/encoding"))

    def probabilities(self, intensity: Tensor) -> Tensor:
        """[batch, mel, frame] -> softmax of the logits, [batch, class], float64."""
        with evaluating(self.classifier), torch.no_grad():
            parts = [self.classifier(self.encoded(part)) for part in intensity.split(PORTION)]
        return torch.cat(parts).double().softmax(dim=1)

    def shown(self, intensity: Tensor, mask: Tensor) -> Tensor:
        """The picture where `mask` is 1, the neutral one where it is 0, and a mixture between."""
        return intensity * mask + self.neutral * (1 - mask)

    @property
    def pool(self) -> tuple[int, int]:
        """(mel, frame) means that the encoder takes before it encodes."""
        pool: tuple[int, int] = getattr(self.encoder, "pool", (1, 1))
        return pool


@dataclass(frozen=True, eq=False)
class Saliency:
    """How much each element of a picture speaks for a class."""

    method: str  # key in `EXPLAINERS`
    values: Tensor  # [batch, mel, frame]
    signed: bool  # below 0: against the class; False: only what speaks for it is shown


class Explainer(Protocol):
    """A frozen dataclass of options."""

    method: ClassVar[str]
    signed: ClassVar[bool]

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        """Explain each clip's class in `classes`, whether it was decided for or not."""
        ...


def spread_saliency(explainer: Explainer, values: Tensor, subject: Subject, intensity: Tensor) -> Saliency:
    """What an explainer found on a coarser grid [batch, mel', frame'], as the saliency of the pictures."""
    return Saliency(explainer.method, spread_over_picture(values, intensity, subject.pool), explainer.signed)


def class_scores(logits: Tensor, classes: Tensor) -> Tensor:
    """[batch]: the logit of each clip's class."""
    return logits.gather(1, classes[:, None])[:, 0]


def spread_over_picture(values: Tensor, intensity: Tensor, pool: tuple[int, int]) -> Tensor:
    """Stretch [batch, mel', frame'] bilinearly over the part of the picture that the encoder's pooling reads.

    What fills no whole window of the pooling is not read, and gets 0.
    """
    n_mels, n_frames = intensity.shape[1:]
    read = n_mels // pool[0] * pool[0], n_frames // pool[1] * pool[1]
    wide = interpolate(values[:, None], size=read, mode="bilinear", align_corners=False)[:, 0]
    return pad(wide, (0, n_frames - read[1], 0, n_mels - read[0]))
