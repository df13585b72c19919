# classical_baselines/harness/energy.py
"""What is known of an energy: measured, modelled, bounded from below, or not available; and how two compare.

    Measured      a meter read it; joules and the spread of its windows
    Modelled      counts times prices; a nominal value and draws over the ranges of the prices
    LowerBound    the priced part, and the terms that have no price: the truth is higher
    Unavailable   nothing, and why; never 0

P(A uses less than B) takes both from the same draws, draw by draw: a price that both share cancels. Crossing a
boundary, a scenario or a unit is refused.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError

Boundary = Literal["operation", "core", "chip", "system"]
Scenario = Literal["always-on", "saturated"]
Unit = Literal["joules per decision", "joules per second of audio"]
Verdict = Literal["less", "more", "undecided"]
BOUNDARIES: tuple[Boundary, ...] = ("operation", "core", "chip", "system")
SCENARIOS: tuple[Scenario, ...] = ("always-on", "saturated")

Draws = NDArray[np.float64]


class UnlikeEnergiesError(InputError):
    """Two energies that may not stand on one axis."""


@dataclass(frozen=True)
class Measured:
    """Joules that a meter read, with the interval of its windows."""

    joules: float
    low: float
    high: float
    meter: str  # "nvml", "rapl"
    n_windows: int


@dataclass(frozen=True, eq=False)
class Modelled:
    """Counts times prices."""

    nominal_joules: float
    draws: Draws  # [draw], joules

    def quantiles(self) -> tuple[float, float, float]:
        """The 5, 50 and 95 % quantiles of the draws."""
        low, median, high = np.quantile(self.draws, (0.05, 0.5, 0.95))
        return float(low), float(median), float(high)


@dataclass(frozen=True, eq=False)
class LowerBound:
    """A sum in which terms without a price are missing."""

    priced: Modelled
    unpriced: tuple[str, ...]  # "synaptic_operations (network on cortex-m4)"


@dataclass(frozen=True)
class Unavailable:
    """No number, and the reason."""

    reason: str


Energy: TypeAlias = Measured | Modelled | LowerBound | Unavailable


@dataclass(frozen=True, eq=False)
class Budget:
    """An energy, and what must agree before it is compared with another."""

    energy: Energy
    boundary: Boundary
    scenario: Scenario
    unit: Unit = "joules per decision"


@dataclass(frozen=True)
class EnergyComparison:
    """P(A uses less than B), as far as it is known, and what follows."""

    probability_low: float  # P lies between these two; they are equal where nothing is missing
    probability_high: float
    verdict: Verdict  # of A: "less" or "more" where P is certain to pass the confidence, else "undecided"
    reason: str


def compare_energies(a: Budget, b: Budget, *, confidence: float = 0.95) -> EnergyComparison:
    """P(A uses less than B) over shared draws.

    A lower bound can only lose: where A is one, P lies in [0, p], where B is one, in [p, 1].
    """
    for what in ("boundary", "scenario", "unit"):
        ours, theirs = getattr(a, what), getattr(b, what)
        if ours != theirs:
            raise UnlikeEnergiesError(f"Energies compare within one {what}; got {ours!r} and {theirs!r}.")
    if isinstance(a.energy, Measured) != isinstance(b.energy, Measured):
        raise UnlikeEnergiesError("A measured and a modelled energy do not compare. Compare like with like.")
    if isinstance(a.energy, Unavailable) or isinstance(b.energy, Unavailable):
        missing = a.energy if isinstance(a.energy, Unavailable) else b.energy
        return EnergyComparison(0.0, 1.0, "undecided", f"not available: {_reason(missing)}")
    if isinstance(a.energy, Measured) and isinstance(b.energy, Measured):
        return _compare_measured(a.energy, b.energy)
    p = float(np.mean(_draws(a.energy) < _draws(b.energy)))
    q = float(np.mean(_draws(a.energy) > _draws(b.energy)))
    low = 0.0 if isinstance(a.energy, LowerBound) else p
    high = 1.0 if isinstance(b.energy, LowerBound) else p
    missing_terms = [f"{name}: {_reason(e)}" for name, e in (("A", a.energy), ("B", b.energy)) if _reason(e)]
    note = "; ".join(missing_terms)
    verdict: Verdict = "undecided"
    if low >= confidence:
        verdict = "less"
    elif q >= confidence and not isinstance(b.energy, LowerBound):
        verdict = "more"
    elif not note:
        note = "the ranges of the prices allow both"
    return EnergyComparison(low, high, verdict, note)


def rank_correlation(x: Draws, y: Draws) -> float:
    """Spearman's rank correlation of two vectors of draws; 0 where one of them does not vary."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    ranks = [np.argsort(np.argsort(values)).astype(np.float64) for values in (x, y)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _compare_measured(a: Measured, b: Measured) -> EnergyComparison:
    if a.high < b.low:
        return EnergyComparison(1.0, 1.0, "less", "the measured intervals do not meet")
    if b.high < a.low:
        return EnergyComparison(0.0, 0.0, "more", "the measured intervals do not meet")
    return EnergyComparison(0.0, 1.0, "undecided", "the measured intervals overlap")


def _draws(energy: Any) -> Draws:
    modelled = energy.priced if isinstance(energy, LowerBound) else energy
    assert isinstance(modelled, Modelled)
    return modelled.draws


def _reason(energy: Energy) -> str:
    if isinstance(energy, LowerBound):
        return "no price for " + ", ".join(energy.unpriced)
    return energy.reason if isinstance(energy, Unavailable) else ""
