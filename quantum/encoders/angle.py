# quantum/encoders/angle.py
"""Angle code: a qubit for each pooled intensity x, turned by RY(scale * x). No two-qubit gate, depth 1.

    state   product over features of cos(scale x / 2) |0> + sin(scale x / 2) |1>

Schuld & Petruccione, Supervised Learning with Quantum Computers (2018), chapter 5; qubit i holds feature i.
"""

from dataclasses import dataclass

from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.encoders.qubit_each import QubitEach


@dataclass(frozen=True)
class AngleEncoder(QubitEach):
    """The options of an angle code."""

    def circuit(self, n_features: int) -> Circuit:
        turned = (Gate("ry", (one,), Angle(feature=one, scale=self.scale_radians)) for one in range(n_features))
        return Circuit(n_features, tuple(turned))
