# quantum/encoders/angle.py
"""Angle code: a qubit for each pooled intensity x, turned by RY(scale * x). No two-qubit gate, depth 1.

    state   product over features of cos(scale x / 2) |0> + sin(scale x / 2) |1>

Schuld & Petruccione, Supervised Learning with Quantum Computers (2018), chapter 5; qubit i holds feature i.
"""

import math
from dataclasses import dataclass

from classical_baselines.harness.pooling import Pool
from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.encoders.circuit_code import CircuitCode, check_circuit_code


@dataclass(frozen=True)
class AngleEncoder(CircuitCode):
    """The options of an angle code."""

    pool: Pool = (8, 21)  # (mel, frame) means: 32 x 64 becomes 4 x 3, 12 qubits
    scale_radians: float = math.pi  # of an intensity of 1

    def __post_init__(self) -> None:
        check_circuit_code(self.pool, self.scale_radians)

    def n_qubits(self, n_features: int) -> int:
        return n_features

    def circuit(self, n_features: int) -> Circuit:
        turned = (Gate("ry", (one,), Angle(feature=one, scale=self.scale_radians)) for one in range(n_features))
        return Circuit(n_features, tuple(turned))
