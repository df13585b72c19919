# quantum/engine/kronecker.py
"""Kronecker products of the 2 x 2 matrices of neighbouring qubits, with their gradient in few operations.

matrices   [..., qubit, 2, 2]     complex
product    [..., 2**n, 2**n]      the last qubit is the leftmost factor, as in Qiskit's bit order
"""

from typing import Any

import torch
from torch import Tensor


def kronecker_product(matrices: Tensor) -> Tensor:
    """The product of all qubits' matrices."""
    product: Tensor = _KroneckerProduct.apply(matrices)
    return product


class _KroneckerProduct(torch.autograd.Function):
    """product[k] = matrix[k] (x) product[k - 1]; backwards, each factor's gradient is a sum against the other."""

    @staticmethod
    def forward(ctx: Any, matrices: Tensor) -> Tensor:
        products = [matrices[..., 0, :, :]]
        for qubit in range(1, matrices.shape[-3]):
            left = matrices[..., qubit, :, None, :, None]
            products.append((left * products[-1][..., None, :, None, :]).flatten(-2).flatten(-3, -2))
        ctx.save_for_backward(matrices, *products[:-1])
        return products[-1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor]:
        matrices, *products = ctx.saved_tensors
        leading = matrices.shape[:-3]
        gradient = gradients[0]
        found = []
        for qubit in reversed(range(1, matrices.shape[-3])):
            half = gradient.shape[-1] // 2
            entries = gradient.reshape(*leading, 2, half, 2, half).transpose(-3, -2).reshape(*leading, 4, half * half)
            right = products[qubit - 1].reshape(*leading, half * half, 1)
            found.append((entries @ right.conj()).reshape(*leading, 2, 2))
            left = matrices[..., qubit, :, :].reshape(*leading, 1, 4)
            gradient = (left.conj() @ entries).reshape(*leading, half, half)
        found.append(gradient)
        return (torch.stack(found[::-1], -3),)
