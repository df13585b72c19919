# classical_baselines/explain/attention.py
"""What a transformer attends to: attention of the last layer, its rollout over all layers, its relevance for a class.

With A[l] the attention [head, token, token] of layer l and I the unit matrix,

    attention     mean over heads of A[last]
    rollout       R = B[last] ... B[1],  B[l] = (mean over heads of A[l] + I) / 2
    relevance     R = I, then R <- R + C[l] R from the first layer to the last, and R - I in the end,
                  C[l] = mean over heads of relu(A[l] * d logit / d A[l])

The rows that the readout takes (the special tokens', or all) are averaged; the columns, less those of special tokens,
lie on the grid of tokens and are stretched over the picture. The first two are the same for every class: they say where
a network looks, not what speaks for its answer. Rows of attention sum to 1, and so do those of B.

References: Abnar & Zuidema, ACL 2020, arXiv 2005.00928, equations 1 and 2 (rollout); Chefer, Gur & Wolf, ICCV 2021,
arXiv 2103.15679, equations 5 and 6 (relevance of self-attention).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from classical_baselines.explain.contract import Saliency, Subject, class_scores, spread_saliency
from classical_baselines.explain.feature_maps import Caught, catching, caught_attentions, token_map
from classical_baselines.harness.macs import evaluating


def rollout(attentions: Sequence[Tensor]) -> Tensor:
    """[batch, head, token, token] of each layer, the first first -> [batch, token, token]."""
    unit = torch.eye(attentions[0].shape[-1]).to(attentions[0])
    rolled = unit.expand(len(attentions[0]), -1, -1)
    for attention in attentions:
        mixed = (attention.mean(dim=1) + unit) / 2
        rolled = mixed / mixed.sum(dim=2, keepdim=True) @ rolled
    return rolled


def relevance(attentions: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """Of [batch, head, token, token] of each layer and their gradients: [batch, token, token], less the unit matrix."""
    unit = torch.eye(attentions[0].shape[-1]).to(attentions[0])
    total = unit.expand(len(attentions[0]), -1, -1)
    for attention, gradient in zip(attentions, gradients, strict=True):
        total = total + (attention * gradient).relu().mean(dim=1) @ total
    return total - unit


def attended(subject: Subject, intensity: Tensor, classes: Tensor) -> tuple[Caught, Tensor]:
    """A forward pass with the attention of every layer, and the sum of the logits of the clips' classes."""
    with evaluating(subject.classifier), torch.enable_grad():
        encoded = subject.encoded(intensity).detach().requires_grad_()
        with catching(subject.classifier, len(intensity), attention=True) as caught:
            score = class_scores(subject.classifier(encoded), classes).sum()
    return caught, score


@dataclass(frozen=True)
class LastAttention:
    """The attention of the last layer."""

    method: ClassVar[str] = "attention"
    signed: ClassVar[bool] = False

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        caught, _ = attended(subject, intensity, classes)
        last = caught_attentions(caught, len(intensity))[-1].detach().mean(dim=1)
        values = token_map(last, caught.token_grid)
        return spread_saliency(self, values, subject, intensity)


@dataclass(frozen=True)
class AttentionRollout:
    """The rollout of the attention of all layers."""

    method: ClassVar[str] = "attention-rollout"
    signed: ClassVar[bool] = False

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        caught, _ = attended(subject, intensity, classes)
        rolled = rollout([one.detach() for one in caught_attentions(caught, len(intensity))])
        values = token_map(rolled, caught.token_grid)
        return spread_saliency(self, values, subject, intensity)


@dataclass(frozen=True)
class AttentionRelevance:
    """The relevance of attention for a class, by its gradient."""

    method: ClassVar[str] = "attention-relevance"
    signed: ClassVar[bool] = False

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        caught, score = attended(subject, intensity, classes)
        attentions = caught_attentions(caught, len(intensity))
        gradients = torch.autograd.grad(score, attentions)
        values = token_map(relevance([one.detach() for one in attentions], gradients), caught.token_grid)
        return spread_saliency(self, values, subject, intensity)
