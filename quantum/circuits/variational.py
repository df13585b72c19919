# quantum/circuits/variational.py
"""Trainable layers around a Fourier transform, as a torch module on batches of states.

    states [batch, amplitude]  ->  states [batch, amplitude]        real or complex in, complex out

The precision follows the angles: float32 angles give complex64 states, `circuit.double()` gives complex128.
The same circuit as Qiskit gates is `qiskit_circuit(described_circuit(description), angles.flatten())`.
"""

import math

import torch
from torch import Tensor, nn

from quantum.circuits.description import CircuitDescription, described_circuit
from quantum.engine.execution import Engine


class VariationalCircuit(nn.Module):
    """The circuit of a description with angles of its own, trainable or frozen at their random start."""

    angles: Tensor  # [layer, qubit, 2]: (rz, ry) in radians

    def __init__(self, description: CircuitDescription, *, spread_radians: float = 0.3, frozen: bool = False) -> None:
        super().__init__()
        self.description = description
        shape = (description.n_layers, description.n_qubits, 2)
        # A frozen circuit is a random one: its angles are uniform, not near the identity.
        start = (2 * torch.rand(shape) - 1) * math.pi if frozen else spread_radians * torch.randn(shape)
        if frozen:
            self.register_buffer("angles", start)
        else:
            self.angles = nn.Parameter(start)
        self.engine = Engine(described_circuit(description))

    def forward(self, states: Tensor) -> Tensor:
        """The states behind the circuit, before measurement."""
        behind: Tensor = self.engine(states, self.angles.flatten())
        return behind
