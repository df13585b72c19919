# studies/budgets.py
"""Energy budgets: counts of one system, on each deployment, within each boundary and scenario.

    rows = energy_rows(counts, ("cortex-m4", "cortex-m4+loihi-1"), clip_seconds=1.008)

Counts are means per clip, one clip is one decision, and a decision covers `clip_seconds` of audio. Always-on decides
once per `period_seconds` (the hop between decisions; a clip's length where none is given), so joules per second of
audio are joules per decision over the period. This module imports no torch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.coefficient import Coefficient, CoefficientDraws
from classical_baselines.harness.energy import (
    BOUNDARIES,
    SCENARIOS,
    Boundary,
    Budget,
    Draws,
    Energy,
    EnergyComparison,
    LowerBound,
    Modelled,
    Scenario,
    Unavailable,
    compare_energies,
    rank_correlation,
)
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pricing import Deployment, Term, price
from studies.fit import FitCheck
from studies.price_list import deployments


@dataclass(frozen=True, eq=False)
class EnergyRow:
    """The energy of one decision on one deployment, in one scenario, within one boundary."""

    deployment: str
    scenario: Scenario
    boundary: Boundary
    kind: str  # "modelled", "measured", "lower-bound", "unavailable"
    nominal_joules: float | None  # None where unavailable: null, never 0
    median_joules: float | None  # of the draws
    low: float | None  # 5 % quantile of the draws, or the nominal value where that is a stated minimum below it
    high: float | None  # 95 %, or the nominal value above it
    per_second_joules: float | None  # nominal, per second of audio
    unpriced: tuple[str, ...]  # terms without a price
    reason: str  # why it is unavailable
    labels: tuple[str, ...]  # what must stand beside the number
    by_stage: Mapping[str, float]  # nominal joules of each stage, "idle" and "link"
    by_coefficient: Mapping[str, float]  # nominal joules by coefficient id
    busy_seconds: Mapping[str, float]  # nominal, by device
    keeps_up: bool  # no device needs longer than the period
    alternative_to: str  # the deployment whose rival price set this is; ""
    clip_seconds: float
    period_seconds: float
    energy: Energy
    deployed: Deployment  # where it runs, with the prices of its devices
    coefficient_ids: tuple[str, ...]
    does_not_fit: str = ""  # what the devices cannot hold, run or answer in time, where that was checked
    fit: tuple[FitCheck, ...] = ()  # what its run needs of the devices, beside what they have
    terms: tuple[Term, ...] = ()  # the products that the nominal value is the sum of

    @property
    def latency_seconds(self) -> float | None:
        """Modelled, nominal: what its devices are busy with a decision, one after another; None where none is known."""
        return sum(self.busy_seconds.values()) or None

    def stands_at(self, boundary: str, scenario: str) -> bool:
        """Whether it is within this boundary and scenario, at the deployment's own prices and not at a rival set's."""
        return (self.boundary, self.scenario, self.alternative_to) == (boundary, scenario, "")

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """Every coefficient that was drawn; one that several devices share stands once for each."""
        devices = [self.deployed.devices[name] for name in self.deployed.device_names]
        rows = [row for device in devices for row in device.coefficients if row.id in self.coefficient_ids]
        return tuple(dict.fromkeys(rows))

    @property
    def draws(self) -> Draws | None:
        """[draw] joules per decision (of the priced part, for a lower bound); None where unavailable."""
        if isinstance(self.energy, LowerBound):
            return self.energy.priced.draws
        return self.energy.draws if isinstance(self.energy, Modelled) else None

    @property
    def budget(self) -> Budget:
        """What `compare_energies` takes."""
        return Budget(self.energy, self.boundary, self.scenario)


def energy_rows(
    counts: OperationCounts,
    deployment_names: Iterable[str],
    clip_seconds: float,
    *,
    period_seconds: float | None = None,
    link_values: float | None = None,
    boundaries: Sequence[Boundary] = BOUNDARIES,
    scenarios: Sequence[Scenario] = SCENARIOS,
    with_alternatives: bool = False,
    draws: CoefficientDraws | None = None,
    known: Mapping[str, Deployment] | None = None,
) -> list[EnergyRow]:
    """One row per deployment, scenario and boundary.

    `link_values` is the number of intensities of one clip (mel times frame), sent where no spikes or bits were counted.
    `with_alternatives` adds the rival price sets of the deployments named. Give all systems of a study one `draws`.
    `known` are the deployments that a study may name: those of its own device files too; else the shipped ones.
    """
    if not 0 < clip_seconds < float("inf"):
        raise InputError(f"clip_seconds must be above 0; got {clip_seconds}.")
    shared = draws or CoefficientDraws()
    known = deployments() if known is None else known
    names = list(dict.fromkeys(deployment_names))
    chosen = [choose(known, name, what="deployment") for name in names]
    if with_alternatives:
        chosen += [d for d in known.values() if d.alternative_to in names and d.name not in names]
    period = clip_seconds if period_seconds is None else period_seconds
    return [
        _row(counts, deployment, scenario, boundary, clip_seconds, period, link_values, shared)
        for deployment in chosen
        for scenario in scenarios
        for boundary in boundaries
    ]


def compare_rows(a: EnergyRow, b: EnergyRow, *, confidence: float = 0.95) -> EnergyComparison:
    """P(A uses less than B), both drawn with the same `CoefficientDraws`; refused across boundaries or scenarios."""
    return compare_energies(a.budget, b.budget, confidence=confidence)


def deciding_coefficients(
    a: EnergyRow, b: EnergyRow | None = None, *, draws: CoefficientDraws | None = None
) -> list[tuple[str, float]]:
    """Coefficients of a row, or of the ratio a / b, by rank correlation with it, the strongest first."""
    shared = draws or CoefficientDraws()
    values = a.draws
    if values is None or (b is not None and b.draws is None):
        return []
    rows = {row.id: row for row in a.coefficients}
    if b is not None and b.draws is not None:
        values = values / b.draws
        rows |= {row.id: row for row in b.coefficients}
    correlations = [(id, rank_correlation(shared.of(rows[id])[1:], values)) for id in sorted(rows)]
    return sorted(correlations, key=lambda entry: -abs(entry[1]))


def _row(
    counts: OperationCounts,
    deployment: Deployment,
    scenario: Scenario,
    boundary: Boundary,
    clip_seconds: float,
    period_seconds: float,
    link_values: float | None,
    draws: CoefficientDraws,
) -> EnergyRow:
    priced = price(
        counts,
        deployment,
        boundary=boundary,
        scenario=scenario,
        period_seconds=period_seconds,
        draws=draws,
        link_values=link_values,
    )
    energy = priced.energy
    modelled = energy.priced if isinstance(energy, LowerBound) else energy
    nominal = median = low = high = None
    if isinstance(modelled, Modelled):
        nominal = modelled.nominal_joules
        low, median, high = modelled.quantiles()
        low, high = min(low, nominal), max(high, nominal)
    kinds = {Modelled: "modelled", LowerBound: "lower-bound", Unavailable: "unavailable"}
    return EnergyRow(
        deployment=deployment.name,
        scenario=scenario,
        boundary=boundary,
        kind=kinds[type(energy)],
        nominal_joules=nominal,
        median_joules=median,
        low=low,
        high=high,
        per_second_joules=None if nominal is None else nominal / period_seconds,
        unpriced=energy.unpriced if isinstance(energy, LowerBound) else (),
        reason=energy.reason if isinstance(energy, Unavailable) else "",
        labels=deployment.labels,
        by_stage=priced.by_stage,
        by_coefficient=priced.by_coefficient,
        busy_seconds=priced.busy_seconds,
        keeps_up=priced.keeps_up,
        alternative_to=deployment.alternative_to,
        clip_seconds=clip_seconds,
        period_seconds=period_seconds,
        energy=energy,
        deployed=deployment,
        coefficient_ids=priced.coefficient_ids,
        terms=priced.terms,
    )
