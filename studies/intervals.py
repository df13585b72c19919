# studies/intervals.py
"""95 % intervals of a mean or a proportion, from the values of the units that were sampled (groups or clips)."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError

LEVEL = 0.95
N_RESAMPLES = 10_000

Floats = NDArray[np.float64]


def t_interval(values: Sequence[float] | Floats) -> tuple[float, float]:
    """mean ± t(0.975, n - 1) sd / sqrt(n), for at least two values."""
    from scipy import special

    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2:
        raise InputError(f"A t interval needs at least two groups; got {len(values)}.")
    half = float(special.stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * float(values.std(ddof=1)) / sqrt(len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def bootstrap_interval(values: Sequence[float] | Floats, seed: int = 0) -> tuple[float, float]:
    """2.5 and 97.5 % of the mean over resamples of `values`, each of them a group or a clip."""
    values = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(seed)
    # How often each distinct score is drawn is all that its mean depends on, and there are few distinct scores.
    distinct, counts = np.unique(values, return_counts=True)
    drawn = generator.multinomial(len(values), counts / len(values), size=N_RESAMPLES)
    low, high = np.quantile(drawn @ distinct / len(values), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


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
