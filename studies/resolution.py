# studies/resolution.py
"""What a grid can resolve: the smallest difference of two systems that it would find in 80 % of cases.

The paired differences that a verdict rests on spread for two reasons, and only one of them yields to more seeds:

    sd^2  =  between^2  +  within^2 / seeds          between groups; between the seeds within one group

`between` is averaged out by more groups alone. Both are estimated from the committed cells, each system against the
baseline, as variance components (one-way, seeds within groups), and the median system stands for the study. Before
there are cells the spread of the published study of spoken digits is taken, and said so.

Below six groups no sign flip reaches p = 0.05, so nothing is called better or worse however large it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

import numpy as np
from numpy.typing import NDArray

from studies.paired_tests import smallest_difference, units_needed
from studies.statistics import FEWEST_FOR_A_TEST, Trials

MOST_SEEDS = 100


@dataclass(frozen=True)
class Spread:
    """Standard deviations of paired differences of accuracy, and where they were seen."""

    between: float  # between units (groups, or clips where there are no groups)
    within: float  # between the seeds within a unit
    source: str

    def sd(self, n_seeds: int) -> float:
        """Of the differences of units, each averaged over the seeds."""
        return sqrt(self.between**2 + self.within**2 / n_seeds)


# Medians over 17 systems against ds-cnn-int8 in docs/results/spoken-digits (six speakers left out in turn, three seeds)
PUBLISHED_SPREAD = Spread(0.07, 0.03, "by the spread of the published `spoken-digits`, until there are cells")


@dataclass(frozen=True)
class Resolution:
    """What a protocol's grid would find, and what a finer one would take."""

    n_units: int
    unit: str  # "group" or "clip"
    n_seeds: int
    spread: Spread
    smallest: float | None  # None where no difference can be called
    with_any_seeds: float | None  # the same with seeds without end
    units_for_half: int | None  # at the same seeds; None: more than 10 000
    seeds_for_margin: int | None  # at the same units, to find the margin; None: no number of seeds does
    margin: float


def resolution_of(n_units: int, unit: str, n_seeds: int, spread: Spread, margin: float) -> Resolution:
    """The resolution of `n_units` groups or clips and `n_seeds` seeds; `margin` is the study's equivalence margin."""
    can_tell = n_units >= FEWEST_FOR_A_TEST
    smallest = smallest_difference(n_units, spread.sd(n_seeds)) if can_tell else None
    needed = units_needed(spread.sd(n_seeds), smallest / 2) if smallest else None
    enough = (n for n in range(1, MOST_SEEDS + 1) if smallest_difference(n_units, spread.sd(n)) <= margin)
    return Resolution(
        n_units=n_units,
        unit=unit,
        n_seeds=n_seeds,
        spread=spread,
        smallest=smallest,
        with_any_seeds=smallest_difference(n_units, spread.between) if can_tell else None,
        units_for_half=needed,
        seeds_for_margin=next(enough, None) if can_tell else None,
        margin=margin,
    )


def spread_between(system: Trials, baseline: Trials) -> Spread | None:
    """The spread of one system against the baseline over the seeds and units that both have; None below two units."""
    differences = _differences(system, baseline)
    n_units, n_seeds = differences.shape
    if n_units < 2 or n_seeds == 0:
        return None
    means = differences.mean(axis=1)
    within = float(differences.var(axis=1, ddof=1).mean()) if n_seeds > 1 else 0.0
    between = max(0.0, float(means.var(ddof=1)) - within / n_seeds)
    return Spread(sqrt(between), sqrt(within), "")


def typical(spreads: Sequence[Spread], source: str) -> Spread | None:
    """The median system's spread; None where there is none."""
    if not spreads:
        return None
    return Spread(median(s.between for s in spreads), median(s.within for s in spreads), source)


def _differences(a: Trials, b: Trials) -> NDArray[np.float64]:
    """[unit, seed]: accuracy of A less accuracy of B, over the units that both have with every shared seed."""
    seeds = sorted(set(a.seeds.tolist()) & set(b.seeds.tolist()))
    scores = [(_scores(a, seed), _scores(b, seed)) for seed in seeds]
    units = sorted(set.intersection(*(set(ours) & set(theirs) for ours, theirs in scores))) if scores else []
    return np.array([[ours[unit] - theirs[unit] for ours, theirs in scores] for unit in units]).reshape(
        len(units), len(seeds)
    )


def _scores(trials: Trials, seed: int) -> dict[str, float]:
    rows = trials.seeds == seed
    arrays = (trials.correct, trials.groups, trials.clips, trials.seeds, trials.folds)
    correct, groups, clips, seeds, folds = (array[rows] for array in arrays)
    return Trials(correct, groups, clips, seeds, folds).group_scores()


def in_words(found: Resolution) -> list[str]:
    """Two lines for a plan."""
    seeds = f"{found.n_seeds} seed{'s' * (found.n_seeds != 1)}"
    units = f"{found.n_units:,} {found.unit}{'s' * (found.n_units != 1)}"
    if found.smallest is None:
        return [
            f"no difference, however large: {units} are too few for p ≤ 0.05",
            f"at least {FEWEST_FOR_A_TEST} {found.unit}s are needed",
        ]
    points = f"{100 * found.smallest:.1f} points"
    lines = [f"differences from {points} on, in 80 % of cases, with {units} and {seeds} ({found.spread.source})"]
    more = f"{found.units_for_half:,}" if found.units_for_half else "more than 10,000"
    finer = f"half of that takes {more} {found.unit}s"
    if found.smallest <= found.margin:
        return [*lines, f"{finer}; the margin of {100 * found.margin:g} points is found"]
    if found.seeds_for_margin is not None:
        return [*lines, f"{finer}; the margin of {100 * found.margin:g} points takes {found.seeds_for_margin} seeds"]
    assert found.with_any_seeds is not None
    return [*lines, f"{finer}; more seeds alone lead to {100 * found.with_any_seeds:.1f} points at best"]
