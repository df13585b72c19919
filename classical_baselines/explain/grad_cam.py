# classical_baselines/explain/grad_cam.py
"""Grad-CAM and Grad-CAM++: the last feature maps of a convolution, weighted by what they do for a class.

With A[k, i, j] the maps [channel, mel', frame'] and g = d logit / d A,

    Grad-CAM      w[k] = mean over i, j of g[k, i, j]
    Grad-CAM++    w[k] = sum over i, j of a[k, i, j] relu(g[k, i, j]),
                  a = g^2 / (2 g^2 + sum_ij(A[k]) g^3),  0 where the denominator is 0
    saliency      relu(sum_k w[k] A[k]), stretched bilinearly over the picture

The coefficients a are those of the paper's closed form for a score exp(logit), of which a common factor is left out.
The maps are those of the last convolution that still tells mel bands and frames apart (or one of the two), behind its
activation where one module holds both. In a transformer these are its tokens before any attention; in a hybrid, what
becomes the state.

References: Selvaraju et al., ICCV 2017, arXiv 1610.02391, equations 1 and 2; Chattopadhay et al., WACV 2018,
arXiv 1710.11063, section 3.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from classical_baselines.explain.contract import (
    NotExplainedError,
    Saliency,
    Subject,
    class_scores,
    spread_saliency,
)
from classical_baselines.explain.feature_maps import catching
from classical_baselines.harness.macs import evaluating


def grad_cam_weights(maps: Tensor, gradients: Tensor) -> Tensor:
    """[batch, channel] of Grad-CAM."""
    del maps
    return gradients.mean(dim=(2, 3))


def grad_cam_plus_plus_weights(maps: Tensor, gradients: Tensor) -> Tensor:
    """[batch, channel] of Grad-CAM++."""
    square, cube = gradients.square(), gradients**3
    denominator = 2 * square + maps.sum(dim=(2, 3), keepdim=True) * cube
    coefficients = torch.where(denominator == 0, 0.0, square / denominator)
    return (coefficients * gradients.relu()).sum(dim=(2, 3))


def class_activation(maps: Tensor, weights: Tensor) -> Tensor:
    """relu(sum_k w[k] A[k]): [batch, mel', frame']."""
    return (weights[:, :, None, None] * maps).sum(dim=1).relu()


def maps_and_gradients(subject: Subject, intensity: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The last feature maps and the gradient of each clip's class with respect to them."""
    if subject.classifier.batch_axis != 0:
        raise NotExplainedError("its maps are spikes, step by step")
    with evaluating(subject.classifier), torch.enable_grad(), catching(subject.classifier, len(intensity)) as caught:
        encoded = subject.encoded(intensity).detach().requires_grad_()
        score = class_scores(subject.classifier(encoded), classes).sum()
        maps = caught.last_maps()
        (gradients,) = torch.autograd.grad(score, maps)
    maps = maps.detach()
    return (maps, gradients) if maps.dim() == 4 else (maps[:, :, None], gradients[:, :, None])


@dataclass(frozen=True)
class GradCam:
    """Grad-CAM."""

    method: ClassVar[str] = "grad-cam"
    signed: ClassVar[bool] = False

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        maps, gradients = maps_and_gradients(subject, intensity, classes)
        values = class_activation(maps, grad_cam_weights(maps, gradients))
        return spread_saliency(self, values, subject, intensity)


@dataclass(frozen=True)
class GradCamPlusPlus:
    """Grad-CAM++."""

    method: ClassVar[str] = "grad-cam++"
    signed: ClassVar[bool] = False

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        maps, gradients = maps_and_gradients(subject, intensity, classes)
        values = class_activation(maps, grad_cam_plus_plus_weights(maps, gradients))
        return spread_saliency(self, values, subject, intensity)
