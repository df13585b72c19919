# quantum/circuits/variational.py
"""A circuit with trainable angles, as a torch module on batches of states.

    states     [batch, amplitude]  ->  states [batch, amplitude]        real or complex in, complex out
    features   [batch, feature]        radians, where the circuit's angles follow the clip

The precision follows the angles: float32 angles give complex64 states, `circuit.double()` gives complex128.
The same circuit as Qiskit gates is `qiskit_circuit(structure, angles)`.
"""

import math

import torch
from torch import Tensor, nn

from quantum.circuits.circuit import Circuit
from quantum.engine.execution import Engine


class VariationalCircuit(nn.Module):
    """A circuit with angles of its own, trainable or frozen at their random start."""

    angles: Tensor  # [weight], radians

    def __init__(self, structure: Circuit, *, spread_radians: float = 0.3, frozen: bool = False) -> None:
        super().__init__()
        self.structure = structure
        shape = (structure.n_weights,)
        # A frozen circuit is a random one: its angles are uniform, not near the identity.
        start = (2 * torch.rand(shape) - 1) * math.pi if frozen else spread_radians * torch.randn(shape)
        if frozen:
            self.register_buffer("angles", start)
        else:
            self.angles = nn.Parameter(start)
        self.engine = Engine(structure)

    def forward(self, states: Tensor, features: Tensor | None = None) -> Tensor:
        """The states behind the circuit, before measurement."""
        behind: Tensor = self.engine(states, self.angles, features)
        return behind
