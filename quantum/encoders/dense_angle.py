# quantum/encoders/dense_angle.py
"""Dense angle code: two pooled intensities on each qubit, as its latitude RY and its longitude RZ. No two-qubit gate.

    qubit i   cos(scale x / 2) |0> + exp(i scale x') sin(scale x / 2) |1>     x feature 2 i, x' feature 2 i + 1

LaRose & Coyle, Phys. Rev. A 102, 032420 (2020), arXiv 2003.01695, definition 4, up to a phase of the whole qubit.
"""

import math
from dataclasses import dataclass

from classical_baselines.harness.pooling import Pool
from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.encoders.circuit_code import FeatureCode, check_circuit_code


@dataclass(frozen=True)
class DenseAngleEncoder(FeatureCode):
    """The options of a dense angle code."""

    pool: Pool = (8, 12)  # (mel, frame) means: 32 x 64 becomes 4 x 5, 10 qubits
    scale_radians: float = math.pi  # of an intensity of 1

    def __post_init__(self) -> None:
        check_circuit_code(self.pool, self.scale_radians)

    def n_qubits(self, n_features: int) -> int:
        return -(-n_features // 2)

    def circuit(self, n_features: int) -> Circuit:
        turned = (
            Gate(("ry", "rz")[one % 2], (one // 2,), Angle(feature=one, scale=self.scale_radians))
            for one in range(n_features)
        )
        return Circuit(self.n_qubits(n_features), tuple(turned))
