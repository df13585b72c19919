# quantum/engine/kernels.py
"""Layers of a circuit on a batch of state vectors, each as few large tensor operations.

    states   [batch, amplitude]   complex, unit norm; amplitude = 2**n_qubits
    angles   [layer, qubit, 2]    (rz, ry) in radians

Bit order is Qiskit's: qubit q is bit q of the amplitude index, so qubit 0 is the least significant.

A layer of one-qubit gates is the Kronecker product of its 2 x 2 matrices. It is applied as two blocks, one
for the upper and one for the lower half of the qubits: two matrix products instead of one per gate. A ring of
CX only moves amplitudes (a permutation); a ring of CZ only changes signs.
"""

from typing import Any

import torch
from torch import Tensor

MAX_QUBITS = 14  # 16,384 amplitudes per clip: what a batch on one CPU core can be trained with


def qubits_of(n_amplitudes: int) -> int:
    """log2, or an error that says what is allowed.

    >>> qubits_of(256)
    8
    """
    n_qubits = n_amplitudes.bit_length() - 1
    if n_amplitudes != 2**n_qubits or not 1 <= n_qubits <= MAX_QUBITS:
        raise ValueError(
            f"A state has 2**n amplitudes, 1 <= n <= {MAX_QUBITS}; got {n_amplitudes}. Pool to a power of two."
        )
    return n_qubits


def rotation_matrices(angles: Tensor) -> Tensor:
    """RY(angles[..., 1]) RZ(angles[..., 0]) as [..., 2, 2] complex matrices: RZ acts first."""
    half = angles / 2
    phase, cosine, sine = half[..., 0], torch.cos(half[..., 1]), torch.sin(half[..., 1])
    forward = torch.polar(torch.ones_like(phase), phase)  # exp(+i rz / 2), for |1>
    backward = forward.conj()
    return torch.stack([cosine * backward, -sine * forward, sine * backward, cosine * forward], dim=-1).unflatten(
        -1, (2, 2)
    )


def kronecker_product(matrices: Tensor) -> Tensor:
    """[..., qubit, 2, 2] -> [..., 2**n, 2**n]: the last qubit is the leftmost factor, as in Qiskit's bit order."""
    product = matrices.new_ones(*matrices.shape[:-3], 1, 1)
    for qubit in range(matrices.shape[-3]):
        left = matrices[..., qubit, :, None, :, None]
        product = (left * product[..., None, :, None, :]).flatten(-2).flatten(-3, -2)
    return product


def rotation_blocks(angles: Tensor) -> tuple[Tensor, Tensor]:
    """The Kronecker products of the upper and of the lower qubits, [layer, dimension, dimension] each."""
    matrices = rotation_matrices(angles)
    n_lower = angles.shape[-2] // 2
    return kronecker_product(matrices[..., n_lower:, :, :]), kronecker_product(matrices[..., :n_lower, :, :])


def apply_blocks(states: Tensor, upper: Tensor, lower: Tensor) -> Tensor:
    """Apply kron(upper, lower) to each row of [batch, amplitude]."""
    grid = states.reshape(-1, upper.shape[-1], lower.shape[-1])
    return torch.matmul(upper, grid @ lower.T).reshape(states.shape)


class _Permutation(torch.autograd.Function):
    """Gather columns; the gradient gathers them back, where autograd's own would scatter and add."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, source: Tensor, destination: Tensor) -> Tensor:
        ctx.save_for_backward(source, destination)
        return states.index_select(-1, source)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        source, destination = ctx.saved_tensors
        return _Permutation.apply(gradients[0], destination, source), None, None


def permute_amplitudes(states: Tensor, source: Tensor, destination: Tensor) -> Tensor:
    """new[:, i] = old[:, source[i]]; `destination` is the inverse permutation of `source`."""
    permuted: Tensor = _Permutation.apply(states, source, destination)
    return permuted


def ring_pairs(n_qubits: int) -> tuple[tuple[int, int], ...]:
    """(control, target) of a ring of two-qubit gates, in the order in which they act.

    >>> ring_pairs(3)
    ((0, 1), (1, 2), (2, 0))
    """
    if n_qubits < 2:
        return ()
    if n_qubits == 2:
        return ((0, 1),)
    return tuple((qubit, (qubit + 1) % n_qubits) for qubit in range(n_qubits))


def cx_ring_permutation(n_qubits: int) -> tuple[Tensor, Tensor]:
    """(source, destination) of the ring of CX gates, for `permute_amplitudes`."""
    destination = torch.arange(2**n_qubits)
    for control, target in ring_pairs(n_qubits):
        destination = destination ^ (((destination >> control) & 1) << target)
    return torch.argsort(destination), destination


def cz_ring_signs(n_qubits: int) -> Tensor:
    """[amplitude]: +1 or -1, the diagonal of the ring of CZ gates."""
    index = torch.arange(2**n_qubits)
    n_both = torch.zeros_like(index)
    for first, second in ring_pairs(n_qubits):
        n_both += (index >> first) & (index >> second) & 1
    return 1.0 - 2.0 * (n_both % 2).to(torch.get_default_dtype())
