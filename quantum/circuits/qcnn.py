# quantum/circuits/qcnn.py
"""The circuit of a quantum convolutional network: unitaries on neighbours, then every second qubit is pooled away.

    stage       convolutions of two-qubit unitaries, on the pairs (0, 1), (2, 3), ... and then (1, 2), (3, 4), ...
                pooling of each pair (source, kept): the source turns the kept qubit and is read no more

Cong, Choi & Lukin, Nature Physics 15, 1273 (2019), arXiv 1810.03787. A two-qubit unitary is any of SU(4), by 15 angles
and three CX (Vatan & Williams, Phys. Rev. A 69, 032315 (2004), arXiv quant-ph/0308006). Pooling is by a controlled RZ
and, where the source is 0, a controlled RX (Hur, Kim & Park, Quantum Machine Intelligence 4, 3 (2022), arXiv
2108.00661). Nothing acts on a source behind its pooling, so measuring it first and turning the other qubit by what came
out gives the same (deferred measurement).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Angle, Circuit, Fourier, Gate, Operation
from quantum.engine.amplitudes import MAX_QUBITS

ANGLES_OF_A_UNITARY = 15
ANGLES_OF_A_POOLING = 2


@dataclass(frozen=True)
class QcnnDescription:
    """The structure of the circuit; frozen, so it can key a cache."""

    n_qubits: int
    n_stages: int = 1
    n_convolutions: int = 1  # of a stage
    shared: bool = True  # one unitary for all pairs of a convolution, as the source has it; False: one for each
    entangle: bool = True  # False: no two-qubit gates; what would be pooled away is just not read
    fourier_registers: tuple[tuple[int, int], ...] = ()  # transformed before the first stage

    def __post_init__(self) -> None:
        if not 2 <= self.n_qubits <= MAX_QUBITS:
            raise InputError(f"A quantum convolutional network has 2 to {MAX_QUBITS} qubits; got {self.n_qubits}.")
        if self.n_convolutions < 1:
            raise InputError(f"n_convolutions must be at least 1; got {self.n_convolutions}.")
        most = self.n_qubits.bit_length() - 1
        if not 1 <= self.n_stages <= most:
            raise InputError(
                f"n_stages must lie in 1 to {most}, for {self.n_qubits} qubits of which each stage keeps half; "
                f"got {self.n_stages}."
            )

    @property
    def kept(self) -> tuple[int, ...]:
        """The qubits that are read behind the last stage, lowest first."""
        active = tuple(range(self.n_qubits))
        for _ in range(self.n_stages):
            active = active[1::2]
        return active


@lru_cache(maxsize=64)
def qcnn_circuit(description: QcnnDescription) -> Circuit:
    """Its operations."""
    operations: list[Operation] = [Fourier(*register) for register in description.fourier_registers]
    active = tuple(range(description.n_qubits))
    weight = 0
    for _ in range(description.n_stages):
        for _ in range(description.n_convolutions):
            for pair in neighbours(active):
                operations += two_qubit_unitary(*pair, weight, entangle=description.entangle)
                weight += 0 if description.shared else ANGLES_OF_A_UNITARY
            weight += ANGLES_OF_A_UNITARY if description.shared else 0
        if description.entangle:
            for source, kept in zip(active[::2], active[1::2], strict=False):
                operations += pooling(source, kept, weight)
            weight += ANGLES_OF_A_POOLING
        active = active[1::2]
    return Circuit(description.n_qubits, tuple(operations))


def neighbours(qubits: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Pairs of a convolution, in the order in which they act.

    >>> neighbours((0, 1, 2, 3, 4))
    ((0, 1), (2, 3), (1, 2), (3, 4))
    """
    pairs = list(pairwise(qubits))
    return tuple(pairs[::2] + pairs[1::2])


def two_qubit_unitary(first: int, second: int, weight: int, *, entangle: bool = True) -> tuple[Gate, ...]:
    """15 angles from `weight` on: any of SU(4); without entangling gates any product of one-qubit unitaries."""

    def turned(name: str, qubit: int, number: int) -> Gate:
        return Gate(name, (qubit,), Angle(weight=weight + number))

    def any_rotation(qubit: int, number: int) -> list[Gate]:
        return [turned(name, qubit, number + place) for place, name in enumerate(("rz", "ry", "rz"))]

    def crossed(control: int, target: int) -> list[Gate]:
        return [Gate("cx", (control, target))] if entangle else []

    return (
        *any_rotation(first, 0),
        *any_rotation(second, 3),
        *crossed(second, first),
        turned("rz", first, 6),
        turned("ry", second, 7),
        *crossed(first, second),
        turned("ry", second, 8),
        *crossed(second, first),
        *any_rotation(first, 9),
        *any_rotation(second, 12),
    )


def pooling(source: int, kept: int, weight: int) -> tuple[Gate, ...]:
    """RZ of the kept qubit where the source is 1, RX where it is 0; two angles from `weight` on."""
    flip, basis = Gate("x", (source,)), Gate("h", (kept,))
    return (
        *_controlled_rz(source, kept, weight),
        flip,
        basis,
        *_controlled_rz(source, kept, weight + 1),
        basis,
        flip,
    )


def _controlled_rz(control: int, target: int, weight: int) -> tuple[Gate, ...]:
    half, back = Angle(weight=weight, scale=0.5), Angle(weight=weight, scale=-0.5)
    crossed = Gate("cx", (control, target))
    return Gate("rz", (target,), half), crossed, Gate("rz", (target,), back), crossed
