# classical_baselines/explain/score_card.py
"""One card for every explanation of every paradigm: what a saliency map is worth, by the same definitions.

For a clip x with neutral picture n and saliency s of the class c that the network decides for, p(z) is the probability
of c for the picture z, and s+ = max(s, 0) / max(s), 0 where nothing speaks for c:

    average drop        100 mean( max(0, p(x) - p(m)) / p(x) )        m = n + s+ (x - n): only what is salient is shown
    average increase    100 mean( p(m) > p(x) )
    average gain        100 mean( max(0, p(m) - p(x)) / (1 - p(x)) )
    fall                mean( p(x) - p(h) )                           h = x - s+ (x - n): what is salient is hidden
    fidelity            share of clips for which m is decided as x is
    faithfulness        mean over clips of the correlation, over random sets of patches that are hidden, of the sum of s
                        within a set with the fall of p
    deletion            area under p as the elements are hidden, the most salient first, over their share from 0 to 1
    insertion           area under p as the elements are shown, the most salient first
    sparseness          mean Gini index of |s|: 0 where all elements are equal, near 1 where one has everything
    randomisation       mean rank correlation of |s| with that of the same network with its weights permuted

Low is good of average drop, deletion and randomisation; high of the others; sparseness is neither good nor bad. A map
that is the same for random weights does not explain what the network has learnt. Softmax is applied once, to logits.
Clips for which a correlation or a Gini index is not defined (a map of zeros) are left out of that mean, and counted.

References: Chattopadhay et al., WACV 2018, arXiv 1710.11063, section 4.1 (drop, increase); Zhang et al., Computer
Vision and Image Understanding 248, 2024, arXiv 2301.07002 (gain); Paissan, Ravanelli & Subakan, ICML 2024, arXiv
2403.13086 (fall, there "faithfulness on spectra", and fidelity, for sound); Bhatt, Weller & Moura, IJCAI 2020, arXiv
2005.00631, section 3 (faithfulness); Petsiuk et al., BMVC 2018, arXiv 1806.07421, section 3.3 (deletion, insertion);
Hurley & Rickard, IEEE Transactions on Information Theory 55(10), 2009, 4723-4741, table I (Gini); Adebayo et al.,
NeurIPS 2018, arXiv 1810.03292 (randomisation).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from classical_baselines.explain.contract import Saliency, Subject
from classical_baselines.harness.seeds import generator_for

N_STEPS = 20  # of deletion and insertion: 5 % of the elements at a time
N_SETS = 64  # of patches, for faithfulness
PATCHES = (8, 8)  # along mel and frame
HIDDEN_SHARE = 0.25  # of the patches in a set


@dataclass(frozen=True)
class ScoreCard:
    """What the maps of one method of one network are worth, over some clips; None where no clip defines it."""

    method: str
    n_clips: int
    n_empty: int  # clips whose map is all zero
    average_drop: float  # per cent
    average_increase: float  # per cent
    average_gain: float  # per cent
    fall: float
    fidelity: float
    faithfulness: float | None
    deletion: float
    insertion: float
    sparseness: float | None
    randomisation: float | None


def score_card(subject: Subject, intensity: Tensor, saliency: Saliency, of_random_weights: Tensor) -> ScoreCard:
    """Score maps [batch, mel, frame] of the classes that the network decides for."""
    values = saliency.values
    whole = subject.probabilities(intensity)
    p, classes = whole.max(dim=1)
    salient = positive_part(values)
    shown = subject.probabilities(subject.shown(intensity, salient))
    p_shown = shown.gather(1, classes[:, None])[:, 0]
    p_hidden = subject.probabilities(subject.shown(intensity, 1 - salient)).gather(1, classes[:, None])[:, 0]
    return ScoreCard(
        method=saliency.method,
        n_clips=len(intensity),
        n_empty=int((values == 0).all(dim=2).all(dim=1).sum()),
        average_drop=average_drop(p, p_shown),
        average_increase=average_increase(p, p_shown),
        average_gain=average_gain(p, p_shown),
        fall=float((p - p_hidden).mean()),
        fidelity=float((shown.argmax(dim=1) == classes).double().mean()),
        faithfulness=_mean(faithfulness(subject, intensity, classes, values)),
        deletion=float(area(_curve(subject, intensity, classes, values, hide=True)).mean()),
        insertion=float(area(_curve(subject, intensity, classes, values, hide=False)).mean()),
        sparseness=_mean(gini(values)),
        randomisation=_mean(rank_correlation(values.abs(), of_random_weights.abs())),
    )


def positive_part(values: Tensor) -> Tensor:
    """[batch, mel, frame] -> max(s, 0) / max(s), in [0, 1]; 0 where nothing is above 0."""
    positive = values.clamp_min(0)
    largest = positive.amax(dim=(1, 2), keepdim=True)
    return torch.where(largest > 0, positive / torch.where(largest > 0, largest, 1.0), 0.0)


def average_drop(p: Tensor, p_shown: Tensor) -> float:
    """Per cent, of [batch] probabilities before and after; lower is better.

    >>> average_drop(torch.tensor([0.8, 0.5]), torch.tensor([0.4, 0.9]))
    25.0
    """
    return float(100 * ((p - p_shown).clamp_min(0) / p).mean())


def average_increase(p: Tensor, p_shown: Tensor) -> float:
    """Per cent of the clips whose probability rises.

    >>> average_increase(torch.tensor([0.8, 0.5]), torch.tensor([0.4, 0.9]))
    50.0
    """
    return float(100 * (p_shown > p).double().mean())


def average_gain(p: Tensor, p_shown: Tensor) -> float:
    """Per cent of what was missing to certainty; a clip that was certain has nothing to gain.

    >>> average_gain(torch.tensor([0.5, 1.0]), torch.tensor([0.75, 1.0]))
    25.0
    """
    missing = 1 - p
    gained = (p_shown - p).clamp_min(0)
    return float(100 * torch.where(missing > 0, gained / torch.where(missing > 0, missing, 1.0), 0.0).mean())


def gini(values: Tensor) -> Tensor:
    """[batch, mel, frame] -> [batch]: Gini index of the magnitudes; NaN where all are 0.

    >>> gini(torch.tensor([[[1.0, 1.0, 1.0, 1.0]], [[0.0, 0.0, 0.0, 5.0]]])).tolist()
    [0.0, 0.75]
    """
    magnitude = values.flatten(1).abs().double().sort(dim=1).values
    n = magnitude.shape[1]
    ranks = 2 * torch.arange(1, n + 1) - n - 1
    return (magnitude * ranks).sum(dim=1) / (n * magnitude.sum(dim=1))


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Pearson correlation of the rows of two [batch, n]; NaN where a row is constant."""
    a, b = (x.double() - x.double().mean(dim=1, keepdim=True) for x in (a, b))
    scale = a.norm(dim=1) * b.norm(dim=1)
    return torch.where(scale > 0, (a * b).sum(dim=1) / torch.where(scale > 0, scale, 1.0), math.nan)


def rank_correlation(a: Tensor, b: Tensor) -> Tensor:
    """Spearman's, of two [batch, mel, frame]: [batch]; NaN where one is constant."""
    return correlation(_ranks(a.flatten(1)), _ranks(b.flatten(1)))


def _ranks(values: Tensor) -> Tensor:
    """Ranks along each row, equal values sharing their mean."""
    ranks = torch.empty(values.shape, dtype=torch.float64)
    for row, line in enumerate(values):
        _, place, n = torch.unique(line, return_inverse=True, return_counts=True)
        ends = n.cumsum(0).double()
        ranks[row] = (ends - (n - 1) / 2)[place]
    return ranks


def area(curve: Tensor) -> Tensor:
    """Area under [batch, step] over 0 to 1, by trapezia."""
    return torch.trapezoid(curve, dx=1 / (curve.shape[1] - 1), dim=1)


def faithfulness(subject: Subject, intensity: Tensor, classes: Tensor, values: Tensor) -> Tensor:
    """[batch]: over random sets of hidden patches, the correlation of their attribution with the fall of p."""
    hidden = hidden_sets((intensity.shape[1], intensity.shape[2]), subject.seed)  # [set, mel, frame]
    within = torch.einsum("bij,sij->bs", values.double(), hidden.double())
    falls = -_probabilities(subject, intensity, classes, [1 - hidden] * len(intensity))  # less p, which is constant
    return correlation(within, falls)


def hidden_sets(size: tuple[int, int], seed: int) -> Tensor:
    """[set, mel, frame]: 1 where a set hides; every set hides a quarter of the patches, drawn at random."""
    edges = [torch.linspace(0, n, min(n, parts) + 1).round().int() for n, parts in zip(size, PATCHES, strict=True)]
    n_patches = math.prod(len(edge) - 1 for edge in edges)
    generator = generator_for(seed, "explain/hidden-sets")
    order = torch.rand((N_SETS, n_patches), generator=generator).argsort(dim=1).argsort(dim=1)
    chosen = (order < max(1, round(HIDDEN_SHARE * n_patches))).float().unflatten(1, (len(edges[0]) - 1, -1))
    return chosen.repeat_interleave(edges[0].diff(), dim=1).repeat_interleave(edges[1].diff(), dim=2)


def _curve(subject: Subject, intensity: Tensor, classes: Tensor, values: Tensor, *, hide: bool) -> Tensor:
    """[batch, step]: p as the most salient elements are hidden (or shown) first; equal ones in a random order."""
    flat = values.flatten(1)
    n = flat.shape[1]
    shuffled = torch.randperm(n, generator=generator_for(subject.seed, "explain/ties"))
    order = shuffled[flat[:, shuffled].argsort(dim=1, descending=True, stable=True)]
    place = order.argsort(dim=1).view_as(values)  # 0: the most salient
    n_touched = torch.tensor([round(n * step / N_STEPS) for step in range(N_STEPS + 1)])[:, None, None]
    masks = [((one >= n_touched) if hide else (one < n_touched)).to(intensity.dtype) for one in place]
    return _probabilities(subject, intensity, classes, masks)


def _probabilities(subject: Subject, intensity: Tensor, classes: Tensor, masks: Sequence[Tensor]) -> Tensor:
    """[batch, variant]: the probability of each clip's class under each of its masks [variant, mel, frame]."""
    return torch.stack(
        [
            subject.probabilities(subject.shown(picture, mask))[:, target]
            for picture, target, mask in zip(intensity, classes.tolist(), masks, strict=True)
        ]
    )


def _mean(values: Tensor) -> float | None:
    defined = values[~values.isnan()]
    return float(defined.mean()) if len(defined) else None
