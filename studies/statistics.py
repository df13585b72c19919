# studies/statistics.py
"""Intervals and tests that are right for few groups, and where groups share trained models.

A group is what a system must generalise to: a test speaker, a patient, a source recording. Clips of one group are
alike and seeds are repetitions, so neither multiplies the evidence; the groups are the sample (`unit_scores`).

    score of a unit     accuracy over the clips of a group (of one clip where there are no groups, or each clip is its
                        own), per seed, then averaged over the seeds
    estimate            mean of the unit scores
    2 to 19 units       estimate ± t(0.975, n - 1) * sd / sqrt(n)      over units
    20 units or more    hierarchical bootstrap of whole units (BCa), 10 000 resamples
    shared models       where units are tested by the same trained models (a fixed split, a fold of several units) the
                        spread between the seeds of a fold widens both
    clips of one seed   Wilson's interval
    every clip right    (or wrong) Wilson's interval over clips: a t would have no width; where no paired difference
                        differs from another, the share of clips of which none may have been seen: 1 - 0.025^(1/n)

A bootstrap over six groups covers 86 %, not 95; a t covers 95 where group scores are near normal. Differences are
paired by unit and tested by flipping their signs (Fisher 1935): p = share of the 2^n sign patterns whose mean is at
least as far from 0, all of them up to 2^16, and 65 536 drawn ones beyond; where units share models, the larger of this
p and that of the interval.

What a verdict claims: the systems, trained again with other seeds on these recordings, for new units. Where units
share models and one seed was run, nothing is claimed; nor with fewer than six units, where p cannot fall to 0.05.
Better and worse take an interval and a p that exclude 0; equivalent an interval within the margin, and sign flips
about both its ends with p of 0.05 or less, as a t over few groups misses more than 5 % where their differences are
skewed. What other training recordings would change no fold shows: `other_tests` has the corrected resampled t for
that. How often verdicts are wrong: docs/results/statistics.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from studies.intervals import FEW_UNITS, mean_interval, wilson_interval, zero_seen_bound
from studies.paired_tests import (
    ALPHA,
    FEWEST_FOR_A_TEST,
    MOST_UNITS,
    POWER,
    mcnemar_p_value,
    sign_flip_p_value,
    units_needed,
)
from studies.unit_scores import MeanSpread, UnitScores, unit_scores

Verdict = Literal["better", "worse", "equivalent", "undecided"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trials:
    """Right or wrong, clip by clip, of one system on one backend."""

    correct: NDArray[np.bool_]  # [trial]
    groups: NDArray[np.str_]  # [trial]; "" where there are none
    clips: NDArray[np.str_]  # [trial]
    seeds: NDArray[np.int64]  # [trial]
    folds: NDArray[np.str_]  # [trial]

    @cached_property
    def grouped(self) -> bool:
        """Whether groups are the sample: some are named, and they are fewer than the clips."""
        return bool((self.groups != "").all()) and len(np.unique(self.groups)) < self.n_clips

    @cached_property
    def n_clips(self) -> int:
        """Different clips."""
        return len(np.unique(self.clips))

    @property
    def units(self) -> NDArray[np.str_]:
        """[trial]: what is the sample, groups or else clips."""
        return self.groups if self.grouped else self.clips

    @cached_property
    def scores(self) -> UnitScores:
        """Accuracy of each unit under each seed."""
        return unit_scores(self.correct, self.units, self.seeds, self.folds)

    def group_scores(self) -> dict[str, float]:
        """Accuracy of each group: per seed, then averaged over the seeds; by clip where there are no groups."""
        return dict(zip(self.scores.names, self.scores.means.tolist(), strict=True))

    def by_seed(self) -> dict[str, float]:
        """Mean of the group accuracies within each seed."""
        means = np.nanmean(self.scores.by_seed, axis=0).tolist()
        return dict(zip(map(str, np.unique(self.seeds).tolist()), means, strict=True))

    def by_fold(self) -> dict[str, float]:
        """Accuracy within each fold, averaged over the seeds."""
        folds = unit_scores(self.correct, self.folds, self.seeds, self.folds)
        return dict(zip(folds.names, folds.means.tolist(), strict=True))


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
    spread: MeanSpread | None = field(default=None, compare=False, repr=False)  # None below two units


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
    refused: str = ""  # why the sample is too small for any verdict
    differences: Mapping[str, float] = field(default_factory=dict)  # by group; empty where clips are the sample


def accuracy_interval(trials: Trials) -> Interval:
    """The accuracy of one system with the interval that its sample allows."""
    scores = trials.scores
    values, n_clips, n_seeds = scores.means, trials.n_clips, scores.by_seed.shape[1]
    bounds: tuple[float | None, float | None] = (None, None)
    if not trials.grouped and n_seeds == 1 and len(values) == len(trials.correct):
        bounds, method = wilson_interval(int(trials.correct.sum()), len(values)), f"Wilson over {len(values)} clips"
    elif len(values) > 1 and np.ptp(values) == 0 and values[0] in (0.0, 1.0):
        n_right = n_clips if values[0] == 1 else 0
        unit = "group" if trials.grouped else "clip"
        bounds, method = wilson_interval(n_right, n_clips), f"Wilson over {n_clips} clips, as no {unit} differs"
    elif len(values) > 1:
        low, high = mean_interval(scores)
        bounds = (clipped(low), clipped(high))
        method = interval_method(scores.spread, "group" if trials.grouped else "clip")
    else:
        method = f"no interval: one {'group' if trials.grouped else 'clip'}"
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
        group_scores=trials.group_scores() if trials.grouped else {},
        spread=scores.spread if len(values) > 1 else None,
    )


def paired_difference(a: Trials, b: Trials, margin: float) -> Comparison:
    """A less B over the seeds, folds and groups that both have, with a verdict at the equivalence `margin`."""
    a, b = shared_trials(a, b)
    return compare_scores(a.scores.less(b.scores), margin, n_clips=a.n_clips, grouped=a.grouped)


def compare_scores(differences: UnitScores, margin: float, *, n_clips: int, grouped: bool) -> Comparison:
    """The same from the paired differences of units, which are groups or single clips."""
    values, n = differences.means, len(differences.means)
    unit: Literal["group", "clip"] = "group" if grouped else "clip"
    mean, low, high = float(values.mean()), None, None
    spread = differences.spread if n > 1 else None
    if not grouped and differences.by_seed.shape[1] == 1:
        p_value = mcnemar_p_value(int((values > 0).sum()), int((values < 0).sum()))
        test = "McNemar (exact)"
    else:
        p_value = sign_flip_p_value(values)
        test = f"sign flip over {n} {unit}s"
    if spread is None:
        test += f", no interval: one {unit}"
    elif np.ptp(values) == 0:
        reach = zero_seen_bound(n_clips)
        low, high = mean - reach, mean + reach
        test += f"; no {unit} differs from another, so the interval is the exact bound over {n_clips} clips"
    else:
        low, high = mean_interval(differences)
        test += f", {interval_method(spread, unit)}"
        if spread.n_models and not spread.unseen:
            p_value = max(p_value, spread.p_value(mean))
            test += ", the larger p"
    refused = _refusal(spread, unit, n)
    verdict = "undecided" if _unseen(spread) else verdict_of(low, high, p_value, margin)
    if verdict == "equivalent" and _margin_p_value(values, margin) > ALPHA:
        verdict = "undecided"
    return Comparison(
        difference=mean,
        low=low,
        high=high,
        p_value=p_value,
        test=test,
        n_units=n,
        unit=unit,
        margin=margin,
        verdict=verdict,
        would_decide=_would_decide(differences, spread, margin, unit, low, high) if verdict == "undecided" else "",
        refused=refused,
        differences=dict(zip(differences.names, values.tolist(), strict=True)) if grouped else {},
    )


def _margin_p_value(differences: Floats, margin: float) -> float:
    """The larger p of the sign flips about either end of the margin: whether the test puts the mean within it too."""
    return max(sign_flip_p_value(differences - margin), sign_flip_p_value(differences + margin))


def _unseen(spread: MeanSpread | None) -> bool:
    return spread is not None and spread.unseen


def _refusal(spread: MeanSpread | None, unit: str, n: int) -> str:
    if _unseen(spread):
        return f"one seed was run and {unit}s share its models: what another training would give is not known"
    if n < FEWEST_FOR_A_TEST:
        return f"{n} {unit}{'s' * (n != 1)}: p cannot fall to {ALPHA:g} below {FEWEST_FOR_A_TEST}"
    return ""


def _would_decide(
    differences: UnitScores, spread: MeanSpread | None, margin: float, unit: str, low: float | None, high: float | None
) -> str:
    if spread is not None and spread.unseen:
        return "two seeds at least, better three or more (there is one)"
    n = len(differences.means)
    if low is not None and high is not None and -margin <= low and high <= margin and n >= FEWEST_FOR_A_TEST:
        return f"more {unit}s (there are {n:,}): the interval lies within the margin, but sign flips do not agree"
    needed = what_would_decide(differences.means, margin, unit)
    of_units, of_models = spread.half_squared(ALPHA) if spread is not None else (0.0, 0.0)
    if of_models <= of_units:
        return needed
    n_seeds = differences.by_seed.shape[1]
    return f"more seeds first (there are {n_seeds}), as most of the interval is theirs; then {needed}"


def verdict_of(low: float | None, high: float | None, p_value: float | None, margin: float) -> Verdict:
    """Equivalent where the interval lies within ±margin (and the test agrees: `compare_scores`); better or worse where
    it and the test exclude 0.
    """
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


def interval_method(spread: MeanSpread, unit: str) -> str:
    """How the interval of a mean over units was made, in words."""
    kind = "t" if spread.n_units < FEW_UNITS else "bootstrap"
    if not spread.n_models:
        return f"{kind} over {spread.n_units} {unit}s"
    if spread.unseen:
        return f"{kind} over {spread.n_units} {unit}s of one training"
    return f"{kind} over {spread.n_units} {unit}s and the {spread.n_models} trainings that they share"


def shared_trials(a: Trials, b: Trials) -> tuple[Trials, Trials]:
    """The trials that both have: same seed, same fold, same clip."""
    if all(np.array_equal(x, y) for x, y in ((a.seeds, b.seeds), (a.folds, b.folds), (a.clips, b.clips))):
        return a, b
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


def clipped(bound: float) -> float:
    """A bound of a share, which lies between 0 and 1."""
    return min(1.0, max(0.0, bound))
