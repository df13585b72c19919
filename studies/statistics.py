# studies/statistics.py
"""Intervals and tests that are right for few groups.

A group is what a system must generalise to: a test speaker, a patient, a source recording. Clips of one group are
alike and seeds are repetitions, so neither multiplies the evidence; the groups are the sample.

    score of a group    accuracy over its clips, per seed, then averaged over the seeds
    estimate            mean of the group scores
    2 to 19 groups      estimate ± t(0.975, n - 1) * sd / sqrt(n)         over groups
    20 groups or more   2.5 and 97.5 % of 10 000 resamples of whole groups
    no groups           (none named, or each clip its own) Wilson's interval over clips for one seed, else
                        2.5 and 97.5 % of 10 000 resamples of clips
    every clip right    (or wrong) Wilson's interval over clips: a t would have no width; where no paired difference
                        differs from another, the share of clips of which none may have been seen: 1 - 0.025^(1/n)

A bootstrap over six groups covers 86 %, not 95; a t covers 95 where group scores are near normal. Differences are
paired by group and tested by flipping their signs (Fisher 1935): p = share of the 2^n sign patterns whose mean is at
least as far from 0, all of them up to 2^16, and 65 536 drawn ones beyond. With fewer than six groups p cannot fall to
0.05, so nothing is called better or worse there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from studies.intervals import bootstrap_interval, t_interval, wilson_interval, zero_seen_bound
from studies.paired_tests import (
    ALPHA,
    FEWEST_FOR_A_TEST,
    MOST_UNITS,
    POWER,
    mcnemar_p_value,
    sign_flip_p_value,
    units_needed,
)

Verdict = Literal["better", "worse", "equivalent", "undecided"]
FEW_GROUPS = 20  # below: t on group means

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trials:
    """Right or wrong, clip by clip, of one system on one backend."""

    correct: NDArray[np.bool_]  # [trial]
    groups: NDArray[np.str_]  # [trial]; "" where there are none
    clips: NDArray[np.str_]  # [trial]
    seeds: NDArray[np.int64]  # [trial]
    folds: NDArray[np.str_]  # [trial]

    @property
    def grouped(self) -> bool:
        """Whether groups are the sample: some are named, and they are fewer than the clips."""
        n_clips = len(np.unique(self.clips))
        return bool((self.groups != "").all()) and len(np.unique(self.groups)) < n_clips

    @property
    def units(self) -> NDArray[np.str_]:
        """[trial]: what is the sample, groups or else clips."""
        return self.groups if self.grouped else self.clips

    def group_scores(self) -> dict[str, float]:
        """Accuracy of each group: per seed, then averaged over the seeds; by clip where there are no groups."""
        return self._scores(self.units)

    def by_seed(self) -> dict[str, float]:
        """Mean of the group accuracies within each seed."""
        units = self.units
        return {
            str(seed): float(np.mean(list(mean_by(self.correct[rows], units[rows]).values())))
            for seed in np.unique(self.seeds)
            for rows in [self.seeds == seed]
        }

    def by_fold(self) -> dict[str, float]:
        """Accuracy within each fold, averaged over the seeds."""
        return self._scores(self.folds)

    def _scores(self, units: NDArray[np.str_]) -> dict[str, float]:
        per_seed: dict[str, list[float]] = {}
        for seed in np.unique(self.seeds):
            rows = self.seeds == seed
            for unit, score in mean_by(self.correct[rows], units[rows]).items():
                per_seed.setdefault(unit, []).append(score)
        return {unit: float(np.mean(per_seed[unit])) for unit in sorted(per_seed)}


@dataclass(frozen=True)
class Interval:
    """An accuracy and how well it is known; low and high are None where nothing can be said (one group)."""

    estimate: float
    low: float | None
    high: float | None
    method: str
    n_groups: int  # 0: clips are the sample
    n_clips: int
    n_seeds: int
    n_folds: int
    sd_seeds: float | None  # None below two seeds
    sd_folds: float | None
    group_scores: Mapping[str, float] = field(default_factory=dict)  # empty where clips are the sample


@dataclass(frozen=True)
class Comparison:
    """Accuracy of A less accuracy of B, on what both were tested on."""

    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    test: str
    n_units: int
    unit: Literal["group", "clip"]
    margin: float
    verdict: Verdict
    would_decide: str  # "" unless undecided
    differences: Mapping[str, float] = field(default_factory=dict)  # by group; empty where clips are the sample


def accuracy_interval(trials: Trials) -> Interval:
    """The accuracy of one system with the interval that its sample allows."""
    scores = trials.group_scores()
    values = np.array(list(scores.values()))
    n_clips, n_seeds = len(np.unique(trials.clips)), len(np.unique(trials.seeds))
    if not trials.grouped:
        if n_seeds == 1 and len(values) == len(trials.correct):
            low, high = wilson_interval(int(trials.correct.sum()), len(values))
            method = f"Wilson over {len(values)} clips"
        else:
            low, high = bootstrap_interval(values)
            method = f"bootstrap over {len(values)} clips"
        bounds: tuple[float | None, float | None] = (low, high)
    elif len(values) > 1 and np.ptp(values) == 0 and values[0] in (0.0, 1.0):
        n_right = n_clips if values[0] == 1 else 0
        bounds, method = wilson_interval(n_right, n_clips), f"Wilson over {n_clips} clips, as no group differs"
    else:
        bounds, method = _mean_interval(values)
        bounds = (_clipped(bounds[0]), _clipped(bounds[1]))
    return Interval(
        estimate=float(values.mean()),
        low=bounds[0],
        high=bounds[1],
        method=method,
        n_groups=len(values) if trials.grouped else 0,
        n_clips=n_clips,
        n_seeds=n_seeds,
        n_folds=len(np.unique(trials.folds)),
        sd_seeds=_spread(trials.by_seed()),
        sd_folds=_spread(trials.by_fold()),
        group_scores=scores if trials.grouped else {},
    )


def paired_difference(a: Trials, b: Trials, margin: float) -> Comparison:
    """A less B over the seeds, folds and groups that both have, with a verdict at the equivalence `margin`."""
    a, b = shared_trials(a, b)
    ours, theirs = a.group_scores(), b.group_scores()
    differences = {unit: ours[unit] - theirs[unit] for unit in ours}
    values = np.array(list(differences.values()))
    if a.grouped:
        (low, high), method = _mean_interval(values)
        p_value = sign_flip_p_value(values)
        test = f"sign flip over {len(values)} groups, {method}"
    elif len(np.unique(a.seeds)) == 1 and len(np.unique(b.seeds)) == 1:
        low, high = bootstrap_interval(values)
        p_value = mcnemar_p_value(int((values > 0).sum()), int((values < 0).sum()))
        test = f"McNemar (exact), bootstrap over {len(values)} clips"
    else:
        low, high = bootstrap_interval(values)
        p_value = sign_flip_p_value(values)
        test = f"sign flip and bootstrap over {len(values)} clips"
    unit: Literal["group", "clip"] = "group" if a.grouped else "clip"
    if len(values) > 1 and np.ptp(values) == 0:
        reach, n_clips = zero_seen_bound(len(np.unique(a.clips))), len(np.unique(a.clips))
        low, high = float(values[0]) - reach, float(values[0]) + reach
        test += f"; no {unit} differs from another, so the interval is the exact bound over {n_clips} clips"
    verdict = verdict_of(low, high, p_value, margin)
    return Comparison(
        difference=float(values.mean()),
        low=low,
        high=high,
        p_value=p_value,
        test=test,
        n_units=len(values),
        unit=unit,
        margin=margin,
        verdict=verdict,
        would_decide=what_would_decide(values, margin, unit) if verdict == "undecided" else "",
        differences=differences if a.grouped else {},
    )


def verdict_of(low: float | None, high: float | None, p_value: float | None, margin: float) -> Verdict:
    """Equivalent where the interval lies within ±margin; better or worse where it and the test exclude 0."""
    if low is None or high is None:
        return "undecided"
    if -margin <= low and high <= margin:
        return "equivalent"
    if p_value is None or p_value > ALPHA:
        return "undecided"
    if low > 0:
        return "better"
    return "worse" if high < 0 else "undecided"


def what_would_decide(differences: Sequence[float] | Floats, margin: float, unit: str = "group") -> str:
    """How many units would find a difference as large as the margin with a power of 80 %."""
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2:
        return f"at least {FEWEST_FOR_A_TEST} {unit}s, where there is {len(values)} now"
    needed = units_needed(float(values.std(ddof=1)), margin)
    if needed is None:
        return f"more than {MOST_UNITS:,} {unit}s at the spread seen, for a difference of {100 * margin:g} points"
    return (
        f"about {needed:,} {unit}s (there are {len(values):,}) to find a difference of "
        f"{100 * margin:g} points with a power of {100 * POWER:g} % at the spread seen"
    )


def _mean_interval(values: Floats) -> tuple[tuple[float | None, float | None], str]:
    if len(values) < 2:
        return (None, None), "no interval: one group"
    if len(values) < FEW_GROUPS:
        return t_interval(values), f"t over {len(values)} groups"
    return bootstrap_interval(values), f"bootstrap over {len(values)} groups"


def shared_trials(a: Trials, b: Trials) -> tuple[Trials, Trials]:
    """The trials that both have: same seed, same fold, same clip."""
    both = set(places(a)) & set(places(b))
    if not set(a.seeds.tolist()) & set(b.seeds.tolist()):
        raise InputError("The two systems share no seed. Run both with one seed at least.")
    if not both:
        raise InputError("The two systems share no clip. Run both on the same folds.")
    return _kept(a, both), _kept(b, both)


def places(trials: Trials) -> list[tuple[int, str, str]]:
    """Seed, fold and clip of every trial."""
    return list(zip(trials.seeds.tolist(), trials.folds.tolist(), trials.clips.tolist(), strict=True))


def _kept(trials: Trials, wanted: set[tuple[int, str, str]]) -> Trials:
    keep = np.array([place in wanted for place in places(trials)])
    arrays: Any = (trials.correct, trials.groups, trials.clips, trials.seeds, trials.folds)
    return Trials(*(array[keep] for array in arrays))


def mean_by(correct: NDArray[np.bool_], units: NDArray[np.str_]) -> dict[str, float]:
    """The share of right trials of every unit."""
    names, which = np.unique(units, return_inverse=True)
    shares = np.bincount(which, weights=correct) / np.bincount(which)
    return dict(zip(names.tolist(), shares.tolist(), strict=True))


def _spread(scores: Mapping[str, float]) -> float | None:
    return float(np.std(list(scores.values()), ddof=1)) if len(scores) > 1 else None


def _clipped(bound: float | None) -> float | None:
    return None if bound is None else min(1.0, max(0.0, bound))
