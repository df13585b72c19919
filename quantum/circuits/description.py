"""One description of a circuit, from which the torch layer, the Qiskit circuit and the gate counts are made.

    layers before  ->  QFT of one register  ->  layers after  ->  every qubit measured in the Z basis

A layer is RZ and RY on each qubit, then a ring of two-qubit gates. RZ stands first: behind the last RY it
would change phases only, which no measurement sees.
"""

from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from quantum.engine.kernels import MAX_QUBITS, ring_pairs

ENTANGLERS = ("cx-ring", "cz-ring", "none")


@dataclass(frozen=True)
class CircuitDescription:
    """The structure of a trainable circuit without its angles; frozen, so it can key a cache."""

    n_qubits: int
    n_layers_before: int = 2
    n_layers_after: int = 2
    entangler: str = "cx-ring"  # cx-ring, cz-ring or none
    fourier_register: tuple[int, int] | None = None  # (first qubit, number of qubits); None: no Fourier transform

    def __post_init__(self) -> None:
        if not 1 <= self.n_qubits <= MAX_QUBITS:
            raise InputError(f"n_qubits must lie in 1 to {MAX_QUBITS}; got {self.n_qubits}.")
        if self.n_layers_before < 0 or self.n_layers_after < 0:
            raise InputError(f"Layers are counted from 0; got {self.n_layers_before} and {self.n_layers_after}.")
        if self.entangler not in ENTANGLERS:
            raise InputError(f"No entangler is called {self.entangler!r}. Choose one of: {', '.join(ENTANGLERS)}.")
        if self.fourier_register is not None:
            first, n_register = self.fourier_register
            if not (first >= 0 and n_register >= 1 and first + n_register <= self.n_qubits):
                raise InputError(
                    f"fourier_register must lie within {self.n_qubits} qubits; got {n_register} from {first}."
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
