# quantum/engine/compiled_blocks.py
"""Kronecker blocks compiled for the CPU: the arithmetic of `torch_blocks`, without a call of torch for each product.

chain       [depth, matrix, qubit, 2 * 2]       products of the first 1, 2, ... gates on a qubit within a step
block       [matrix, 2**size, 2**size]          matrix = step * n_clips + clip
gradients   conjugated, so that nothing has to be conjugated on the way back
"""

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

if TYPE_CHECKING:
    from quantum.engine.block_table import BlockTable

Array = NDArray[Any]


def blocks(angles: Tensor, table: "BlockTable", dtype: torch.dtype) -> tuple[Tensor, ...]:
    """For each block of qubits, its matrices in every step."""
    made: tuple[Tensor, ...] = _Blocks.apply(angles, table, dtype)
    return made


class _Blocks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, angles: Tensor, table: "BlockTable", dtype: torch.dtype) -> tuple[Tensor, ...]:
        by_clip = torch.atleast_2d(angles.detach().contiguous()).numpy()
        n_clips, n_matrices = len(by_clip), table.n_steps * len(by_clip)
        rules = table.parts.to(dtype).numpy(), table.fixed.to(dtype).flatten(1).numpy(), table.order.numpy()
        chain = np.empty((len(table.order), n_matrices, table.n_qubits, 4), rules[0].dtype)
        _chained(by_clip, *rules, chain)
        made, first = [], 0
        for size in table.sizes:
            block = torch.empty(n_matrices, 2**size, 2**size, dtype=dtype)
            _kronecker(chain[-1], first, size, block.numpy())
            made.append(block.view(table.n_steps, *[n_clips][: angles.dim() - 1], 2**size, 2**size))
            first += size
        ctx.by_clip, ctx.rules, ctx.chain, ctx.sizes, ctx.shape = by_clip, rules, chain, table.sizes, angles.shape
        return tuple(made)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        of_qubits = np.empty_like(ctx.chain[-1])
        first = 0
        for size, gradient in zip(ctx.sizes, gradients, strict=True):
            conjugate = gradient.conj().resolve_conj().contiguous().view(-1, 2**size, 2**size)
            _kronecker_gradient(ctx.chain[-1], first, size, conjugate.numpy(), of_qubits)
            first += size
        of_angles = np.zeros_like(ctx.by_clip)
        _chain_gradient(ctx.by_clip, *ctx.rules, ctx.chain, of_qubits, of_angles)
        return torch.from_numpy(of_angles).view(ctx.shape), None, None


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _place(matrix: Array, number: Any, angle: Any, parts: Array, fixed: Array) -> None:
    """Write the gate with this number: of `fixed`, then the rotations."""
    if number < len(fixed):
        for entry in range(4):
            matrix[entry] = fixed[number, entry]
        return
    rotation = number - len(fixed)
    cosine, sine = np.cos(angle), np.sin(angle)
    for entry in range(4):
        matrix[entry] = (
            cosine * parts[0, rotation, entry] + sine * parts[1, rotation, entry] + parts[2, rotation, entry]
        )


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _angle_of(number: Any, angles: Array, clip: Any, fixed: Array) -> Any:
    return angles[clip, number - len(fixed)] if number >= len(fixed) else angles.dtype.type(0)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _chained(angles: Array, parts: Array, fixed: Array, order: Array, chain: Array) -> None:
    n_clips, n_qubits = len(angles), chain.shape[2]
    gate = np.empty(4, chain.dtype)
    for matrix in range(chain.shape[1]):
        step, clip = matrix // n_clips, matrix % n_clips
        for qubit in range(n_qubits):
            slot = step * n_qubits + qubit
            for level in range(len(order)):
                number = order[level, slot]
                _place(gate, number, _angle_of(number, angles, clip, fixed), parts, fixed)
                made = chain[level, matrix, qubit]
                if level == 0:
                    for entry in range(4):
                        made[entry] = gate[entry]
                else:
                    before = chain[level - 1, matrix, qubit]
                    made[0] = gate[0] * before[0] + gate[1] * before[2]
                    made[1] = gate[0] * before[1] + gate[1] * before[3]
                    made[2] = gate[2] * before[0] + gate[3] * before[2]
                    made[3] = gate[2] * before[1] + gate[3] * before[3]


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
def _chain_gradient(
    angles: Array, parts: Array, fixed: Array, order: Array, chain: Array, of_qubits: Array, of_angles: Array
) -> None:
    n_clips, n_qubits = len(angles), chain.shape[2]
    gate, arriving, own = np.empty(4, chain.dtype), np.empty(4, chain.dtype), np.empty(4, chain.dtype)
    for matrix in range(chain.shape[1]):
        step, clip = matrix // n_clips, matrix % n_clips
        for qubit in range(n_qubits):
            slot = step * n_qubits + qubit
            arriving[:] = of_qubits[matrix, qubit]
            for level in range(len(order) - 1, -1, -1):
                number = order[level, slot]
                angle = _angle_of(number, angles, clip, fixed)
                own[:] = arriving
                if level:
                    before = chain[level - 1, matrix, qubit]
                    own[0] = arriving[0] * before[0] + arriving[1] * before[1]
                    own[1] = arriving[0] * before[2] + arriving[1] * before[3]
                    own[2] = arriving[2] * before[0] + arriving[3] * before[1]
                    own[3] = arriving[2] * before[2] + arriving[3] * before[3]
                if number >= len(fixed):
                    rotation = number - len(fixed)
                    cosine, sine = np.cos(angle), np.sin(angle)
                    slope = angles.dtype.type(0)
                    for entry in range(4):
                        turned = cosine * parts[1, rotation, entry] - sine * parts[0, rotation, entry]
                        slope += (own[entry] * turned).real
                    of_angles[clip, rotation] += slope
                if level:
                    _place(gate, number, angle, parts, fixed)
                    upper_left, upper_right = arriving[0], arriving[1]
                    arriving[0] = gate[0] * upper_left + gate[2] * arriving[2]
                    arriving[1] = gate[0] * upper_right + gate[2] * arriving[3]
                    lower_left, lower_right = arriving[2], arriving[3]
                    arriving[2] = gate[1] * upper_left + gate[3] * lower_left
                    arriving[3] = gate[1] * upper_right + gate[3] * lower_right
