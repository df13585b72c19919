# quantum/circuits/circuit.py
"""A circuit, described once: the engine runs it, Qiskit and OpenQASM 3 are given it, its gates are counted from it.

    operations   gates and Fourier transforms of registers, in the order in which they act
    angle        offset + scale * (a weight, or a feature of the clip)        in radians

Conventions, those of Qiskit: qubit q is bit q of the amplitude index, so qubit 0 is the least significant; a rotation
is exp(-i angle / 2 * P); the Fourier transform has the sign + (`quantum.engine.fourier`). A circuit is frozen and
hashable: what is compiled or counted of it is kept by it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from classical_baselines.harness.choices import InputError

MOST_QUBITS = 24  # 16,777,216 amplitudes: 256 MiB in double precision
FIXED_ONE_QUBIT = ("h", "x", "y", "z", "s", "sdg", "sx", "sxdg")
ROTATIONS = ("rx", "ry", "rz", "p")
FIXED_TWO_QUBIT = ("cx", "cz", "swap")
TWO_QUBIT_PHASES = ("cp", "rzz")
GATES = FIXED_ONE_QUBIT + ROTATIONS + FIXED_TWO_QUBIT + TWO_QUBIT_PHASES
WITH_ANGLE = ROTATIONS + TWO_QUBIT_PHASES


@dataclass(frozen=True)
class Angle:
    """offset + scale * weights[weight], or offset + scale * features[feature], or the offset alone, in radians."""

    offset: float = 0.0
    weight: int | None = None
    feature: int | None = None
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.weight is not None and self.feature is not None:
            raise InputError("An angle follows a weight or a feature, not both.")
        for name, number in (("weight", self.weight), ("feature", self.feature)):
            if number is not None and number < 0:
                raise InputError(f"The {name} of an angle is counted from 0; got {number}.")
        for name, radians in (("offset", self.offset), ("scale", self.scale)):
            if not math.isfinite(radians):
                raise InputError(f"The {name} of an angle must be a finite number; got {radians}.")


@dataclass(frozen=True)
class Gate:
    """A gate by Qiskit's name, its qubits (a control first), and its angle where it has one."""

    name: str
    qubits: tuple[int, ...]
    angle: Angle | None = None

    def __post_init__(self) -> None:
        if self.name not in GATES:
            raise InputError(f"No gate is called {self.name!r}. Choose one of: {', '.join(GATES)}.")
        n = 1 if self.name in FIXED_ONE_QUBIT + ROTATIONS else 2
        if len(self.qubits) != n or len(set(self.qubits)) != n:
            raise InputError(f"{self.name} acts on {n} different qubits; got {self.qubits}.")
        if (self.angle is not None) != (self.name in WITH_ANGLE):
            raise InputError(f"{self.name} takes {'an' if self.name in WITH_ANGLE else 'no'} angle; got {self.angle}.")


@dataclass(frozen=True)
class Fourier:
    """The Fourier transform of the qubits first ... first + n_qubits - 1, or its inverse.

    `degree` leaves out the controlled phases of pi / 2**k for the `degree` largest k, as Qiskit's
    `approximation_degree`; `swaps = False` leaves the bits in reversed order, as circuits do that are read out next.
    """

    first: int
    n_qubits: int
    inverse: bool = False
    degree: int = 0
    swaps: bool = True

    def __post_init__(self) -> None:
        if self.first < 0 or self.n_qubits < 1:
            raise InputError(
                f"A register holds at least one qubit, from qubit 0 on; got {self.n_qubits} from {self.first}."
            )
        if not 0 <= self.degree < max(self.n_qubits, 1):
            raise InputError(
                f"degree must lie in 0 to {self.n_qubits - 1}, for {self.n_qubits} qubits; got {self.degree}."
            )

    @property
    def qubits(self) -> tuple[int, ...]:
        """The register, least significant qubit first."""
        return tuple(range(self.first, self.first + self.n_qubits))

    def gates(self) -> tuple[Gate, ...]:
        """Its textbook circuit: for each qubit a Hadamard and controlled phases, then the swaps.

        Coppersmith, IBM RC 19642 (1994), arXiv quant-ph/0201067.
        """
        register, n = self.qubits, self.n_qubits
        made: list[Gate] = []
        for target in reversed(range(n)):
            made.append(Gate("h", (register[target],)))
            for distance in range(1, target + 1):
                if distance < n - self.degree:
                    phase = Angle(math.pi / 2**distance)
                    made.append(Gate("cp", (register[target - distance], register[target]), phase))
        if self.swaps:
            made += [Gate("swap", (register[low], register[n - 1 - low])) for low in range(n // 2)]
        return tuple(map(inverse_of, reversed(made))) if self.inverse else tuple(made)


Operation = Gate | Fourier


def inverse_of(gate: Gate) -> Gate:
    """The gate that undoes it."""
    if gate.angle is not None:
        back = Angle(-gate.angle.offset, gate.angle.weight, gate.angle.feature, -gate.angle.scale)
        return Gate(gate.name, gate.qubits, back)
    others = {"s": "sdg", "sdg": "s", "sx": "sxdg", "sxdg": "sx"}
    return Gate(others.get(gate.name, gate.name), gate.qubits)


@dataclass(frozen=True)
class Circuit:
    """Operations on `n_qubits` qubits; what is measured behind them is the reader's choice."""

    n_qubits: int
    operations: tuple[Operation, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.n_qubits <= MOST_QUBITS:
            raise InputError(f"n_qubits must lie in 1 to {MOST_QUBITS}; got {self.n_qubits}.")
        for operation in self.operations:
            if not all(0 <= qubit < self.n_qubits for qubit in operation.qubits):
                raise InputError(
                    f"{_named(operation)} reaches outside the circuit: it acts on the qubits {operation.qubits}, "
                    f"and there are {self.n_qubits}, from 0 to {self.n_qubits - 1}."
                )

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """Every operation as gates."""
        made: list[Gate] = []
        for operation in self.operations:
            made += operation.gates() if isinstance(operation, Fourier) else [operation]
        return tuple(made)

    @cached_property
    def n_weights(self) -> int:
        """Trainable angles."""
        return _n_named(gate.angle.weight for gate in self._with_angles)

    @cached_property
    def n_features(self) -> int:
        """Numbers of a clip that angles follow."""
        return _n_named(gate.angle.feature for gate in self._with_angles)

    @property
    def _with_angles(self) -> "list[_GateWithAngle]":
        return [one for one in self.operations if isinstance(one, Gate) and one.angle is not None]  # type: ignore[misc]


class _GateWithAngle(Gate):
    angle: Angle


def _n_named(numbers: Iterable[int | None]) -> int:
    return 1 + max((number for number in numbers if number is not None), default=-1)


def _named(operation: Operation) -> str:
    return f"the gate {operation.name}" if isinstance(operation, Gate) else "the Fourier transform"


def layer_of(name: str, qubits: Sequence[int], first_weight: int) -> tuple[Gate, ...]:
    """One rotation of each qubit, by a weight of its own."""
    return tuple(Gate(name, (qubit,), Angle(weight=first_weight + number)) for number, qubit in enumerate(qubits))
