# studies/intervals.py
"""95 % intervals of a mean or a proportion, from the values of the units that were sampled (groups or clips)."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from studies.unit_scores import UnitScores

LEVEL = 0.95
N_RESAMPLES = 10_000
MOST_ONE_BY_ONE = 300  # units: beyond, their resamples would fill memory
FEW_UNITS = 20  # below: a t, as resamples of so few say too little about the tails

Floats = NDArray[np.float64]


def t_interval(values: Sequence[float] | Floats) -> tuple[float, float]:
    """mean ± t(0.975, n - 1) sd / sqrt(n), for at least two values."""
    from scipy import special

    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2:
        raise InputError(f"A t interval needs at least two groups; got {len(values)}.")
    half = float(special.stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * float(values.std(ddof=1)) / sqrt(len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def mean_interval(scores: UnitScores) -> tuple[float, float]:
    """The interval of the mean over two units or more: by t below 20 of them, by the bootstrap from there on."""
    if len(scores.means) >= FEW_UNITS:
        return bootstrap_interval(scores)
    half = sqrt(sum(scores.spread.half_squared(1 - LEVEL)))
    return float(scores.means.mean()) - half, float(scores.means.mean()) + half


def bootstrap_interval(scores: UnitScores, n_resamples: int = N_RESAMPLES, seed: int = 0) -> tuple[float, float]:
    """The hierarchical bootstrap of the mean over units (BCa), widened for small samples.

    Units are drawn whole, with all their clips and seeds; so are the trained models that units share (seeds of a fold).
    What the models add is stretched to the width that so few of them allow (`unit_scores`). The quantiles are those of
    Efron's BCa (JASA 82, 1987, 171-185), own code because scipy has no hierarchy, with his normal quantile replaced by
    that of t over n - 1 times sqrt(n / (n - 1)) (Hesterberg, The American Statistician 69, 2015, 371-386):

        level = Phi(z0 + (z0 + z) / (1 - a (z0 + z))),   z = -+ t(0.975, n - 1) sqrt(n / (n - 1))
    """
    from scipy import special

    values, spread = scores.means, scores.spread
    n, mean = len(values), float(values.mean())
    generator = np.random.default_rng(seed)
    distinct, counts = np.unique(values - mean, return_counts=True)
    if n <= MOST_ONE_BY_ONE and n < 4 * len(distinct):
        drawn = (values - mean)[generator.integers(n, size=(n_resamples, n))].mean(axis=1)
    else:  # how often each distinct score is drawn is all that a mean depends on, and clips have few distinct scores
        drawn = generator.multinomial(n, counts / n, size=n_resamples) @ distinct / n
    z = float(special.stdtrit(n - 1, (1 + LEVEL) / 2)) * sqrt(n / (n - 1))
    of_units, of_models = spread.half_squared(1 - LEVEL)
    if of_models > 0:
        models = spread.luck[generator.integers(len(spread.luck), size=(n_resamples, spread.n_models))] @ spread.weights
        drawn += models * sqrt(of_models) / z / float(spread.luck.std() * np.linalg.norm(spread.weights))
    below = (float((drawn < 0).mean()) + float((drawn <= 0).mean())) / 2
    if not 0 < below < 1:  # all units are equal
        return mean, mean
    bias = float(special.ndtri(below))
    # of a mean of independent parts, of which the models' is taken to be symmetric
    cubes, squares = float((counts * distinct**3).sum()), float((counts * distinct**2).sum())
    acceleration = cubes / (6 * squares**1.5) * (of_units / (of_units + of_models)) ** 1.5 if squares > 0 else 0.0
    levels = [special.ndtr(bias + (bias + edge) / (1 - acceleration * (bias + edge))) for edge in (-z, z)]
    low, high = np.quantile(drawn, levels)
    return mean + float(low), mean + float(high)


def wilson_interval(n_right: int, n_clips: int) -> tuple[float, float]:
    """Wilson's score interval of a proportion (JASA 22, 1927, 209-212)."""
    from scipy import special

    z = float(special.ndtri((1 + LEVEL) / 2))
    share = n_right / n_clips
    centre = (share + z * z / (2 * n_clips)) / (1 + z * z / n_clips)
    half = z / (1 + z * z / n_clips) * sqrt(share * (1 - share) / n_clips + z * z / (4 * n_clips**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def zero_seen_bound(n: int) -> float:
    """The largest share of clips that `n` of them may all have missed: 1 - 0.025^(1/n), Clopper and Pearson's bound.

    >>> round(zero_seen_bound(100), 4)
    0.0362
    """
    return float(1 - 0.025 ** (1 / n))
