# studies/other_tests.py
"""Tests that readers of other papers look for; the verdict rests on groups (`statistics`), not on these.

The training parts of two folds overlap, so the differences d_1 .. d_k of k folds are correlated and a plain t test
finds differences that are not there. With r test clips per training clip, their mean is taken to have the variance
(1/k + r) s^2:

    corrected resampled t     t = mean(d) / sqrt((1/k + r) s^2), k - 1 degrees of freedom
                              (Nadeau & Bengio, Machine Learning 52, 2003, 239-281)
    correlated Bayesian t     the mean's posterior is that Student t, about mean(d); its mass below, within and above
                              the margin (Corani & Benavoli, Machine Learning 100, 2015, 285-304; rho / (1 - rho) = r)
    McNemar                   exact, over clips of which each is its own group, for one seed

Both papers split the data anew for every difference. Here the seeds of a fold share one split, so they are averaged
first and only folds are counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from studies.paired_tests import ALPHA, mcnemar_p_value
from studies.statistics import Trials, shared_trials

FEWEST_FOLDS = 3  # below, the spread of the differences says nothing


@dataclass(frozen=True)
class OtherTest:
    """One test and what it says, or why it says nothing."""

    name: str
    n: int
    unit: str  # "fold" or "clip"
    p_value: float | None = None
    low: float | None = None  # 95 % interval of the difference
    high: float | None = None
    worse: float | None = None  # posterior mass below, within and above the margin
    equivalent: float | None = None
    better: float | None = None
    refused: str = ""


def other_tests(a: Trials, b: Trials, test_per_train: float, margin: float) -> tuple[OtherTest, ...]:
    """All of them, on what A and B were both tested on; `test_per_train` is the r above."""
    a, b = shared_trials(a, b)
    differences = fold_differences(a, b)
    return (
        corrected_resampled_t(differences, test_per_train),
        correlated_bayesian_t(differences, test_per_train, margin),
        mcnemar(a, b),
    )


def corrected_resampled_t(differences: Sequence[float], test_per_train: float) -> OtherTest:
    """p and the 95 % interval of the mean of `differences`, one per fold."""
    from scipy import special

    name = "corrected resampled t"
    scale, refused = _scale(differences, test_per_train)
    if refused:
        return OtherTest(name, len(differences), "fold", refused=refused)
    mean, freedom = float(np.mean(differences)), len(differences) - 1
    p_value = 2 * float(special.stdtr(freedom, -abs(mean) / scale))
    reach = float(special.stdtrit(freedom, 1 - ALPHA / 2)) * scale
    return OtherTest(name, len(differences), "fold", p_value=p_value, low=mean - reach, high=mean + reach)


def correlated_bayesian_t(differences: Sequence[float], test_per_train: float, margin: float) -> OtherTest:
    """The posterior mass of the mean difference below -margin, within the margin, and above it."""
    from scipy import special

    name = "correlated Bayesian t"
    scale, refused = _scale(differences, test_per_train)
    if refused:
        return OtherTest(name, len(differences), "fold", refused=refused)
    mean, freedom = float(np.mean(differences)), len(differences) - 1
    below, up_to = (float(special.stdtr(freedom, (edge - mean) / scale)) for edge in (-margin, margin))
    return OtherTest(name, len(differences), "fold", worse=below, equivalent=up_to - below, better=1 - up_to)


def mcnemar(a: Trials, b: Trials) -> OtherTest:
    """Over the same trials of both; refused where clips share groups, or stand once per seed or fold."""
    name = "McNemar, exact"
    n_clips = len(np.unique(a.clips))
    if a.grouped:
        return OtherTest(name, n_clips, "clip", refused="clips of one group are no independent trials")
    if len(np.unique(a.seeds)) > 1:
        return OtherTest(
            name, n_clips, "clip", refused="a clip of several seeds is no single trial; give one by --seeds"
        )
    if n_clips < len(a.clips):
        return OtherTest(name, n_clips, "clip", refused="some clips stand in more than one fold")
    right_of = dict(zip(b.clips.tolist(), b.correct.tolist(), strict=True))
    pairs = [(ours, right_of[clip]) for clip, ours in zip(a.clips.tolist(), a.correct.tolist(), strict=True)]
    only_a, only_b = (sum(pair == wanted for pair in pairs) for wanted in ((True, False), (False, True)))
    return OtherTest(name, len(pairs), "clip", p_value=mcnemar_p_value(only_a, only_b))


def fold_differences(a: Trials, b: Trials) -> list[float]:
    """Accuracy of A less accuracy of B in every fold, over its clips, averaged over the seeds."""
    ours, theirs = a.by_fold(), b.by_fold()
    return [ours[fold] - theirs[fold] for fold in sorted(set(ours) & set(theirs))]


def _scale(differences: Sequence[float], test_per_train: float) -> tuple[float, str]:
    values: NDArray[np.float64] = np.asarray(differences, dtype=np.float64)
    if len(values) < FEWEST_FOLDS:
        return 0.0, f"it takes {FEWEST_FOLDS} folds or more, and has {len(values)}"
    scale = sqrt((1 / len(values) + test_per_train) * float(values.var(ddof=1)))
    return (scale, "") if scale > 0 else (0.0, "the differences of all folds are equal")
