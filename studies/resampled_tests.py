# studies/resampled_tests.py
"""Tests over the cells of a cross-validation, for readers who expect them; the verdict rests on groups, not on these.

The training parts of two folds overlap, so the differences d_1 .. d_k of k cells (seed x fold) are correlated and a
plain t test finds differences that are not there. With r test clips per training clip, their mean is taken to have the
variance (1/k + r) s^2:

    corrected resampled t     t = mean(d) / sqrt((1/k + r) s^2), k - 1 degrees of freedom
                              (Nadeau & Bengio, Machine Learning 52, 2003, 239-281)
    correlated Bayesian t     the mean's posterior is that Student t, about mean(d); its mass below, within and above
                              the margin (Corani & Benavoli, Machine Learning 100, 2015, 285-304; rho / (1 - rho) = r)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from studies.paired_tests import ALPHA, mcnemar_p_value
from studies.statistics import Trials

FEWEST_CELLS = 3  # below, the spread of the differences says nothing


@dataclass(frozen=True)
class ResampledTest:
    """One test and what it says, or why it says nothing."""

    name: str
    n: int  # cells, or clips
    p_value: float | None = None
    low: float | None = None
    high: float | None = None
    worse: float | None = None  # posterior mass below, within and above the margin
    equivalent: float | None = None
    better: float | None = None
    refused: str = ""


def corrected_resampled_t(differences: Sequence[float], test_per_train: float) -> ResampledTest:
    """p and the 95 % interval of the mean difference of `differences`, one per cell."""
    from scipy import special

    name = "corrected resampled t"
    scale, refused = _scale(differences, test_per_train)
    if refused:
        return ResampledTest(name, len(differences), refused=refused)
    mean, freedom = float(np.mean(differences)), len(differences) - 1
    p_value = 2 * float(special.stdtr(freedom, -abs(mean) / scale))
    reach = float(special.stdtrit(freedom, 1 - ALPHA / 2)) * scale
    return ResampledTest(name, len(differences), p_value=p_value, low=mean - reach, high=mean + reach)


def correlated_bayesian_t(differences: Sequence[float], test_per_train: float, margin: float) -> ResampledTest:
    """The posterior mass of the mean difference below -margin, within the margin, and above it."""
    from scipy import special

    name = "correlated Bayesian t"
    scale, refused = _scale(differences, test_per_train)
    if refused:
        return ResampledTest(name, len(differences), refused=refused)
    mean, freedom = float(np.mean(differences)), len(differences) - 1
    below, up_to = (float(special.stdtr(freedom, (edge - mean) / scale)) for edge in (-margin, margin))
    return ResampledTest(name, len(differences), worse=below, equivalent=up_to - below, better=1 - up_to)


def mcnemar(a: Trials, b: Trials) -> ResampledTest:
    """Exact McNemar over the clips of one seed; refused where clips share groups, or stand once per seed."""
    name = "McNemar, exact"
    n_clips = len(np.unique(a.clips))
    if a.grouped:
        return ResampledTest(name, n_clips, refused="clips of one group are no independent trials")
    if len(np.unique(a.seeds)) > 1 or len(np.unique(b.seeds)) > 1:
        return ResampledTest(name, n_clips, refused="a clip of several seeds is no single trial; choose one: --seeds 0")
    right_of = dict(zip(b.clips.tolist(), b.correct.tolist(), strict=True))
    pairs = [(ours, right_of[clip]) for clip, ours in zip(a.clips.tolist(), a.correct.tolist(), strict=True)]
    only_a, only_b = (sum(pair == wanted for pair in pairs) for wanted in ((True, False), (False, True)))
    return ResampledTest(name, n_clips, p_value=mcnemar_p_value(only_a, only_b))


def cell_differences(a: Trials, b: Trials) -> list[float]:
    """Accuracy of A less accuracy of B in every cell (seed, fold) that both have, over its clips."""
    ours, theirs = _by_cell(a), _by_cell(b)
    return [ours[cell] - theirs[cell] for cell in sorted(set(ours) & set(theirs))]


def _by_cell(trials: Trials) -> dict[tuple[int, str], float]:
    cells: dict[tuple[int, str], list[bool]] = {}
    for seed, fold, correct in zip(trials.seeds.tolist(), trials.folds.tolist(), trials.correct.tolist(), strict=True):
        cells.setdefault((seed, fold), []).append(correct)
    return {cell: float(np.mean(correct)) for cell, correct in cells.items()}


def _scale(differences: Sequence[float], test_per_train: float) -> tuple[float, str]:
    values: NDArray[np.float64] = np.asarray(differences, dtype=np.float64)
    if len(values) < FEWEST_CELLS:
        return 0.0, f"it takes {FEWEST_CELLS} cells or more, and has {len(values)}"
    scale = sqrt((1 / len(values) + test_per_train) * float(values.var(ddof=1)))
    return (scale, "") if scale > 0 else (0.0, "the differences of all cells are equal")
