# quantum/engine/kronecker.py
"""Kronecker products of the 2 x 2 matrices of neighbouring qubits, and the way back, in few operations.

matrices   [one, qubit, 2, 2]     complex
product    [one, 2**n, 2**n]      the last qubit is the leftmost factor, as in Qiskit's bit order
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def kronecker_products(matrices: Tensor) -> list[Tensor]:
    """The products of the first 1, 2, ... n qubits; the last one is the whole."""
    products = [matrices[:, 0]]
    for qubit in range(1, matrices.shape[1]):
        left = matrices[:, qubit, :, None, :, None]
        products.append((left * products[-1][:, None, :, None, :]).flatten(3, 4).flatten(1, 2))
    return products


def kronecker_gradient(matrices: Tensor, products: Sequence[Tensor], gradient: Tensor) -> Tensor:
    """That of every qubit's matrix, [one, qubit, 2, 2], from that of the whole product; both conjugated, so that
    nothing has to be conjugated on the way: each factor's is a plain sum of the product's against the other factor."""
    n = len(matrices)
    found = []
    for qubit in reversed(range(1, matrices.shape[1])):
        half = gradient.shape[-1] // 2
        entries = gradient.reshape(n, 2, half, 2, half).transpose(2, 3).reshape(n, 4, half * half)
        found.append(torch.bmm(entries, products[qubit - 1].reshape(n, half * half, 1)))
        gradient = torch.bmm(matrices[:, qubit].reshape(n, 1, 4), entries).view(n, half, half)
    found.append(gradient.reshape(n, 4, 1))
    return torch.cat(found[::-1], 2).mT.reshape(n, -1, 2, 2)
