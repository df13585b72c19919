# quantum/encoders/qubit_each.py
"""What the codes have in common that give each pooled intensity a qubit of its own: qubit i holds feature i."""

import math
from dataclasses import dataclass

from classical_baselines.harness.pooling import Pool
from quantum.encoders.circuit_code import FeatureCode, check_circuit_code


@dataclass(frozen=True)
class QubitEach(FeatureCode):
    """The options of such a code."""

    pool: Pool = (8, 21)  # (mel, frame) means: 32 x 64 becomes 4 x 3, 12 qubits
    scale_radians: float = math.pi  # of an intensity of 1, and of what is made of intensities

    def __post_init__(self) -> None:
        check_circuit_code(self.pool, self.scale_radians)

    def n_qubits(self, n_features: int) -> int:
        return n_features
