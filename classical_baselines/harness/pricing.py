# classical_baselines/harness/pricing.py
"""Pricing: operation counts of one clip times the coefficients of the devices that run its stages.

    joules = sum over (stage, operation) of count * price            what the boundary includes
           + idle_seconds * idle power + wake_ups * wake energy      always-on, from the boundary `chip`
           + link_bits * joules per bit                              the boundary `system`

A device is busy for its counted seconds (chip_seconds, else chip_steps times the time of a step; machine_seconds), or,
where its prices are all-in, for its joules over its running power. Always-on is one decision per period: the device
idles for the rest of it. Saturated decides back to back: no idling, no wake-up.

The boundaries operation, core and chip cover the stages `inside` a deployment (the network); system covers all of
them and the link. An operation that no device of its stage prices makes a `LowerBound` that names it. Counts of
the stage `training` are left out: this prices the inference alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.coefficient import Coefficient, CoefficientDraws, Device
from classical_baselines.harness.energy import (
    BOUNDARIES,
    SCENARIOS,
    Boundary,
    Draws,
    Energy,
    LowerBound,
    Modelled,
    Scenario,
    Unavailable,
)
from classical_baselines.harness.operations import OPERATIONS, OperationCounts

PRICED_STAGES = ("front_end", "encoder", "network", "readout")
CROSSING = ("spikes_in", "link_bits")  # belong to the way between two devices, whatever stage counted them
BITS_PER_VALUE = 8  # of an intensity that crosses a link
# Without a price for each of these that it counts, a network cannot run on a device: no lower bound makes sense.
ESSENTIAL = (
    "synaptic_operations",
    "neuron_updates_active",
    "neuron_updates_inactive",
    "gates_1q",
    "gates_2q",
    "shots",
    "machine_seconds",
)


@dataclass(frozen=True)
class Deployment:
    """Which devices run each stage: the first one of a stage that prices an operation runs it."""

    name: str
    title: str
    stages: Mapping[str, tuple[str, ...]]  # stage -> device names
    devices: Mapping[str, Device]  # of the price list that it belongs to, by name
    inside: tuple[str, ...]  # stages within the boundaries operation, core and chip
    link: str = ""  # device of the link between the stages' devices; "" where nothing priced lies between
    alternative_to: str = ""  # the deployment whose rival price set this one is

    @property
    def labels(self) -> tuple[str, ...]:
        """What must stand beside its numbers: "Loihi 1 prices on a Loihi 2 mapping"."""
        return tuple(dict.fromkeys(label for name in self.device_names if (label := self.devices[name].label)))

    @property
    def device_names(self) -> tuple[str, ...]:
        """Every device that it uses, the link's too."""
        names = [name for of_stage in self.stages.values() for name in of_stage]
        return tuple(dict.fromkeys([*names, self.link] if self.link else names))


@dataclass(frozen=True)
class Term:
    """One product of the sum: so many operations of a stage at one price, nominal."""

    stage: str  # or "idle" and "link"
    device: str
    operation: str
    coefficient: str  # its id
    count: float  # of operations, or seconds, bits, wake-ups; per decision
    joules: float


@dataclass(frozen=True, eq=False)
class Priced:
    """One deployment's energy per decision within one boundary and scenario."""

    energy: Energy
    by_stage: Mapping[str, float]  # nominal joules of each stage, "idle" and "link"
    by_coefficient: Mapping[str, float]  # nominal joules that each price contributes
    busy_seconds: Mapping[str, float]  # nominal, by device
    keeps_up: bool  # no device is busy for longer than the period
    coefficient_ids: tuple[str, ...]  # every coefficient drawn
    terms: tuple[Term, ...] = ()  # the products that the nominal value is the sum of


@dataclass
class _Sum:
    """The running total of one pricing.

    Counts that are one number wait in `work`, by device and price, and are multiplied by their draws once at the end
    of the stages; times that differ from draw to draw are charged at once.
    """

    draws: CoefficientDraws
    boundary: Boundary
    joules: Draws  # [1 + draw], element 0 nominal
    by_stage: dict[str, float] = field(default_factory=dict)
    by_coefficient: dict[str, float] = field(default_factory=dict)
    ids: dict[str, None] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)
    unpriced: list[str] = field(default_factory=list)
    work: dict[str, dict[str, float]] = field(default_factory=dict)  # device -> id -> count
    active: dict[str, Draws] = field(default_factory=dict)  # device -> joules of its operations, once settled

    def within(self, boundary: Boundary) -> bool:
        return BOUNDARIES.index(boundary) <= BOUNDARIES.index(self.boundary)

    def do(self, device: Device, operation: str, count: float, stage: str) -> None:
        """Have the device do `count` operations of a stage: what it is busy with."""
        waiting = self.work.setdefault(device.name, {})
        for row in device.rows(operation):
            if self.within(row.boundary):
                waiting[row.id] = waiting.get(row.id, 0.0) + count
                nominal_joules = float(self.draws.price(device, row)[0]) * count
                self._book(device, row, Term(stage, device.name, operation, row.id, count, nominal_joules))
        self.by_stage.setdefault(stage, 0.0)

    def settle(self, used: Mapping[str, Device]) -> None:
        """Multiply what the devices did by the draws of its prices."""
        for name, waiting in self.work.items():
            self.active[name] = np.zeros_like(self.joules)
            for id, count in waiting.items():
                self.active[name] += self.draws.price(used[name], used[name].row(id)) * count
            self.joules += self.active[name]

    def charge(self, device: Device, operation: str, count: float | Draws, stage: str) -> None:
        """Add what is not work: time, idling, waking up, the link."""
        for row in device.rows(operation):
            if self.within(row.boundary):
                joules = self.draws.price(device, row) * count
                self.joules += joules
                nominal_count = float(np.atleast_1d(count)[0])
                self._book(device, row, Term(stage, device.name, operation, row.id, nominal_count, float(joules[0])))
        self.by_stage.setdefault(stage, 0.0)

    def parameter(self, device: Device, name: str) -> Draws | None:
        """The values of a running power or a step's time, where the device has one."""
        rows = device.rows(name)
        if rows:
            self._note(device, rows[0].id)
        return self.draws.price(device, rows[0]) if rows else None

    def _book(self, device: Device, row: Coefficient, term: Term) -> None:
        self.terms.append(term)
        self.by_stage[term.stage] = self.by_stage.get(term.stage, 0.0) + term.joules
        self.by_coefficient[row.id] = self.by_coefficient.get(row.id, 0.0) + term.joules
        self._note(device, row.id)

    def _note(self, device: Device, id: str) -> None:
        while id and id not in self.ids:
            self.ids[id] = None
            id = device.row(id).of


def price(
    counts: OperationCounts,
    deployment: Deployment,
    *,
    boundary: Boundary,
    scenario: Scenario,
    period_seconds: float,
    draws: CoefficientDraws,
    link_values: float | None = None,
) -> Priced:
    """The energy of one decision; `link_values` intensities cross the link where no bits or spikes were counted."""
    choose({name: name for name in BOUNDARIES}, boundary, what="boundary")
    choose({name: name for name in SCENARIOS}, scenario, what="scenario")
    if not 0 < period_seconds < float("inf"):
        raise InputError(f"period_seconds must be above 0; got {period_seconds}.")
    stages = PRICED_STAGES if boundary == "system" else deployment.inside
    counted = _by_stage(counts, stages)
    network = deployment.devices[deployment.stages["network"][0]]
    # A model that is nothing but its readout does its work there.
    work = counted.get("network") or counted.get("readout") or {}
    reason = _no_price_for_the_network(work, deployment, boundary)
    if reason:
        return Priced(Unavailable(reason), {}, {}, {}, True, ())

    total = _Sum(draws, boundary, np.zeros(1 + draws.n_draws))
    used: dict[str, Device] = {network.name: network}
    busy: dict[str, Draws] = {}
    for stage, operations in counted.items():
        devices = [deployment.devices[name] for name in deployment.stages[stage]]
        for operation, count in operations.items():
            _charge_operation(total, stage, operation, count, operations, devices, used, busy)
    total.settle(used)
    for device in used.values():
        running_power = total.parameter(device, "running_power") if device.name in total.active else None
        if running_power is not None:
            busy[device.name] = total.active[device.name] / running_power
        total.unpriced += [term for at, term in device.unpriced if total.within(at)]
        if scenario == "always-on":
            idle = np.maximum(0.0, period_seconds - busy.get(device.name, np.zeros(1)))
            total.charge(device, "idle_seconds", idle, "idle")
            total.charge(device, "wake_ups", 1.0, "idle")
        elif device.rows("chip_seconds") and device.name not in busy and total.within("chip"):
            total.unpriced.append(f"chip_seconds (not counted; {device.name})")
    if boundary == "system" and deployment.link:
        _charge_link(total, counts, deployment.devices[deployment.link], network, link_values)

    modelled = Modelled(float(total.joules[0]), total.joules[1:])
    unpriced = tuple(dict.fromkeys(total.unpriced))
    nominal_busy = {name: float(seconds[0]) for name, seconds in busy.items()}
    return Priced(
        energy=LowerBound(modelled, unpriced) if unpriced else modelled,
        by_stage=total.by_stage,
        by_coefficient=total.by_coefficient,
        busy_seconds=nominal_busy,
        keeps_up=all(seconds <= period_seconds for seconds in nominal_busy.values()),
        coefficient_ids=tuple(total.ids),
        terms=tuple(total.terms),
    )


def _by_stage(counts: OperationCounts, stages: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Counts above 0 by stage and operation, layers summed, with the derived quantities; crossings left out."""
    sums: dict[str, dict[str, float]] = {}
    for (stage, _, operation), count in counts:
        if stage in stages and operation not in CROSSING and count > 0:
            of_stage = sums.setdefault(stage, {})
            of_stage[operation] = of_stage.get(operation, 0.0) + count
    for of_stage in sums.values():
        if of_stage.get("chip_seconds"):
            of_stage.pop("chip_steps", None)  # the time of the steps is what was counted
        if {"machine_seconds", "measurements", "shots"} <= set(of_stage):
            n_qubits = of_stage["measurements"] / of_stage["shots"]
            of_stage["qubit_seconds"] = of_stage["machine_seconds"] * n_qubits
    return sums


def _runs(device: Device, operation: str, present: Mapping[str, float]) -> bool:
    """Whether `device` prices the operation, by itself or within another operation that is present."""
    inside = any(entry.operation == operation and entry.within in present for entry in device.included)
    timed = operation == "chip_steps" and bool(device.rows("step_time"))
    return bool(device.rows(operation)) or inside or timed


def _charge_operation(
    total: _Sum,
    stage: str,
    operation: str,
    count: float,
    present: Mapping[str, float],
    devices: list[Device],
    used: dict[str, Device],
    busy: dict[str, Draws],
) -> None:
    device = next((device for device in devices if _runs(device, operation, present)), None)
    if device is None:
        if operation != "qubit_seconds":  # derived: only some views of a machine charge it
            total.unpriced.append(f"{operation} ({stage} on {', '.join(d.name for d in devices)})")
        return
    used[device.name] = device
    if operation == "chip_steps" and not device.rows("step_time"):
        return  # inside an all-in price, as their time is
    if operation in ("chip_steps", "chip_seconds", "machine_seconds"):
        step_time = total.parameter(device, "step_time") if operation == "chip_steps" else None
        seconds = np.full_like(total.joules, count) if step_time is None else count * step_time
        busy[device.name] = busy.get(device.name, np.zeros_like(total.joules)) + seconds
        total.charge(device, "chip_seconds" if step_time is not None else operation, seconds, stage)
        return
    if any(entry.operation == operation and entry.within in present for entry in device.included):
        return
    total.do(device, operation, count, stage)


def _charge_link(
    total: _Sum, counts: OperationCounts, link: Device, network: Device, link_values: float | None
) -> None:
    """What passes from the front end's device to the network's: bits as counted, else spikes, else intensities."""
    n_spikes, n_bits = (
        sum(count for (stage, _, name), count in counts if name == operation and stage in PRICED_STAGES)
        for operation in CROSSING
    )
    if n_spikes:
        total.charge(network, "spikes_in", n_spikes, "link")
    event_bits = total.parameter(link, "event_bits")
    if n_bits:
        total.charge(link, "link_bits", n_bits, "link")
    elif n_spikes and event_bits is not None:
        total.charge(link, "link_bits", n_spikes * event_bits, "link")
    elif link_values:
        total.charge(link, "link_bits", link_values * BITS_PER_VALUE, "link")
    else:
        total.unpriced.append("link_bits (not counted)")


def _no_price_for_the_network(present: Mapping[str, float], deployment: Deployment, boundary: Boundary) -> str:
    """Why the network has no energy here at all; "" where it has some."""
    first = deployment.devices[deployment.stages["network"][0]]
    runs = [operation for operation in present if _runs(first, operation, present)]
    work = [operation for operation in runs if operation not in ("chip_steps", "chip_seconds", "state_resets")]
    foreign = [operation for operation in ESSENTIAL if operation in present and operation not in runs]
    if not work or foreign:
        named = ", ".join(foreign or [operation for operation in present if operation in OPERATIONS])
        return f"{first.name} has no price for what the network does ({named or 'nothing was counted'})"
    starts = [BOUNDARIES.index(row.boundary) for operation in work for row in first.rows(operation)]
    if min(starts, default=0) > BOUNDARIES.index(boundary):
        return f"{first.name} is priced as a whole, from the boundary {BOUNDARIES[min(starts)]} up"
    return ""
