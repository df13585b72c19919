# studies/measured_energy.py
"""A measured energy as results hold it, whoever measured it, and its row beside the modelled ones.

A meter's windows give joules per decision, within the boundary and scenario that the meter covers. It has no stages and
no coefficients, and its mark is filled; it never stands on a line with what is modelled.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from classical_baselines.harness.energy import Boundary, Measured, Scenario
from classical_baselines.harness.pricing import Deployment
from studies.budgets import EnergyRow
from studies.specification import Name


class MeasuredEnergy(BaseModel):
    """What a meter read of one device, within one boundary and scenario."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    device: Name  # the board, chip or machine; no deployment of Trichord is called so
    boundary: Boundary
    scenario: Scenario
    meter: str
    window_seconds: float  # the shortest of the windows
    joules_by_window: tuple[float, ...]  # per decision
    joules: float  # per decision: mean of the windows
    low: float  # 95 % over the windows
    high: float

    @property
    def energy(self) -> Measured:
        """As the harness has it."""
        return Measured(self.joules, self.low, self.high, self.meter, len(self.joules_by_window))


def measured_row(
    one: MeasuredEnergy, clip_seconds: float, title: str, labels: Sequence[str], *, keeps_up: bool = True
) -> EnergyRow:
    """Per decision, and per second of audio: one decision covers a clip, and is made once per clip."""
    return EnergyRow(
        deployment=one.device,
        scenario=one.scenario,
        boundary=one.boundary,
        kind="measured",
        nominal_joules=one.joules,
        median_joules=None,
        low=one.low,
        high=one.high,
        per_second_joules=one.joules / clip_seconds,
        unpriced=(),
        reason="",
        labels=tuple(labels),
        by_stage={},
        by_coefficient={},
        busy_seconds={},
        keeps_up=keeps_up,
        alternative_to="",
        clip_seconds=clip_seconds,
        period_seconds=clip_seconds,
        energy=one.energy,
        deployed=Deployment(one.device, title, {}, {}, ()),  # nothing of it is priced
        coefficient_ids=(),
    )
