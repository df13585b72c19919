# studies/resolution.py
"""What a grid can resolve: the smallest difference of two systems that its verdict would find in 80 % of cases.

The paired differences that a verdict rests on spread for two reasons, and only one of them yields to more seeds:

    sd^2  =  between^2  +  within^2 / seeds          between groups; between the seeds within one group

`between` is averaged out by more groups alone. Both are estimated from the committed cells, each system against the
baseline, as variance components (one-way, seeds within groups); the median over the systems of each part stands for the
study. Before there are cells a spread is assumed, and said so.

Where units are tested by the same trained models (a fixed split), what luck a training has is common to them, and the
verdict is wider by it (`unit_scores`); how much, the seeds will show, and one seed never does. Below six groups no sign
flip reaches p = 0.05, so nothing is called better or worse however large it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf, sqrt
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studies.left_out import without_class
from studies.paired_tests import FEWEST_FOR_A_TEST, smallest_difference, units_needed
from studies.results import trials_of
from studies.statistics import Trials, mean_by, places, shared_trials

if TYPE_CHECKING:
    from studies.running import Plan
    from studies.store import Store

MOST_SEEDS = 100
CELLS_TO_READ = 400  # no further system is read from here on: some seconds, however large the study


@dataclass(frozen=True)
class Spread:
    """Standard deviations of paired differences of accuracy, and where they were seen."""

    between: float  # between units (groups, or clips where there are no groups); with one seed, that of both together
    within: float | None  # between the seeds within a unit; None where one seed alone was seen
    source: str

    def sd(self, n_seeds: int) -> float:
        """Of the differences of units, each averaged over the seeds."""
        return sqrt(self.between**2 + (self.within or 0.0) ** 2 / n_seeds)


# Medians over 15 systems against se-residual-cnn in docs/results/spoken-digits (six speakers left out, three seeds)
PUBLISHED_SPREAD = Spread(0.0347, 0.0214, "until there are cells, by the spread of the published `spoken-digits`")
# Of clips a difference is -1, 0 or 1, so that its variance is the share of clips on which two systems disagree
ASSUMED_CLIP_SPREAD = Spread(sqrt(0.1), None, "until there are cells, if two systems disagree on one clip in ten")


@dataclass(frozen=True)
class Resolution:
    """What a protocol's grid would find, and what a finer one would take."""

    n_units: int
    unit: str  # "group" or "clip"
    n_seeds: int
    spread: Spread
    smallest: float | None  # None where no difference can be called
    with_any_seeds: float | None  # the same with seeds without end; None where that is not known
    units_for_half: int | None  # at the same seeds; None: more than 10 000
    seeds_for_margin: int | None  # at the same units, to find the margin; None: not within a hundred
    margin: float
    shares_models: bool = False  # whether units are tested by the same trained models


def resolution_of(
    n_units: int, unit: str, n_seeds: int, spread: Spread, margin: float, shares_models: bool = False
) -> Resolution:
    """The resolution of `n_units` groups or clips and `n_seeds` seeds; `margin` is the study's equivalence margin."""
    smallest = smallest_difference(n_units, spread.sd(n_seeds)) if n_seeds > 1 or not shares_models else inf
    knows_seeds = spread.within is not None and not isinf(smallest)
    enough = (n for n in range(1, MOST_SEEDS + 1) if smallest_difference(n_units, spread.sd(n)) <= margin)
    return Resolution(
        n_units=n_units,
        unit=unit,
        n_seeds=n_seeds,
        spread=spread,
        smallest=None if isinf(smallest) else smallest,
        with_any_seeds=smallest_difference(n_units, spread.between) if knows_seeds else None,
        units_for_half=None if isinf(smallest) else units_needed(spread.sd(n_seeds), smallest / 2),
        seeds_for_margin=next(enough, None) if knows_seeds else None,
        margin=margin,
        shares_models=shares_models,
    )


def sample_of(groups: Sequence[str]) -> tuple[int, str]:
    """How many units the test clips with these groups are, and of which kind, as `Trials.grouped` has it."""
    different = set(groups)
    grouped = "" not in different and len(different) < len(groups)
    return (len(different), "group") if grouped else (len(groups), "clip")


def observed_spread(plan: "Plan", store: "Store") -> Spread | None:
    """The spread of the headline runs against the baseline in the committed cells; None where no pair is committed.

    Test cells where the baseline has one, else fit cells, for all systems alike.
    """
    study = plan.study
    planned = [cell for cell in plan.cells if cell.cell.protocol == study.headline_protocol.name]
    tests = any(cell.cell.system == study.baseline and store.has(cell.test_key) for cell in planned)
    trials: dict[str, Trials] = {}
    n_read = 0
    for system in sorted(study.systems, key=lambda system: system.name != study.baseline):
        if n_read >= CELLS_TO_READ and len(trials) > 1:
            break
        keys = [(c.cell, c.test_key if tests else c.fit_key) for c in planned if c.cell.system == system.name]
        results = [(cell, without_class(store.load(key), study.score_without)) for cell, key in keys if store.has(key)]
        n_read += len(results)
        name = system.headline_run.backend.name
        members = [(cell, result, run) for cell, result in results for run in result.runs if run.backend == name]
        if members:
            trials[system.name] = trials_of(members)
    baseline = trials.pop(study.baseline, None)
    if baseline is None:
        return None
    found = [spread_between(one, baseline) for one in trials.values()]
    spreads = [spread for spread in found if spread is not None and spread.sd(1) > 0]  # none that saw no difference
    return typical(spreads, f"by the median spread of {len(spreads)} systems against {study.baseline} in this store")


def spread_between(system: Trials, baseline: Trials) -> Spread | None:
    """The spread of one system against the baseline over what both were tested on; None below two units."""
    if not set(places(system)) & set(places(baseline)):
        return None
    differences = _differences(*shared_trials(system, baseline))
    n_units, n_seeds = differences.shape
    if n_units < 2:
        return None
    of_means = float(differences.mean(axis=1).var(ddof=1))
    if n_seeds == 1:
        return Spread(sqrt(of_means), None, "")
    within = float(differences.var(axis=1, ddof=1).mean())
    return Spread(sqrt(max(0.0, of_means - within / n_seeds)), sqrt(within), "")


def typical(spreads: Sequence[Spread], source: str) -> Spread | None:
    """The median over the systems of each part; None where there is no system."""
    if not spreads:
        return None
    within = [spread.within for spread in spreads if spread.within is not None]
    return Spread(median(spread.between for spread in spreads), median(within) if within else None, source)


def _differences(a: Trials, b: Trials) -> NDArray[np.float64]:
    """[unit, seed]: accuracy of A less accuracy of B, over the units that stand with every seed."""
    scores = [(_scores(a, seed), _scores(b, seed)) for seed in np.unique(a.seeds).tolist()]
    units = sorted(set.intersection(*(set(ours) for ours, _ in scores)))
    values = [[ours[unit] - theirs[unit] for ours, theirs in scores] for unit in units]
    return np.array(values, dtype=np.float64).reshape(len(units), len(scores))


def _scores(trials: Trials, seed: int) -> dict[str, float]:
    rows = trials.seeds == seed
    return mean_by(trials.correct[rows], trials.units[rows])


def in_words(found: Resolution) -> list[str]:
    """Two lines for a plan."""
    seeds = f"{found.n_seeds} seed{'s' * (found.n_seeds != 1)}"
    units = f"{found.n_units:,} {found.unit}{'s' * (found.n_units != 1)}"
    if found.smallest is None and found.n_units >= FEWEST_FOR_A_TEST:
        return [
            f"no difference, however large: the {units} share the models of one seed, whose luck would not show",
            "two seeds at least are needed, better three or more",
        ]
    if found.smallest is None:
        return [
            f"no difference, however large: {units} are too few for p ≤ 0.05",
            f"at least {FEWEST_FOR_A_TEST} {found.unit}s are needed",
        ]
    points = f"{100 * found.smallest:.1f} points"
    luck = ", and more where some trainings are luckier than others" if found.shares_models else ""
    lines = [f"differences from {points} on{luck}, in 80 % of cases, with {units} and {seeds} ({found.spread.source})"]
    more = f"{found.units_for_half:,}" if found.units_for_half else "more than 10,000"
    finer = f"half of that takes {more} {found.unit}s"
    margin = f"the margin of {100 * found.margin:g} points"
    if found.smallest <= found.margin:
        return [*lines, f"{finer}; {margin} is found"]
    if found.seeds_for_margin is not None:
        return [*lines, f"{finer}; {margin} takes {found.seeds_for_margin} seeds"]
    if found.with_any_seeds is None:
        return [*lines, f"{finer}; what more seeds would give is not known from one seed"]
    return [*lines, f"{finer}; more seeds alone lead to {100 * found.with_any_seeds:.1f} points at best"]
