# quantum/circuits/variational.py
"""Trainable layers around a Fourier transform, as a torch module on batches of states.

    states [batch, amplitude]  ->  states [batch, amplitude]        real or complex in, complex out

The precision follows the angles: float32 angles give complex64 states, `circuit.double()` gives complex128.
The same circuit as Qiskit gates is `quantum.circuits.gates.variational_circuit`.
"""

import math

import torch
from torch import Tensor, nn

from quantum.circuits.description import CircuitDescription
from quantum.engine.fourier import fourier_transform
from quantum.engine.kernels import (
    apply_blocks,
    cx_ring_permutation,
    cz_ring_signs,
    permute_amplitudes,
    rotation_blocks,
)


class VariationalCircuit(nn.Module):
    """The circuit of a description with angles of its own, trainable or frozen at their random start."""

    angles: Tensor  # [layer, qubit, 2]: (rz, ry) in radians
    source: Tensor
    destination: Tensor
    signs: Tensor

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
        source, destination = cx_ring_permutation(description.n_qubits)
        self.register_buffer("source", source, persistent=False)
        self.register_buffer("destination", destination, persistent=False)
        self.register_buffer("signs", cz_ring_signs(description.n_qubits), persistent=False)

    def forward(self, states: Tensor) -> Tensor:
        """The states behind the circuit, before measurement."""
        description = self.description
        states = states.to(torch.complex128 if self.angles.dtype == torch.float64 else torch.complex64)
        upper, lower = rotation_blocks(self.angles)
        for layer in range(description.n_layers_before):
            states = self._entangle(apply_blocks(states, upper[layer], lower[layer]))
        if description.fourier_register is not None:
            states = fourier_transform(states, *description.fourier_register)
        for layer in range(description.n_layers_before, description.n_layers):
            states = self._entangle(apply_blocks(states, upper[layer], lower[layer]))
        return states

    def _entangle(self, states: Tensor) -> Tensor:
        if self.description.entangler == "cx-ring":
            return permute_amplitudes(states, self.source, self.destination)
        return states * self.signs if self.description.entangler == "cz-ring" else states
