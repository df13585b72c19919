# studies/what_if.py
"""One side of an energy question: a run on a deployment, priced again with other counts or other prices.

    side = side_of(row, boundary="system", scenario="always-on", deployment="")
    side.joules(draws)                       [1 + draw], element 0 nominal
    side.joules(Replaced(draws, {id: ...}))  the same with one price of another value

Both sides of a question take one `CoefficientDraws`, so that what they share cancels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.coefficient import Coefficient, CoefficientDraws
from classical_baselines.harness.energy import Boundary, Draws, LowerBound, Modelled, Scenario
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pricing import Deployment, price
from studies.budgets import EnergyRow
from studies.results import Row, values_per_clip
from studies.wording import run_name


class Replaced(CoefficientDraws):
    """The draws of a study, some coefficients of which have other values, by id."""

    def __init__(self, base: CoefficientDraws, values: Mapping[str, Draws]) -> None:
        super().__init__(base.seed, base.n_draws)
        self._base = base
        self._replaced = values

    def of(self, coefficient: Coefficient) -> Draws:
        """[1 + draw] values of one coefficient, in its own unit."""
        return self._replaced[coefficient.id] if coefficient.id in self._replaced else self._base.of(coefficient)


@dataclass(frozen=True, eq=False)
class Side:
    """A run on a deployment, within one boundary and scenario."""

    row: Row
    energy: EnergyRow  # as the study has it
    deployment: Deployment
    counts: OperationCounts

    @property
    def title(self) -> str:
        """`DS-CNN (int8) on cortex-m4`."""
        return f"{run_name(self.row)} on {self.deployment.name}"

    @property
    def name(self) -> str:
        """`ds-cnn on cortex-m4`."""
        return f"{self.row.system.name} on {self.deployment.name}"

    @property
    def present_joules(self) -> float:
        """Nominal joules per decision as things are."""
        assert self.energy.nominal_joules is not None
        return self.energy.nominal_joules

    @property
    def whole(self) -> EnergyRow:
        """The energy of the whole chain, front end included, on the same deployment."""
        place = (self.deployment.name, "system")
        return next(e for e in self.row.energies if (e.deployment, e.boundary) == place and e.kind != "measured")

    def with_counts(self, counts: OperationCounts) -> "Side":
        """The same run, had it counted this."""
        return replace(self, counts=counts)

    def joules(self, draws: CoefficientDraws, period_seconds: float | None = None) -> Draws:
        """[1 + draw] joules per decision; of the priced part, where some terms have no price."""
        priced = price(
            self.counts,
            self.deployment,
            boundary=self.energy.boundary,
            scenario=self.energy.scenario,
            period_seconds=self.energy.period_seconds if period_seconds is None else period_seconds,
            draws=draws,
            link_values=values_per_clip(self.counts),
        )
        modelled = priced.energy.priced if isinstance(priced.energy, LowerBound) else priced.energy
        if not isinstance(modelled, Modelled):
            raise InputError(f"{self.title} has no modelled energy to ask about.")
        return np.concatenate([[modelled.nominal_joules], modelled.draws])


def side_of(row: Row, boundary: Boundary, scenario: Scenario, deployment: str = "") -> Side:
    """The run on the named deployment, or where it costs least: a full price goes before a lower bound."""
    modelled = [e for e in row.energies if e.kind != "measured"]  # nothing can be asked of what a meter read
    of_run = [e for e in modelled if (e.boundary, e.scenario) == (boundary, scenario)]
    if not of_run:
        raise InputError(f"{run_name(row)} is priced on no deployment. Name some under its run in the study.")
    if deployment:
        named = {e.deployment: e for e in of_run}
        energy: EnergyRow | None = choose(named, deployment, what=f"deployment of {row.title}")
    else:
        own = [e for e in of_run if not e.alternative_to and e.nominal_joules is not None]
        energy = min(own, key=lambda e: (e.kind == "lower-bound", e.nominal_joules or 0.0), default=None)
    if energy is None or energy.nominal_joules is None:
        reasons = "; ".join(f"{e.deployment}: {e.reason}" for e in ([energy] if energy else of_run))
        raise InputError(
            f"{run_name(row)} has no energy within the boundary {boundary}, {scenario} ({reasons}). "
            "Choose another --boundary or deployment."
        )
    return Side(row, energy, energy.deployed, row.counts)


def coefficients_of(side: Side) -> dict[str, Coefficient]:
    """Every coefficient that the side's energy is made of, by id."""
    rows = {row.id: row for row in side.energy.coefficients}
    return {id: rows[id] for id in side.energy.coefficient_ids}
