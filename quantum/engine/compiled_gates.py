# quantum/engine/compiled_gates.py
"""The matrix of each qubit in every step of rotations, compiled for the CPU, without a call of torch for each product.

chain       [depth, matrix, qubit, 2 * 2]       products of the first 1, 2, ... gates on a qubit within a step
gates       [matrix, qubit, 2 * 2]              the last of them; matrix = step * n_clips + clip
gradients   conjugated within, so that nothing has to be conjugated on the way back
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


def gates(angles: Tensor, table: "BlockTable", dtype: torch.dtype) -> Tensor:
    """The matrices of all qubits, [step, (batch,) qubit, 2 * 2], of angles [(batch,) rotation]."""
    made: Tensor = _Gates.apply(angles, table, dtype)
    return made


class _Gates(torch.autograd.Function):
    """Every qubit's matrices at once, and the way back to the angles."""

    @staticmethod
    def forward(ctx: Any, angles: Tensor, table: "BlockTable", dtype: torch.dtype) -> Tensor:
        by_clip = torch.atleast_2d(angles.detach().contiguous()).numpy()
        rules = table.parts.to(dtype).numpy(), table.fixed.to(dtype).flatten(1).numpy(), table.order.numpy()
        shape = len(table.order), table.n_steps * len(by_clip), table.n_qubits, 4
        chain = np.empty(shape, rules[0].dtype)
        _chained(by_clip, *rules, chain)
        ctx.by_clip, ctx.rules, ctx.chain, ctx.shape = by_clip, rules, chain, angles.shape
        return torch.from_numpy(chain[-1]).view(table.n_steps, *angles.shape[:-1], table.n_qubits, 4)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        conjugate = gradients[0].conj().resolve_conj().resolve_neg().contiguous().view(ctx.chain.shape[1:])
        of_angles = np.zeros_like(ctx.by_clip)
        _chain_gradient(ctx.by_clip, *ctx.rules, ctx.chain, conjugate.numpy(), of_angles)
        return torch.from_numpy(of_angles).view(ctx.shape), None, None


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _chained(angles: Array, parts: Array, fixed: Array, order: Array, chain: Array) -> None:
    """Write the products of the first 1, 2, ... gates on each qubit."""
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
def _chain_gradient(
    angles: Array, parts: Array, fixed: Array, order: Array, chain: Array, of_qubits: Array, of_angles: Array
) -> None:
    """Add up the angles' gradients, from the last gate on a qubit to the first."""
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
    """The angle of the gate with this number, 0 where it has none."""
    return angles[clip, number - len(fixed)] if number >= len(fixed) else angles.dtype.type(0)
