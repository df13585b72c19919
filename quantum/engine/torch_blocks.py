# quantum/engine/torch_blocks.py
"""Kronecker blocks in torch: the reference engine, and that of a GPU.

    angles [(batch,) rotation] -> matrices of the rotations -> product of those on one qubit -> Kronecker products

Written out backwards, since the graph of so many small tensors would cost more than their arithmetic: the gradient of
an angle is the real part of the sum of the conjugate gradient of its matrix against d matrix / d angle.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from quantum.engine.kronecker import kronecker_gradient, kronecker_products

if TYPE_CHECKING:
    from quantum.engine.block_table import BlockTable


def blocks(angles: Tensor, table: "BlockTable", dtype: torch.dtype) -> tuple[Tensor, ...]:
    """For each block of qubits, its matrices in every step."""
    made: tuple[Tensor, ...] = _Blocks.apply(angles, table, dtype)
    return made


class _Blocks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, angles: Tensor, table: "BlockTable", dtype: torch.dtype) -> tuple[Tensor, ...]:
        ctx.is_batched = angles.dim() == 2
        angles = (angles if ctx.is_batched else angles[None])[..., None]
        n_clips = len(angles)
        cosine, sine, constant = table.parts.to(dtype)
        cosines, sines = angles.cos(), angles.sin()
        rotations = cosines * cosine + sines * sine
        if table.has_constants:
            rotations = rotations + constant
        fixed = table.fixed.to(dtype).flatten(1).expand(n_clips, -1, -1)
        placed = torch.cat([fixed, rotations], 1).index_select(1, table.order.flatten())
        placed = placed.view(n_clips, len(table.order), table.n_steps, table.n_qubits, 2, 2)
        partial = [placed[:, 0]]
        for level in range(1, placed.shape[1]):
            partial.append(placed[:, level] @ partial[-1])
        ctx.table, ctx.slopes = table, cosines * sine - sines * cosine
        ctx.placed, ctx.partial = placed, partial
        matrices = partial[-1].transpose(0, 1).reshape(-1, table.n_qubits, 2, 2)  # steps, then clips
        ctx.matrices = _runs(matrices, table.sizes)
        every = [kronecker_products(run.flatten(0, 1)) for run in ctx.matrices]
        ctx.products = [products[:-1] for products in every]
        shape = (table.n_steps, n_clips) if ctx.is_batched else (table.n_steps,)
        blocks = [products[-1].unflatten(0, run.shape[:2]) for products, run in zip(every, ctx.matrices, strict=True)]
        return tuple(one.unflatten(0, shape) for run in blocks for one in run.unbind(1))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        table: BlockTable = ctx.table
        n_clips = len(ctx.placed)
        taken = list(gradients)
        found = []
        for run, products in zip(ctx.matrices, ctx.products, strict=True):
            of_run = torch.stack([taken.pop(0).conj().flatten(0, -3) for _ in range(run.shape[1])], 1)
            found.append(kronecker_gradient(run.flatten(0, 1), products, of_run.flatten(0, 1)).view(run.shape))
        of_qubits = torch.cat([run.flatten(1, 2) for run in found], 1)
        gradient = of_qubits.view(table.n_steps, n_clips, table.n_qubits, 2, 2).transpose(0, 1)
        of_levels = []
        for level in reversed(range(1, ctx.placed.shape[1])):
            of_levels.append(gradient @ ctx.partial[level - 1].mT)
            gradient = ctx.placed[:, level].mT @ gradient
        of_levels.append(gradient)
        of_places = torch.stack(of_levels[::-1], 1).reshape(n_clips, -1, 4)
        of_angles = (of_places.index_select(1, table.place) * ctx.slopes).sum(2).real
        return of_angles if ctx.is_batched else of_angles[0], None, None


def _runs(matrices: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """[one, qubit, 2, 2] as [one, block, size, 2, 2] for each run of blocks of one size, which are made together."""
    runs = [list(run) for _, run in groupby(sizes)]
    parts = matrices.split([sum(run) for run in runs], 1)
    return [part.unflatten(1, (len(run), run[0])) for part, run in zip(parts, runs, strict=True)]
