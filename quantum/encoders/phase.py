# quantum/encoders/phase.py
"""Phase (Fourier) code: each qubit in the middle between 0 and 1, its phase turned by the pooled intensity.

    qubit i   (|0> + exp(i scale x) |1>) / sqrt(2)

All outcomes are equally likely until something interferes: what is encoded shows behind a Fourier transform or a
rotation, not before. No two-qubit gate.
"""

import math
from dataclasses import dataclass

from classical_baselines.harness.pooling import Pool
from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.encoders.circuit_code import CircuitCode, check_circuit_code


@dataclass(frozen=True)
class PhaseEncoder(CircuitCode):
    """The options of a phase code."""

    pool: Pool = (8, 21)  # (mel, frame) means: 32 x 64 becomes 4 x 3, 12 qubits
    scale_radians: float = math.pi  # of an intensity of 1

    def __post_init__(self) -> None:
        check_circuit_code(self.pool, self.scale_radians)

    def n_qubits(self, n_features: int) -> int:
        return n_features

    def circuit(self, n_features: int) -> Circuit:
        spread = [Gate("h", (one,)) for one in range(n_features)]
        turned = [Gate("p", (one,), Angle(feature=one, scale=self.scale_radians)) for one in range(n_features)]
        return Circuit(n_features, (*spread, *turned))
