# studies/tracing.py
"""From a number of a report to what it is made of.

An accuracy leads to the cells that it is the mean of, to right and wrong clips, and to the formula; an energy to counts
per stage, each times a price, each price with its range, kind, evidence and source. Both are computed here anew, from
the stored cells and the coefficient files, and must come to the number that the report prints.

    SYSTEM[@BACKEND][/PROTOCOL] accuracy                                   where a number stands: its address
    SYSTEM[@BACKEND][/PROTOCOL] energy DEPLOYMENT BOUNDARY [SCENARIO]
    SYSTEM[@BACKEND][/PROTOCOL] SYSTEM[@BACKEND] difference
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.coefficient import Coefficient, Device
from classical_baselines.harness.energy import BOUNDARIES, SCENARIOS
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pricing import BITS_PER_VALUE, PRICED_STAGES, Term
from studies.budgets import EnergyRow
from studies.cell import StudyCell
from studies.measured_energy import MeasuredEnergy
from studies.measurement import latest
from studies.results import Row, StudyResults
from studies.statistics import Comparison

HEADLINE_SCENARIO = "always-on"
AGREEMENT = 1e-9  # relative: the two ways to a number differ by rounding alone


@dataclass(frozen=True)
class CellScore:
    """What one cell adds to an accuracy."""

    cell: StudyCell
    n_right: int
    n_clips: int
    right_by_unit: Mapping[str, tuple[int, int]]  # group, or clip where there are none: (right, clips)


@dataclass(frozen=True)
class AccuracyTrace:
    """An accuracy, the scores that it is the mean of, and the cells that those come from."""

    address: str
    row: Row
    scores: Mapping[str, float]  # by group, or by clip
    cells: tuple[CellScore, ...]

    @property
    def recomputed(self) -> float:
        """The mean of the scores."""
        return fmean(self.scores.values())

    @property
    def agrees(self) -> bool:
        """Whether it is the number of the report."""
        return math.isclose(self.recomputed, self.row.interval.estimate, rel_tol=AGREEMENT)


@dataclass(frozen=True)
class TracedTerm:
    """One product of an energy: a count, and the price that it is multiplied by."""

    term: Term
    price: tuple[Coefficient, ...]  # the price itself, then what it is a factor of, down to joules or watts
    layers: Mapping[str, float]  # mean count per clip of each layer; empty where the count is derived
    least: float | None  # the smallest and the largest count of a cell; None where the count is derived
    most: float | None
    derivation: str  # how a count comes about that no layer has; ""

    @property
    def joules(self) -> float:
        """Count times price."""
        return self.term.count * math.prod(coefficient.nominal for coefficient in self.price)


@dataclass(frozen=True)
class EnergyTrace:
    """An energy and the products that it is the sum of."""

    address: str
    row: Row
    energy: EnergyRow
    terms: tuple[TracedTerm, ...]
    times: tuple[Coefficient, ...]  # coefficients that give seconds or bits, not joules
    included: tuple[str, ...]  # counted, and inside the price of something else
    cells: tuple[StudyCell, ...]

    @property
    def recomputed(self) -> float:
        """The sum of the products."""
        return math.fsum(term.joules for term in self.terms)

    @property
    def agrees(self) -> bool:
        """Whether it is the number of the report, and the counts are the mean of what the cells hold."""
        nominal = self.energy.nominal_joules
        sums = nominal is not None and math.isclose(self.recomputed, nominal, rel_tol=AGREEMENT)
        counted = [term for term in self.terms if term.layers]
        return sums and all(math.isclose(fsum(t.layers), t.term.count, rel_tol=AGREEMENT) for t in counted)

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """Every coefficient that the number rests on, once."""
        priced = [coefficient for term in self.terms for coefficient in term.price]
        return tuple(dict.fromkeys([*priced, *self.times]))  # one id may be a factor of another row on each device


@dataclass(frozen=True)
class DifferenceTrace:
    """A difference in accuracy, and the two accuracies whose paired scores it is taken of."""

    address: str
    comparison: Comparison
    a: AccuracyTrace
    b: AccuracyTrace

    @property
    def agrees(self) -> bool:
        """Whether both accuracies are those of the report."""
        return self.a.agrees and self.b.agrees


@dataclass(frozen=True)
class MeasuredTrace:
    """A measured energy, and the windows that it is the mean of."""

    address: str
    row: Row
    energy: EnergyRow
    measured: MeasuredEnergy
    said: str  # where it comes from
    cells: tuple[StudyCell, ...]

    @property
    def recomputed(self) -> float:
        """The mean of the windows."""
        return fmean(self.measured.joules_by_window)

    @property
    def agrees(self) -> bool:
        """Whether it is the number of the report."""
        nominal = self.energy.nominal_joules
        return nominal is not None and math.isclose(self.recomputed, nominal, rel_tol=AGREEMENT)


Trace = AccuracyTrace | EnergyTrace | MeasuredTrace | DifferenceTrace


def trace_address(results: StudyResults, words: Sequence[str]) -> Trace:
    """Follow the number at an address."""
    match list(words):
        case [name, "accuracy"]:
            return accuracy_trace(results, find_row(results, name))
        case [name, "energy", deployment, boundary, *scenario] if len(scenario) <= 1:
            row = find_row(results, name)
            return energy_trace(results, row, _find_energy(row, deployment, boundary, *scenario))
        case [name, other, "difference"]:
            a = find_row(results, name)
            b = find_row(results, other, a.protocol)
            return _difference_trace(results, a, b)
    raise InputError(
        f"{' '.join(words)!r} is no address. Give a number as it is printed (83.6 or 1.82mJ), or 'SYSTEM accuracy', "
        "'SYSTEM energy DEPLOYMENT BOUNDARY' or 'SYSTEM SYSTEM difference'; SYSTEM may be SYSTEM@BACKEND/PROTOCOL."
    )


def find_row(results: StudyResults, name: str, protocol: str | None = None) -> Row:
    """The row of `SYSTEM[@BACKEND][/PROTOCOL]`: the headline run and protocol where none is named."""
    rest, slash, named_protocol = name.partition("/")
    system, at, backend = rest.partition("@")
    protocols = {one.name: one.name for one in results.study.protocols}
    if slash:
        protocol = choose(protocols, named_protocol, what="protocol of this study")
    runs = results.study.system(system).runs
    if at:
        choose({run.backend.name: run for run in runs}, backend, what=f"backend of {system}")
    row = results.row(system, backend or None, protocol)
    if row is None:
        raise InputError(f"No cell of {name} is committed that gives an accuracy. `trichord status` lists what is.")
    return row


def address_of(row: Row) -> str:
    """`SYSTEM@BACKEND/PROTOCOL`."""
    return f"{row.system.name}@{row.run.backend.name}/{row.protocol}"


def energy_address(row: Row, energy: EnergyRow) -> str:
    """The address of an energy, complete."""
    return f"{address_of(row)} energy {energy.deployment} {energy.boundary} {energy.scenario}"


def accuracy_trace(results: StudyResults, row: Row) -> AccuracyTrace:
    """The cells of an accuracy, and its scores counted anew from their logits."""
    cells = []
    for cell, result, run in results.members(row.system.name, row.run.backend.name, row.protocol):
        right = [
            int(np.argmax(logits)) == int(target) for logits, target in zip(run.logits, result.targets, strict=True)
        ]
        units = result.groups if row.trials.grouped else result.clip_names
        by_unit: dict[str, tuple[int, int]] = {}
        for unit, is_right in zip(units, right, strict=True):
            n_right, n_clips = by_unit.get(unit, (0, 0))
            by_unit[unit] = (n_right + is_right, n_clips + 1)
        cells.append(CellScore(cell, sum(right), len(right), by_unit))
    return AccuracyTrace(f"{address_of(row)} accuracy", row, _scores(cells), tuple(cells))


def energy_trace(results: StudyResults, row: Row, energy: EnergyRow) -> EnergyTrace | MeasuredTrace:
    """The products of an energy, its counts anew from the cells, its prices anew from the coefficient files; or the
    windows of a measured one."""
    if energy.kind == "measured":
        return _measured_trace(results, row, energy)
    if energy.nominal_joules is None:
        raise InputError(f"{energy_address(row, energy)} is not available: {energy.reason}.")
    members = results.members(row.system.name, row.run.backend.name, row.protocol)
    counts = [run.counts for _, _, run in members]
    terms = tuple(_traced(term, counts, row, energy) for term in energy.terms)
    priced = {coefficient.id for term in terms for coefficient in term.price}
    return EnergyTrace(
        address=energy_address(row, energy),
        row=row,
        energy=energy,
        terms=terms,
        times=tuple(_of_a_time(id, energy) for id in energy.coefficient_ids if id not in priced),
        included=_included(row.counts, energy),
        cells=tuple(cell for cell, _, _ in members),
    )


def _measured_trace(results: StudyResults, row: Row, energy: EnergyRow) -> MeasuredTrace:
    cells = tuple(cell for cell, _, _ in results.members(row.system.name, row.run.backend.name, row.protocol))
    origin = results.imports.get(row.system.name)
    place = (energy.deployment, energy.boundary, energy.scenario)
    found = [] if origin is None else [(one, origin.said) for one in origin.record.measured]
    own = [one for one in results.measurements if (one.system, one.backend) == (row.system.name, row.run.backend)]
    found += [(one.as_measured, one.said) for one, _ in latest(own) if one.protocol == row.protocol]
    measured, said = next(pair for pair in found if (pair[0].device, pair[0].boundary, pair[0].scenario) == place)
    return MeasuredTrace(energy_address(row, energy), row, energy, measured, said, cells)


def fsum(values: Mapping[str, float]) -> float:
    """The sum of the values, exactly rounded."""
    return math.fsum(values.values())


def _scores(cells: Sequence[CellScore]) -> dict[str, float]:
    """Accuracy of each unit: right of its clips in each seed, then the mean over the seeds."""
    counted: dict[str, dict[int, list[int]]] = {}
    for one in cells:
        for unit, (n_right, n_clips) in one.right_by_unit.items():
            sums = counted.setdefault(unit, {}).setdefault(one.cell.seed, [0, 0])
            sums[0] += n_right
            sums[1] += n_clips
    return {
        unit: fmean(right / clips for right, clips in by_seed.values()) for unit, by_seed in sorted(counted.items())
    }


def _difference_trace(results: StudyResults, a: Row, b: Row) -> DifferenceTrace:
    address = f"{address_of(a)} {b.system.name}@{b.run.backend.name} difference"
    return DifferenceTrace(address, results.compare(a, b), accuracy_trace(results, a), accuracy_trace(results, b))


def _find_energy(row: Row, deployment: str, boundary: str, scenario: str = HEADLINE_SCENARIO) -> EnergyRow:
    choose({name: name for name in BOUNDARIES}, boundary, what="boundary")
    choose({name: name for name in SCENARIOS}, scenario, what="scenario")
    for energy in row.energies:
        if (energy.deployment, energy.boundary, energy.scenario) == (deployment, boundary, scenario):
            return energy
    named = dict.fromkeys(energy.deployment for energy in row.energies)
    raise InputError(
        f"{address_of(row)} has no energy on {deployment!r}. Its deployments: {', '.join(named) or 'none'}."
    )


def _traced(term: Term, counts: Sequence[OperationCounts], row: Row, energy: EnergyRow) -> TracedTerm:
    """A term with its price written out, and its count by layer where layers counted it."""
    device = energy.deployed.devices[term.device]
    price = [device.row(term.coefficient)]
    while price[-1].of:
        price.append(device.row(price[-1].of))
    layers: dict[str, float] = {}
    for (stage, layer, operation), count in row.counts:
        if (stage, operation) == (term.stage, term.operation):
            layers[layer] = count
    if layers:
        totals = [one.total(term.operation, stage=term.stage) for one in counts]
        layers = {layer: fmean(_count(one, term, layer) for one in counts) for layer in layers}
        return TracedTerm(term, tuple(price), layers, min(totals), max(totals), "")
    return TracedTerm(term, tuple(price), {}, None, None, _derivation(term, row.counts, energy))


def _count(counts: OperationCounts, term: Term, layer: str) -> float:
    return counts.counts.get((term.stage, layer, term.operation), 0.0)


def _derivation(term: Term, counts: OperationCounts, energy: EnergyRow) -> str:
    """How a count comes about that stands in no layer."""
    if term.operation == "idle_seconds":
        busy = energy.busy_seconds.get(term.device, 0.0)
        return f"{energy.period_seconds:.6g} s between decisions, less {busy:.6g} s in which {term.device} is busy"
    if term.operation == "wake_ups":
        return "once per decision"
    if term.operation == "qubit_seconds":
        return "machine_seconds times the qubits that one shot measures"
    if term.operation == "chip_seconds":
        return f"{counts.total('chip_steps', stage=term.stage):.6g} chip_steps times the time of one"
    if term.stage == "link":
        return _crossing(term, counts)
    return "derived by the pricing"


def _crossing(term: Term, counts: OperationCounts) -> str:
    """What passes from one device to the next: bits or spikes as counted, else the intensities of a clip."""
    for operation in (term.operation, "spikes_in"):
        counted = sum(counts.total(operation, stage=stage) for stage in PRICED_STAGES)
        if counted:
            times = "" if operation == term.operation else ", each times the bits of one"
            return f"{counted:.6g} {operation}{times}"
    return f"{term.count / BITS_PER_VALUE:.6g} intensities of {BITS_PER_VALUE} bits"


def _of_a_time(id: str, energy: EnergyRow) -> Coefficient:
    """A running power, a step's time or the bits of an event, from the files of the devices of the deployment."""
    for coefficient in energy.coefficients:
        if coefficient.id == id:
            return coefficient
    raise InputError(f"The coefficient {id!r} stands in no file of {', '.join(energy.deployed.device_names)}.")


def _included(counts: OperationCounts, energy: EnergyRow) -> tuple[str, ...]:
    """Operations that were counted and are paid for within the price of another, each with the reason."""
    deployment = energy.deployed
    stages = PRICED_STAGES if energy.boundary == "system" else deployment.inside
    charged = {(term.stage, term.operation) for term in energy.terms}
    counted = dict.fromkeys((stage, operation) for (stage, _, operation), n in counts if n > 0 and stage in stages)
    lines = []
    for stage, operation in counted:
        if (stage, operation) not in charged:
            present = {name for of, name in [*counted, *charged] if of == stage}
            devices = [deployment.devices[name] for name in deployment.stages[stage]]
            lines += [f"{operation} ({stage}): {why}" for why in _why(operation, devices, present)]
    return tuple(lines)


def _why(operation: str, devices: Sequence[Device], present: Set[str]) -> list[str]:
    """Why an operation is paid for within another one that is present: the first device's reason that holds."""
    found = [
        entry.reason
        for device in devices
        for entry in device.included
        if entry.operation == operation and entry.within in present
    ]
    return found[:1]
