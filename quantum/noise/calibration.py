# quantum/noise/calibration.py
"""The calibration of a quantum processor: which gates its qubits have, how long they take, and how often they fail.

A file is JSON (`calibrations/*.json`; a user's own by its path) of these keys:

    schema                      1
    name, title, date, source   text; date of the calibration, source of the numbers
    chosen                      text, optional: how the qubits were chosen from those of the machine
    basis                       native gates, by Qiskit's names, one-qubit and two-qubit ones
    repetition_delay_seconds    between two shots
    medians                     optional: of the whole machine, as `Medians` has them
    qubits                      a list: {label, t1_seconds, t2_seconds,
                                         readout: {seconds, p1_given_0, p0_given_1},
                                         gates: {NAME: {seconds, error}}}, each one-qubit gate of the basis
    coupling                    pairs of qubits, by their place in the list; of a directed gate the control first
    edges                       {qubits, gate, seconds, error}: each pair with each two-qubit gate of the basis

`error` is 1 - the average gate fidelity, p1_given_0 the probability to read 1 from a qubit in |0>. Times are seconds.
T2 <= 2 T1 holds for every qubit, as nothing loses its phase more slowly than relaxation alone makes it; fits to
measured data break it now and then, and then the file must say which of the two it takes.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import ROTATIONS

SCHEMA = 1
ONE_QUBIT_GATES = (*ROTATIONS, "h", "x", "sx")  # that a file may name
SYMMETRIC_GATES = ("cz", "rzz")  # one pair stands for both orders
DIRECTED_GATES = ("cx", "ecr")
TWO_QUBIT_GATES = SYMMETRIC_GATES + DIRECTED_GATES
LONGEST_SECONDS = 1.0  # of a gate, a readout or a delay; trapped ions need milliseconds
SHORTEST_RELAXATION_SECONDS = 1e-9  # of T1 and T2; the first charge qubit kept 2e-9 s (Nakamura, Nature 398, 786, 1999)
LONGEST_RELAXATION_SECONDS = 1e9  # 30 years; T1 of hyperfine states of an ion is only known to be long
MOST_QUBITS = 2000
TEXT_KEYS = ("name", "title", "date", "source")
REQUIRED_KEYS = ("schema", *TEXT_KEYS, "basis", "repetition_delay_seconds", "qubits", "coupling", "edges")
OPTIONAL_KEYS = ("chosen", "medians")


@dataclass(frozen=True)
class GateValues:
    """Of one native gate on one qubit or pair."""

    seconds: float
    error: float  # 1 - average gate fidelity


@dataclass(frozen=True)
class QubitValues:
    """Of one qubit."""

    label: str  # what the machine calls it
    t1_seconds: float
    t2_seconds: float
    readout_seconds: float
    p1_given_0: float
    p0_given_1: float
    gates: Mapping[str, GateValues]


@dataclass(frozen=True)
class Medians:
    """Of the whole machine, beside the chosen qubits."""

    n_qubits: int
    t1_seconds: float
    t2_seconds: float
    readout_seconds: float
    readout_error: float
    one_qubit_seconds: float
    one_qubit_error: float
    two_qubit_seconds: float
    two_qubit_error: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """A processor, or a connected part of one."""

    name: str
    title: str
    date: str
    source: str
    chosen: str
    basis: tuple[str, ...]
    repetition_delay_seconds: float
    medians: Medians | None
    qubits: tuple[QubitValues, ...]
    coupling: tuple[tuple[int, int], ...]
    edges: Mapping[tuple[str, int, int], GateValues]  # (gate, qubit, qubit), in the order of the file
    sha256: str  # of the file

    @property
    def n_qubits(self) -> int:
        """Qubits of the part that the file holds."""
        return len(self.qubits)

    @property
    def one_qubit_basis(self) -> tuple[str, ...]:
        """The native gates on one qubit."""
        return tuple(name for name in self.basis if name in ONE_QUBIT_GATES)

    @property
    def two_qubit_basis(self) -> tuple[str, ...]:
        """The native gates on two qubits."""
        return tuple(name for name in self.basis if name in TWO_QUBIT_GATES)

    def gate(self, name: str, qubits: Sequence[int]) -> GateValues:
        """The values of a gate; of a symmetric one in either order. KeyError where the machine has none there."""
        if len(qubits) == 1:
            return self.qubits[qubits[0]].gates[name]
        first, second = qubits
        if name in SYMMETRIC_GATES and (name, first, second) not in self.edges:
            first, second = second, first
        return self.edges[name, first, second]

    def readout_seconds(self, qubits: Iterable[int]) -> float:
        """Of a measurement of all of them at once."""
        return max(self.qubits[qubit].readout_seconds for qubit in qubits)


def read_calibration(path: Path) -> Calibration:
    """The calibration of a file; an InputError names what is wrong with it."""
    try:
        content = path.read_bytes()
        document = json.loads(content, object_pairs_hook=_once_each)
        return calibration_of(document, str(path), hashlib.sha256(content).hexdigest())
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"The calibration {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"The calibration {path} is no JSON file: {error}.") from error
    except RecursionError as error:  # a calibration has five levels
        raise InputError(f"The calibration {path} is no calibration: its JSON is nested too deeply.") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a JSON file; of a key that stands there twice Python would take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        raise ValueError(f"an object has {next(key for key in names if names.count(key) > 1)!r} twice")
    return found


def calibration_of(document: Any, where: str, sha256: str = "") -> Calibration:
    """The calibration that a JSON document describes; `where` names it in errors."""
    whole = _Part(document, where)
    whole.check_keys(REQUIRED_KEYS, OPTIONAL_KEYS)
    if type(document["schema"]) is not int or document["schema"] != SCHEMA:
        raise InputError(f"{where}: schema must be {SCHEMA}; got {document['schema']!r}.")
    basis = _basis(document["basis"], where)
    qubits = tuple(
        _qubit(_Part(one, f"{where}: qubits[{number}]"), basis)
        for number, one in enumerate(whole.list_of("qubits", most=MOST_QUBITS))
    )
    _check_labels(qubits, where)
    coupling = _coupling(whole, len(qubits))
    return Calibration(
        **{key: whole.text(key) for key in TEXT_KEYS},
        chosen=whole.text("chosen") if "chosen" in document else "",
        basis=basis,
        repetition_delay_seconds=whole.seconds("repetition_delay_seconds"),
        medians=_medians(_Part(document["medians"], f"{where}: medians")) if "medians" in document else None,
        qubits=qubits,
        coupling=coupling,
        edges=_edges(whole, basis, coupling),
        sha256=sha256,
    )


@dataclass(frozen=True)
class _Part:
    """An object of the document, and what an error calls it."""

    values: Any
    where: str

    def __post_init__(self) -> None:
        if not isinstance(self.values, dict):
            raise InputError(f"{self.where} must be an object with keys; got {self.values!r:.80}.")

    def check_keys(self, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        required = set(required)
        known = required | set(optional)
        missing, unknown = sorted(required - set(self.values)), sorted(set(self.values) - known)
        if missing:
            raise InputError(f"{self.where} lacks {', '.join(missing)}. Give it.")
        if unknown:
            raise InputError(
                f"{self.where} has {', '.join(map(repr, unknown))}, which no calibration has. "
                f"It may hold: {', '.join(sorted(known))}."
            )

    def text(self, key: str) -> str:
        value = self.values[key]
        if not isinstance(value, str) or not value:
            raise InputError(f"{self.where}: {key} must be text; got {value!r:.80}.")
        return value

    def list_of(self, key: str, most: int) -> list[Any]:
        value = self.values[key]
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise InputError(f"{self.where}: {key} must be a list of 1 to {most} entries; got {value!r:.80}.")
        return value

    def number(self, key: str, low: float, high: float, what: str) -> float:
        value = self.values[key]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:  # no comparison with NaN holds
            raise InputError(f"{self.where}: {key} must be {what} in [{low:g}, {high:g}]; got {value!r:.80}.")
        return float(value)

    def probability(self, key: str) -> float:
        return self.number(key, 0, 1, "a probability")

    def seconds(self, key: str) -> float:
        return self.number(key, 0, LONGEST_SECONDS, "a time in seconds")

    def relaxation_seconds(self, key: str) -> float:
        return self.number(key, SHORTEST_RELAXATION_SECONDS, LONGEST_RELAXATION_SECONDS, "a time in seconds")

    def gate(self, n_qubits: int) -> GateValues:
        # A gate whose process has nothing in common with the ideal one has the average fidelity 1 / (2**n + 1).
        worst = 1 - 1 / (2**n_qubits + 1)
        return GateValues(self.seconds("seconds"), self.number("error", 0, worst, "1 - the average gate fidelity"))


def _basis(value: Any, where: str) -> tuple[str, ...]:
    known = ONE_QUBIT_GATES + TWO_QUBIT_GATES
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InputError(f"{where}: basis must be a list of gates; got {value!r:.80}.")
    unknown = [name for name in value if name not in known]
    if unknown:
        raise InputError(f"{where}: basis names no known gate with {unknown[0]!r}. Choose from: {', '.join(known)}.")
    if len(set(value)) != len(value):
        raise InputError(f"{where}: basis names a gate twice: {', '.join(value)}. Name each once.")
    for kind, of_kind in (("one-qubit", ONE_QUBIT_GATES), ("two-qubit", TWO_QUBIT_GATES)):
        if not set(value) & set(of_kind):
            raise InputError(f"{where}: basis has no {kind} gate. Give at least one of: {', '.join(of_kind)}.")
    return tuple(value)


def _qubit(part: _Part, basis: tuple[str, ...]) -> QubitValues:
    part.check_keys(("label", "t1_seconds", "t2_seconds", "readout", "gates"))
    readout = _Part(part.values["readout"], f"{part.where}: readout")
    readout.check_keys(("seconds", "p1_given_0", "p0_given_1"))
    gates = _Part(part.values["gates"], f"{part.where}: gates")
    gates.check_keys(name for name in basis if name in ONE_QUBIT_GATES)
    t1, t2 = part.relaxation_seconds("t1_seconds"), part.relaxation_seconds("t2_seconds")
    if t2 > 2 * t1:
        raise InputError(
            f"{part.where}: T2 must not exceed 2 T1 = {2 * t1:g} s; got T2 = {t2:g} s. "
            "Leave the qubit out, or give it the T2 that you hold it for."
        )
    values = {}
    for name, value in gates.values.items():
        gate = _Part(value, f"{gates.where}: {name}")
        gate.check_keys(("seconds", "error"))
        values[name] = gate.gate(n_qubits=1)
    p1_given_0, p0_given_1 = readout.probability("p1_given_0"), readout.probability("p0_given_1")
    if p1_given_0 + p0_given_1 > 1:
        raise InputError(
            f"{readout.where}: p1_given_0 = {p1_given_0:g} and p0_given_1 = {p0_given_1:g} add up to more than 1, so "
            "that 0 is read where 1 was. Exchange the outcomes: give 1 minus each."
        )
    return QubitValues(
        label=part.text("label"),
        t1_seconds=t1,
        t2_seconds=t2,
        readout_seconds=readout.seconds("seconds"),
        p1_given_0=p1_given_0,
        p0_given_1=p0_given_1,
        gates=values,
    )


def _check_labels(qubits: Sequence[QubitValues], where: str) -> None:
    seen: dict[str, int] = {}
    for number, one in enumerate(qubits):
        first = seen.setdefault(one.label, number)
        if first != number:
            raise InputError(
                f"{where}: qubits[{first}] and qubits[{number}] both have the label {one.label!r}. "
                "Give each qubit of the machine once, under its own label."
            )


def _medians(part: _Part) -> Medians:
    names = [field.name for field in fields(Medians)]
    part.check_keys(names)
    values = {
        name: part.probability(name)
        if name.endswith("error")
        else part.relaxation_seconds(name)
        if name in ("t1_seconds", "t2_seconds")
        else part.seconds(name)
        for name in names
        if name != "n_qubits"
    }
    n_qubits = part.number("n_qubits", 1, 1e6, "a whole number of qubits")
    if not n_qubits.is_integer():
        raise InputError(f"{part.where}: n_qubits must be a whole number of qubits; got {n_qubits:g}.")
    return Medians(n_qubits=int(n_qubits), **values)


def _pair(value: Any, n_qubits: int, where: str) -> tuple[int, int]:
    is_pair = isinstance(value, list) and len(value) == 2 and all(type(qubit) is int for qubit in value)
    if not is_pair or value[0] == value[1] or not all(0 <= qubit < n_qubits for qubit in value):
        raise InputError(
            f"{where} must be two different qubits of 0 to {n_qubits - 1}, their places in the list; got {value!r:.80}."
        )
    return value[0], value[1]


def _coupling(whole: _Part, n_qubits: int) -> tuple[tuple[int, int], ...]:
    """The pairs; every qubit must be reached from the first, or no router could use it."""
    listed = whole.values["coupling"]
    if not isinstance(listed, list):
        raise InputError(f"{whole.where}: coupling must be a list of pairs; got {listed!r:.80}.")
    pairs = tuple(_pair(one, n_qubits, f"{whole.where}: coupling[{place}]") for place, one in enumerate(listed))
    repeated = next((pair for place, pair in enumerate(pairs) if pair in pairs[:place]), None)
    if repeated:
        raise InputError(f"{whole.where}: coupling has {list(repeated)} twice. Give it once.")
    reached, waiting = {0}, [0]
    while waiting:
        here = waiting.pop()
        found = {second for pair in pairs for first, second in (pair, pair[::-1]) if first == here} - reached
        reached |= found
        waiting += found
    alone = sorted(set(range(n_qubits)) - reached)
    if alone:
        raise InputError(
            f"{whole.where}: coupling has missing edges: no path leads from qubit 0 to {', '.join(map(str, alone))}. "
            "Add the edges, or leave those qubits out."
        )
    return pairs


def _edges(
    whole: _Part, basis: tuple[str, ...], coupling: tuple[tuple[int, int], ...]
) -> dict[tuple[str, int, int], GateValues]:
    names = [name for name in basis if name in TWO_QUBIT_GATES]
    listed = whole.values["edges"]
    if not isinstance(listed, list):
        raise InputError(f"{whole.where}: edges must be a list; got {listed!r:.80}.")
    found: dict[tuple[str, int, int], GateValues] = {}
    for place, value in enumerate(listed):
        part = _Part(value, f"{whole.where}: edges[{place}]")
        part.check_keys(("qubits", "gate", "seconds", "error"))
        name = part.text("gate")
        if name not in names:
            raise InputError(f"{part.where}: gate must be one of the basis: {', '.join(names)}; got {name!r}.")
        pair = _pair(part.values["qubits"], len(whole.values["qubits"]), f"{part.where}: qubits")
        if pair not in coupling:
            raise InputError(f"{part.where}: {list(pair)} is no pair of coupling. Add it there, or leave it out.")
        if (name, *pair) in found:
            raise InputError(f"{part.where}: {name} on {list(pair)} is given twice. Give it once.")
        found[name, *pair] = part.gate(n_qubits=2)
    missing = [f"{name} on {list(pair)}" for pair in coupling for name in names if (name, *pair) not in found]
    if missing:
        raise InputError(
            f"{whole.where}: edges are missing: {', '.join(missing[:8])}. Give each its seconds and error."
        )
    return found
