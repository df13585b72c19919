# quantum/circuits/description.py
"""The circuit of the hybrids: trainable layers around a Fourier transform, in a few numbers.

    layers before  ->  QFT of registers, one after the other  ->  layers after  ->  every qubit measured in the Z basis

A layer is RZ and RY on each qubit, then a ring of two-qubit gates. RZ stands first: behind the last RY it
would change phases only, which no measurement sees.
"""

from dataclasses import dataclass
from functools import lru_cache

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Angle, Circuit, Fourier, Gate, Operation
from quantum.circuits.random_unitary import random_unitary
from quantum.engine.amplitudes import MAX_QUBITS

ENTANGLERS = ("cx-ring", "cz-ring", "none")


@dataclass(frozen=True)
class CircuitDescription:
    """The structure of a trainable circuit without its angles; frozen, so it can key a cache.

    Its weights are [layer, qubit, 2] in one row: the angles of RZ and RY.
    """

    n_qubits: int
    n_layers_before: int = 2
    n_layers_after: int = 2
    entangler: str = "cx-ring"  # cx-ring, cz-ring or none
    fourier_registers: tuple[tuple[int, int], ...] = ()  # each (first qubit, number of qubits), transformed in turn
    fourier_degree: int = 0  # of approximation: how many of the smallest controlled phases are left out
    random_unitary: int | None = None  # a seed: a random unitary of each register in place of its Fourier transform

    def __post_init__(self) -> None:
        if not 1 <= self.n_qubits <= MAX_QUBITS:
            raise InputError(f"n_qubits must lie in 1 to {MAX_QUBITS}; got {self.n_qubits}.")
        if self.n_layers_before < 0 or self.n_layers_after < 0:
            raise InputError(f"Layers are counted from 0; got {self.n_layers_before} and {self.n_layers_after}.")
        if self.entangler not in ENTANGLERS:
            raise InputError(f"No entangler is called {self.entangler!r}. Choose one of: {', '.join(ENTANGLERS)}.")
        if self.random_unitary is not None:
            check_random_unitary(self.random_unitary, self.fourier_registers, self.fourier_degree)
        for first, n_register in self.fourier_registers:
            if not (first >= 0 and n_register >= 1 and first + n_register <= self.n_qubits):
                raise InputError(
                    f"A register to transform must lie within {self.n_qubits} qubits; got {n_register} from {first}."
                )
            if not 0 <= self.fourier_degree < n_register:
                raise InputError(
                    f"fourier_degree must lie in 0 to {n_register - 1}, for a register of {n_register} qubits; "
                    f"got {self.fourier_degree}."
                )

    @property
    def n_layers(self) -> int:
        """Trainable layers before and after the Fourier transform."""
        return self.n_layers_before + self.n_layers_after

    @property
    def n_parameters(self) -> int:
        """Angles: two per qubit and layer."""
        return 2 * self.n_qubits * self.n_layers

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The two-qubit gates of one layer."""
        return () if self.entangler == "none" else ring_pairs(self.n_qubits)


@lru_cache(maxsize=256)
def described_circuit(description: CircuitDescription) -> Circuit:
    """Its operations."""
    operations: list[Operation] = []
    for layer in range(description.n_layers + 1):
        if layer == description.n_layers_before:
            for number, (first, n_register) in enumerate(description.fourier_registers):
                if description.random_unitary is None:
                    operations.append(Fourier(first, n_register, degree=description.fourier_degree))
                else:
                    operations += random_unitary(first, n_register, (description.random_unitary, number))
        if layer == description.n_layers:
            break
        for qubit in range(description.n_qubits):
            first = 2 * (layer * description.n_qubits + qubit)
            operations.append(Gate("rz", (qubit,), Angle(weight=first)))
            operations.append(Gate("ry", (qubit,), Angle(weight=first + 1)))
        entangler = description.entangler.removesuffix("-ring")
        operations += [Gate(entangler, pair) for pair in description.pairs]
    return Circuit(description.n_qubits, tuple(operations))


def check_random_unitary(seed: int, registers: tuple[tuple[int, int], ...], fourier_degree: int) -> None:
    """Refuse a seed that is none, and a random unitary where there is no exact transform to stand for."""
    if seed < 0:
        raise InputError(f"random_unitary is a seed, 0 or more, or left out for the Fourier transform; got {seed}.")
    if not registers or fourier_degree:
        raise InputError(
            "random_unitary stands in place of the Fourier transform: leave fourier on and fourier_degree at 0."
        )


def ring_pairs(n_qubits: int) -> tuple[tuple[int, int], ...]:
    """(control, target) of a ring of two-qubit gates, in the order in which they act.

    >>> ring_pairs(3)
    ((0, 1), (1, 2), (2, 0))
    """
    if n_qubits < 2:
        return ()
    if n_qubits == 2:
        return ((0, 1),)
    return tuple((qubit, (qubit + 1) % n_qubits) for qubit in range(n_qubits))


def registers_of(names: str, grid: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The registers of axes that are joined by "+", in the order named; one transform of both axes in turn is that of
    a picture in two dimensions, and the frame register alone gives the modulation spectrum of each band.

    >>> registers_of("mel+frame", (32, 16))
    ((4, 5), (0, 4))
    """
    named = names.split("+")
    if len(set(named)) < len(named) or (len(named) > 1 and "all" in named):
        raise InputError(f"fourier_register names each axis once, and 'all' alone; got {names!r}.")
    return tuple(register_of(name, grid) for name in named)


def register_of(name: str, grid: tuple[int, ...]) -> tuple[int, int]:
    """(first qubit, number of qubits) of an axis of the amplitude grid, whose last axis runs fastest.

    >>> register_of("frame", (32, 16)), register_of("mel", (32, 16)), register_of("all", (32, 16))
    ((0, 4), (4, 5), (0, 9))
    """
    axes = ("channel", "mel", "frame")[-len(grid) :]
    sizes = [qubit_count(size) for size in grid]
    if name == "all":
        return 0, sum(sizes)
    if name not in axes:
        in_turn = f"; or axes in turn, joined by +, such as {'+'.join(axes[-2:])!r}" if len(axes) > 1 else ""
        raise InputError(f"No register is called {name!r}. Choose one of: all, {', '.join(axes)}{in_turn}.")
    position = axes.index(name)
    if sizes[position] == 0:
        raise InputError(f"The {name} register holds no qubit in the grid {grid}. Choose another fourier_register.")
    return sum(sizes[position + 1 :]), sizes[position]


def qubit_count(size: int) -> int:
    """log2 of a power of two, 1 included."""
    return size.bit_length() - 1
