# studies/energy_curves.py
"""Families of systems as curves of accuracy against energy: which family needs less for the same accuracy?

The systems that name one `curve` are sizes of one family: widths, bits, spike rates, qubits. Of each curve,

    front                 its sizes by energy, those alone that are more accurate than every cheaper one
    between               two neighbours on the front accuracy is linear in log energy

and of two curves A and B, nothing being extrapolated beyond what was measured,

    at equal accuracy     the highest accuracy that both reach, a: energy of A there / energy of B there. Where even the
                          cheapest size of a curve is more accurate, its energy there stands, and the ratio is a bound
    at equal energy       the largest energy that both spend: accuracy of A there less accuracy of B; nothing where each
                          size of one costs more than all of the other

Each size stands where it costs least within the boundary, a full price before a lower bound, always on; one that its
devices cannot hold is left out.

Intervals are joint: 95 % over draws in which prices are drawn together (`CoefficientDraws`), and accuracies together,
as the sizes are tested on the same groups. With x the [size, group] scores of n groups, z standard normal,

    accuracy   = mean + sum over groups of z (x - mean) / sqrt(n (n - 1)) / sqrt(chi² / (n - 1)) + models

the multivariate t of the means, whose every difference is the t of the paired table; `models` is normal, of the
half-width that trained models shared by groups add to a size's own interval (`unit_scores`), drawn apart for each size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import Coefficient, CoefficientDraws
from classical_baselines.harness.energy import BOUNDARIES, Boundary, Scenario
from studies.intervals import LEVEL
from studies.results import Row, StudyResults
from studies.statistics import clipped
from studies.tornado import one_at_a_time
from studies.what_if import Side, coefficients_of, side_of
from studies.wording import factor_text, joules_text, percent, probability_text

FEWEST_SIZES = 3  # fewer make no curve
SCENARIO: Scenario = "always-on"
QUANTILES = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
HEADER = (
    *("boundary", "A", "B", "accuracy that both reach, %", "energy of A there / B", "P(A less)", "who uses less"),
    *("energy that both spend", "accuracy of A there less B, points", "what decides"),
)

Values = NDArray[np.float64]
Verdict = Literal["A less", "B less", "undecided"]


@dataclass(frozen=True, eq=False)
class Curve:
    """The sizes of one family within one boundary, by nominal energy; element 0 of the draws is nominal."""

    name: str
    family: str
    boundary: Boundary
    sides: tuple[Side, ...]
    joules: Values  # [size, 1 + draw]
    accuracies: Values  # [size, 1 + draw]
    left_out: tuple[str, ...] = ()  # titles of sizes without an energy here, or that do not fit

    @property
    def rows(self) -> tuple[Row, ...]:
        """The runs, by nominal energy."""
        return tuple(side.row for side in self.sides)

    @property
    def is_bound(self) -> bool:
        """Whether some size has terms without a price."""
        return any(side.energy.kind == "lower-bound" for side in self.sides)


@dataclass(frozen=True)
class Estimate:
    """A nominal value with its joint interval; no interval where too few draws have the value."""

    nominal: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Pair:
    """Two curves beside each other."""

    boundary: Boundary
    a: Curve
    b: Curve
    accuracy: Estimate  # the highest that both reach
    ratio: Estimate  # of energies there
    bound: Literal["", "≤", "≥"]  # the nominal ratio is at most, or at least, this: the cheapest size is better already
    share_of_bounds: float  # of the draws
    probability_less: tuple[float, float]  # that A uses less there, at least and at most: a bound may settle neither
    energy: float | None  # nominal, the largest that both spend; None where none is spent by both
    difference: Estimate | None  # of accuracies there
    share_of_energies: float  # draws in which there is one
    decides: str  # the coefficient that moves the ratio most, with its ends; "" where none does

    @property
    def verdict(self) -> Verdict:
        """Who uses less at equal accuracy, in all but 2.5 % of the draws; a bound counts only for what it bounds."""
        at_least, at_most = self.probability_less
        return "A less" if at_least > QUANTILES[1] else "B less" if at_most < QUANTILES[0] else "undecided"

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table, as HEADER names them."""
        at_least = "≥ terms missing: " if self.a.is_bound or self.b.is_bound else ""
        bounds = f"; a bound in {percent(self.share_of_bounds, 0)} % of the draws" if self.share_of_bounds else ""
        ratio = f"{self.bound} {_text(self.ratio, factor_text)}".strip()
        return (
            self.boundary,
            self.a.name,
            self.b.name,
            _text(self.accuracy, percent),
            f"{at_least}{ratio}{bounds}",
            self._probability_text,
            self.verdict,
            "none" if self.energy is None else joules_text(self.energy),
            self._difference_text,
            self.decides or "none",
        )

    @property
    def _probability_text(self) -> str:
        least, most = (probability_text(one).removeprefix("= ") for one in self.probability_less)
        return least if least == most else f"{least} to {most}"

    @property
    def _difference_text(self) -> str:
        if self.difference is None:
            return f"each size of {self._dearer} costs more"
        some = "" if self.share_of_energies > 0.995 else f"; in {percent(self.share_of_energies, 0)} % of the draws"
        return f"{_text(self.difference, _points)}{some}"

    @property
    def _dearer(self) -> str:
        return "A" if self.a.joules[0, 0] > self.b.joules[0, 0] else "B"


def curves(results: StudyResults, boundary: Boundary, draws: CoefficientDraws) -> list[Curve]:
    """The curves of the study within a boundary: those of which three sizes or more have an energy there."""
    families: dict[str, list[Row]] = {}
    for row in results.headline_rows:
        if row.system.curve is not None:
            families.setdefault(row.system.curve, []).append(row)
    priced = {name: [(row, _side(row, boundary)) for row in rows] for name, rows in families.items()}
    found = {name: [side for _, side in of if side is not None] for name, of in priced.items()}
    found = {name: sides for name, sides in found.items() if len(sides) >= FEWEST_SIZES}
    tested = [side.row for sides in found.values() for side in sides]
    drawn = dict(zip([row.key for row in tested], accuracy_draws(tested, draws.n_draws, draws.seed), strict=True))
    made = []
    for name, unordered in found.items():
        sides = sorted(unordered, key=lambda side: side.present_joules)
        joules = np.array([side.joules(draws) for side in sides])
        accuracies = np.array([drawn[side.row.key] for side in sides])
        left_out = tuple(row.title for row, side in priced[name] if side is None)
        made.append(Curve(name, sides[0].row.system.family, boundary, tuple(sides), joules, accuracies, left_out))
    return made


def pairs(results: StudyResults) -> list[Pair]:
    """Every boundary and pair of curves; empty where the study has no two curves."""
    return list(_pairs(results))


@lru_cache(maxsize=1)  # table, figure and section of a report ask for the same
def _pairs(results: StudyResults) -> tuple[Pair, ...]:
    draws = CoefficientDraws()
    return tuple(pair(a, b) for boundary in BOUNDARIES for a, b in combinations(curves(results, boundary, draws), 2))


def pair(a: Curve, b: Curve) -> Pair:
    """Two curves of one boundary and one set of draws beside each other."""
    shared = np.minimum(a.accuracies.max(axis=0), b.accuracies.max(axis=0))
    of_a, of_b = (energy_at(curve.joules, curve.accuracies, shared) for curve in (a, b))
    ratios = of_a.joules / of_b.joules
    less, more = (ratios[1:] < 1), (ratios[1:] > 1)
    spent = np.minimum(a.joules.max(axis=0), b.joules.max(axis=0))
    common = spent >= np.maximum(a.joules.min(axis=0), b.joules.min(axis=0))
    there = accuracy_at(a.joules, a.accuracies, spent) - accuracy_at(b.joules, b.accuracies, spent)
    return Pair(
        boundary=a.boundary,
        a=a,
        b=b,
        accuracy=_share(_estimate(shared)),
        ratio=_estimate(ratios),
        bound="≤" if of_a.is_bound[0] else "≥" if of_b.is_bound[0] else "",
        share_of_bounds=float((of_a.is_bound | of_b.is_bound)[1:].mean()),
        probability_less=(
            float((less & ~of_b.is_bound[1:]).mean()),
            float(1 - (more & ~of_a.is_bound[1:]).mean()),
        ),
        energy=float(spent[0]) if common[0] else None,
        difference=_estimate(there, common) if common[0] else None,
        share_of_energies=float(common[1:].mean()),
        decides=_decider(a, b),
    )


@dataclass(frozen=True, eq=False)
class Needed:
    """The energy that a curve needs for an accuracy."""

    joules: Values  # [draw]
    is_bound: NDArray[np.bool_]  # [draw]: the cheapest size is more accurate, and less might do


def energy_at(joules: Values, accuracies: Values, wanted: Values) -> Needed:
    """[draw] joules that the curve, [size, draw], needs for the accuracy `wanted`, which it reaches.

    >>> curve = np.array([[1.0], [100.0]]), np.array([[0.8], [0.9]])
    >>> round(float(energy_at(*curve, np.array([0.85])).joules[0]), 9)
    10.0
    """
    logs, heights = _by_energy(np.log(joules), accuracies)
    needed, is_bound = logs[0].copy(), heights[0] > wanted
    best, best_log = heights[0].copy(), logs[0].copy()
    for log, height in zip(logs[1:], heights[1:], strict=True):
        passes = (height > best) & (best < wanted)
        step = np.where(passes, height - best, 1.0)
        reached = best_log + np.clip((wanted - best) / step, 0, 1) * (log - best_log)
        needed = np.where(passes, reached, needed)
        better = height > best
        best, best_log = np.where(better, height, best), np.where(better, log, best_log)
    return Needed(np.exp(needed), is_bound)


def accuracy_at(joules: Values, accuracies: Values, spent: Values) -> Values:
    """[draw] accuracy of the curve, [size, draw], for the energy `spent`, which lies within its own.

    >>> curve = np.array([[1.0], [100.0]]), np.array([[0.8], [0.9]])
    >>> round(float(accuracy_at(*curve, np.array([10.0]))[0]), 9)
    0.85
    """
    logs, heights = _by_energy(np.log(joules), accuracies)
    at = np.log(spent)
    reached = heights[0].copy()
    best, best_log = heights[0].copy(), logs[0].copy()
    for log, height in zip(logs[1:], heights[1:], strict=True):
        better = height > best
        width = np.where(log > best_log, log - best_log, 1.0)
        share = np.clip((at - best_log) / width, 0, 1)
        share = np.where(log > best_log, share, (at >= log).astype(np.float64))
        reached = np.where(better & (at >= best_log), best + share * (height - best), reached)
        best, best_log = np.where(better, height, best), np.where(better, log, best_log)
    return reached


def accuracy_draws(rows: Sequence[Row], n_draws: int, seed: int) -> Values:
    """[row, 1 + draw] accuracies, drawn together over the groups that all rows share; element 0 is the estimate."""
    if not rows:
        return np.zeros((0, 1 + n_draws))
    scores = [row.trials.scores for row in rows]
    names = sorted(set.intersection(*(set(one.names) for one in scores)))
    if len(names) < 2:
        raise InputError(
            f"curves of accuracy need two groups or more that all their systems were tested on; got {len(names)}."
        )
    table = np.array([[dict(zip(one.names, one.means, strict=True))[name] for name in names] for one in scores])
    generator = np.random.default_rng(seed)
    n = len(names)
    apart = (table - table.mean(axis=1, keepdims=True)) / sqrt(n * (n - 1))
    stretch = np.sqrt((n - 1) / generator.chisquare(n - 1, size=n_draws))
    of_groups = apart @ generator.standard_normal((n, n_draws)) * stretch
    halves = np.array([sqrt(one.spread.half_squared(1 - LEVEL)[1]) for one in scores])
    of_models = halves[:, None] / _normal_quantile() * generator.standard_normal((len(rows), n_draws))
    estimates = np.array([[row.interval.estimate] for row in rows])
    return np.concatenate([estimates, estimates + of_groups + of_models], axis=1)


def table_note(found: Sequence[Pair]) -> str:
    """What the columns mean, and what the numbers are."""
    named = {curve.name: curve for one in found for curve in (one.a, one.b)}
    sizes = "; ".join(
        f"{name}: {len(curve.sides)}" + (f" (without {', '.join(curve.left_out)})" if curve.left_out else "")
        for name, curve in named.items()
    )
    cut = any(curve.is_bound for curve in named.values())
    return (
        f"Sizes of each curve: {sizes}. Each stands where it costs least within the boundary, always on; on a curve "
        "those sizes count that are more accurate than every cheaper one, between them accuracy is linear in log "
        "energy, and nothing is extrapolated. Left: at the highest accuracy that both curves reach; ≤ or ≥ where even "
        "the cheapest size of A or B is more accurate. Right: at the largest energy that both spend. Brackets: 95 % "
        "over draws in which prices move together, and accuracies together over the groups. What decides: the "
        "coefficient that moves the ratio most, one at a time, and the ratios at its low and high end."
        + (" Terms without a price are missing where it says so." if cut else "")
    )


def records(found: Sequence[Pair]) -> list[dict[str, Any]]:
    """A row per pair and boundary, for CSV and export."""
    return [
        {
            "boundary": one.boundary,
            "a": one.a.name,
            "b": one.b.name,
            "accuracy": one.accuracy.nominal,
            "accuracy_low": one.accuracy.low,
            "accuracy_high": one.accuracy.high,
            "energy_ratio": one.ratio.nominal,
            "energy_ratio_low": one.ratio.low,
            "energy_ratio_high": one.ratio.high,
            "energy_ratio_is": {"≤": "at most", "≥": "at least", "": "exact"}[one.bound],
            "share_of_bounds": one.share_of_bounds,
            "probability_a_less_at_least": one.probability_less[0],
            "probability_a_less_at_most": one.probability_less[1],
            "verdict": one.verdict,
            "joules_spent_by_both": one.energy,
            "accuracy_difference": None if one.difference is None else one.difference.nominal,
            "accuracy_difference_low": None if one.difference is None else one.difference.low,
            "accuracy_difference_high": None if one.difference is None else one.difference.high,
            "share_with_common_energy": one.share_of_energies,
            "decides": one.decides,
        }
        for one in found
    ]


def _decider(a: Curve, b: Curve) -> str:
    """The coefficient whose two ends, all else nominal, lie furthest apart in the ratio at equal accuracy."""
    held: Mapping[str, Coefficient] = {
        id: row for side in (*b.sides, *a.sides) for id, row in coefficients_of(side).items()
    }
    ends = one_at_a_time(list(held.values()))
    needed = []
    wanted = min(float(curve.accuracies[:, 0].max()) for curve in (a, b))
    for curve in (a, b):
        joules = np.array([side.joules(ends) for side in curve.sides])
        heights = np.repeat(curve.accuracies[:, :1], joules.shape[1], axis=1)
        needed.append(energy_at(joules, heights, np.full(joules.shape[1], wanted)).joules)
    ratios = (needed[0] / needed[1])[1:].reshape(-1, 2)  # [coefficient, low or high]
    swings = np.abs(np.diff(np.log(ratios), axis=1))[:, 0]
    if not np.any(swings > 1e-9):
        return ""
    place = int(swings.argmax())
    low, high = ratios[place].tolist()
    return f"{list(held)[place]}: {factor_text(low)} to {factor_text(high)}"


def _side(row: Row, boundary: Boundary) -> Side | None:
    """None where the run has no modelled energy within the boundary, or does not fit."""
    try:
        side = side_of(row, boundary, SCENARIO)
    except InputError:
        return None
    return None if side.energy.does_not_fit else side


def _by_energy(logs: Values, heights: Values) -> tuple[Values, Values]:
    """Both by energy, the more accurate first where two cost the same; in each draw apart."""
    order = np.lexsort((-heights, logs), axis=0)
    return np.take_along_axis(logs, order, axis=0), np.take_along_axis(heights, order, axis=0)


def _estimate(values: Values, kept: NDArray[np.bool_] | None = None) -> Estimate:
    """Element 0 is nominal; the rest are draws, of which those `kept` count."""
    drawn = values[1:] if kept is None else values[1:][kept[1:]]
    nominal = float(values[0])
    low, high = np.quantile(drawn, QUANTILES).tolist() if drawn.size else (nominal, nominal)
    return Estimate(nominal, min(low, nominal), max(high, nominal))


def _share(one: Estimate) -> Estimate:
    """Of an accuracy: within 0 and 1."""
    return Estimate(one.nominal, clipped(one.low), clipped(one.high))


def _normal_quantile() -> float:
    from scipy import special

    return float(special.ndtri(QUANTILES[1]))


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def _text(one: Estimate, written: Any) -> str:
    return f"{written(one.nominal)} [{written(one.low)}, {written(one.high)}]"
