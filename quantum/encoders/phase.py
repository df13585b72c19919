# quantum/encoders/phase.py
"""Phase (Fourier) code: each qubit in the middle between 0 and 1, its phase turned by the pooled intensity.

    qubit i   (|0> + exp(i scale x) |1>) / sqrt(2)

All outcomes are equally likely until something interferes: what is encoded shows behind a Fourier transform or a
rotation, not before. No two-qubit gate.
"""

from dataclasses import dataclass

from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.encoders.qubit_each import QubitEach


@dataclass(frozen=True)
class PhaseEncoder(QubitEach):
    """The options of a phase code."""

    def circuit(self, n_features: int) -> Circuit:
        spread = [Gate("h", (one,)) for one in range(n_features)]
        turned = [Gate("p", (one,), Angle(feature=one, scale=self.scale_radians)) for one in range(n_features)]
        return Circuit(n_features, (*spread, *turned))
