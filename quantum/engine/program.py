# quantum/engine/program.py
"""A circuit as few large steps on a batch of states: what the engine executes (`execution.py`).

    rotations     any number of one-qubit gates, side by side or after one another: a matrix for each qubit
    permutation   a run of CX and swaps behind each other: one index map
    phases        a run of CZ, CP and RZZ: one phase per amplitude
    fourier       the transform of a register: one FFT; an approximate one is its gates

A gate joins the last step of its kind as long as no later step acts on its qubits, so gates that commute are gathered
whatever their order in the circuit. Compiled once per circuit, and kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from quantum.circuits.circuit import Circuit, Fourier, Gate

QUBITS_PER_BLOCK = 5  # of a Kronecker block: 32 x 32 keeps products dense and sweeps few


@dataclass
class Rotations:
    """One-qubit gates, by qubit, each list in the order in which they act."""

    gates: dict[int, list[Gate]] = field(default_factory=dict)

    @property
    def qubits(self) -> set[int]:
        return set(self.gates)

    @property
    def follows_clips(self) -> bool:
        """Whether an angle among them is a feature."""
        return _follow_clips(gate for gates in self.gates.values() for gate in gates)


@dataclass
class Permutation:
    """destination[i] is where amplitude i goes: new[destination[i]] = old[i]."""

    qubits: set[int]
    destination: Tensor  # [amplitude], int32
    source: Tensor  # its inverse


@dataclass
class Phases:
    """Diagonal gates, in the order in which they came."""

    qubits: set[int]
    gates: list[Gate]

    @property
    def follows_clips(self) -> bool:
        """Whether an angle among them is a feature."""
        return _follow_clips(self.gates)


@dataclass
class Transform:
    """An exact Fourier transform of a register."""

    qubits: set[int]
    operation: Fourier


Step = Rotations | Permutation | Phases | Transform


@dataclass(frozen=True, eq=False)
class Program:
    """The steps of a circuit, and the blocks of qubits in which the kernels of torch apply its rotations."""

    circuit: Circuit
    steps: tuple[Step, ...]
    blocks: tuple[tuple[int, int], ...]  # (first qubit, number of qubits), from qubit 0 up

    @property
    def rotations(self) -> tuple[Rotations, ...]:
        return tuple(step for step in self.steps if isinstance(step, Rotations))

    @property
    def permutations(self) -> tuple[Permutation, ...]:
        return tuple(step for step in self.steps if isinstance(step, Permutation))

    @property
    def index_tables(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """(source, destination) of every permutation that differs from those before it."""
        return tuple({id(step.source): (step.source, step.destination) for step in self.permutations}.values())

    @property
    def phases(self) -> tuple[Phases, ...]:
        return tuple(step for step in self.steps if isinstance(step, Phases))


@lru_cache(maxsize=256)
def program_of(circuit: Circuit) -> Program:
    """The steps of a circuit."""
    steps: list[Step] = []
    for operation in circuit.operations:
        if isinstance(operation, Gate):
            _add(steps, operation, circuit.n_qubits)
        elif operation.degree or not operation.swaps:
            for gate in operation.gates():
                _add(steps, gate, circuit.n_qubits)
        else:
            steps.append(Transform(set(operation.qubits), operation))
    made: list[Permutation] = []
    for step in steps:
        if isinstance(step, Permutation):
            alike = next((one for one in made if torch.equal(one.destination, step.destination)), None)
            if alike is None:
                index = torch.arange(len(step.destination), dtype=torch.int32)
                step.source = torch.empty_like(index).scatter_(0, step.destination.long(), index)
                made.append(step)
            else:  # layers repeat: one table for all
                step.destination, step.source = alike.destination, alike.source
    return Program(circuit, tuple(steps), blocks_of(circuit.n_qubits))


def blocks_of(n_qubits: int) -> tuple[tuple[int, int], ...]:
    """As few blocks of at most QUBITS_PER_BLOCK qubits as there can be, of nearly equal size.

    >>> blocks_of(8), blocks_of(11)
    (((0, 4), (4, 4)), ((0, 4), (4, 4), (8, 3)))
    """
    n_blocks = -(-n_qubits // QUBITS_PER_BLOCK)
    sizes = [n_qubits // n_blocks + (number < n_qubits % n_blocks) for number in range(n_blocks)]
    return tuple((sum(sizes[:number]), size) for number, size in enumerate(sizes))


def _add(steps: list[Step], gate: Gate, n_qubits: int) -> None:
    kind = Rotations if len(gate.qubits) == 1 else Permutation if gate.name in {"cx", "swap"} else Phases
    joined: Step | None = next((step for step in _reachable(steps, gate) if type(step) is kind), None)
    if joined is None:
        joined = _empty(kind, n_qubits)
        steps.append(joined)
    if isinstance(joined, Rotations):
        joined.gates.setdefault(gate.qubits[0], []).append(gate)
    elif isinstance(joined, Permutation):
        joined.qubits |= set(gate.qubits)
        joined.destination = _moved(joined.destination, gate)
    elif isinstance(joined, Phases):
        joined.qubits |= set(gate.qubits)
        joined.gates.append(gate)


def _reachable(steps: list[Step], gate: Gate) -> Iterator[Step]:
    """The steps that the gate may join, from the last one back: up to the first that acts on its qubits, included."""
    for step in reversed(steps):
        yield step
        if step.qubits & set(gate.qubits):
            return


def _empty(kind: type[Rotations | Permutation | Phases], n_qubits: int) -> Step:
    if kind is Rotations:
        return Rotations()
    if kind is Permutation:
        index = torch.arange(2**n_qubits, dtype=torch.int32)
        return Permutation(set(), index, index)
    return Phases(set(), [])


def _follow_clips(gates: Iterable[Gate]) -> bool:
    return any(gate.angle is not None and gate.angle.feature is not None for gate in gates)


def _moved(index: Tensor, gate: Gate) -> Tensor:
    first, second = gate.qubits
    if gate.name == "cx":
        return index ^ (((index >> first) & 1) << second)
    differ = ((index >> first) ^ (index >> second)) & 1
    return index ^ (differ << first) ^ (differ << second)
