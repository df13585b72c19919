# quantum/engine/compiled_blocks.py
"""Kronecker blocks compiled for the CPU: the arithmetic of `torch_blocks`, without a call of torch for each product.

gates       [matrix, qubit, 2 * 2]              of `compiled_gates`; matrix = step * n_clips + clip
block       [matrix, 2**size, 2**size]
gradients   conjugated within, so that nothing has to be conjugated on the way back
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from quantum.engine.compiled_gates import gates

if TYPE_CHECKING:
    from quantum.engine.block_table import BlockTable

Array = NDArray[Any]


def blocks(angles: Tensor, table: "BlockTable", dtype: torch.dtype) -> tuple[Tensor, ...]:
    """For each block of qubits, its matrices in every step."""
    made: tuple[Tensor, ...] = _Blocks.apply(gates(angles, table, dtype), table.sizes)
    return made


class _Blocks(torch.autograd.Function):
    """The Kronecker products of neighbouring qubits' matrices."""

    @staticmethod
    def forward(ctx: Any, qubits: Tensor, sizes: Sequence[int]) -> tuple[Tensor, ...]:
        ctx.gates, ctx.sizes, ctx.shape = qubits.detach().flatten(0, -3).numpy(), sizes, qubits.shape
        made, first = [], 0
        for size in sizes:
            block = torch.empty(*qubits.shape[:-2], 2**size, 2**size, dtype=qubits.dtype)
            _kronecker(ctx.gates, first, size, block.view(-1, 2**size, 2**size).numpy())
            made.append(block)
            first += size
        return tuple(made)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        of_qubits = np.empty_like(ctx.gates)
        first = 0
        for size, gradient in zip(ctx.sizes, gradients, strict=True):
            conjugate = gradient.conj().resolve_conj().resolve_neg().contiguous().view(-1, 2**size, 2**size)
            _kronecker_gradient(ctx.gates, first, size, conjugate.numpy(), of_qubits)
            first += size
        return torch.from_numpy(of_qubits).conj().view(ctx.shape), None


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _kronecker(qubits: Array, first: int, size: int, block: Array) -> None:
    side = 1 << size
    products = np.empty((size, side, side), block.dtype)
    for matrix in range(len(block)):
        _lower_products(qubits[matrix], first, size, products)
        block[matrix] = products[size - 1]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _kronecker_gradient(qubits: Array, first: int, size: int, gradients: Array, of_qubits: Array) -> None:
    """From the last qubit down: its matrix's gradient, then what is left for the product of those below it."""
    side = 1 << size
    products = np.empty((size, side, side), gradients.dtype)
    arriving = np.empty((side, side), gradients.dtype)
    for matrix in range(len(gradients)):
        _lower_products(qubits[matrix], first, size - 1, products)
        arriving[:] = gradients[matrix]
        for number in range(size - 1, 0, -1):
            half = 1 << number
            factor = qubits[matrix, first + number]
            for upper_row in range(2):
                for upper_column in range(2):
                    total = gradients.dtype.type(0)
                    for row in range(half):
                        for column in range(half):
                            total += (
                                arriving[upper_row * half + row, upper_column * half + column]
                                * products[number - 1, row, column]
                            )
                    of_qubits[matrix, first + number, 2 * upper_row + upper_column] = total
            for row in range(half):
                for column in range(half):
                    arriving[row, column] = (
                        factor[0] * arriving[row, column]
                        + factor[1] * arriving[row, half + column]
                        + factor[2] * arriving[half + row, column]
                        + factor[3] * arriving[half + row, half + column]
                    )
        for entry in range(4):
            of_qubits[matrix, first, entry] = arriving[entry // 2, entry % 2]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _lower_products(qubits: Array, first: int, n_lower: int, products: Array) -> None:
    """products[k, :2**(k + 1), :2**(k + 1)]: the Kronecker product of the first k + 1 qubits of a block."""
    for number in range(n_lower):
        factor = qubits[first + number]
        half = 1 << number
        for upper_row in range(2):
            for upper_column in range(2):
                value = factor[2 * upper_row + upper_column]
                if number == 0:
                    products[0, upper_row, upper_column] = value
                    continue
                for row in range(half):
                    for column in range(half):
                        products[number, upper_row * half + row, upper_column * half + column] = (
                            value * products[number - 1, row, column]
                        )
