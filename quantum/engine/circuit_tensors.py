# quantum/engine/circuit_tensors.py
"""The tensors that a program reads, made of the weights (and features) by autograd: Kronecker blocks and phases.

values    [(batch,) value]                       radians: the weights, then the features of a clip
blocks    [step, (batch,) 2**size, 2**size]      complex, one tensor per block of qubits
phases    [(batch,) amplitude]                   complex, of modulus 1
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn

from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.engine.kronecker import kronecker_gradient, kronecker_products
from quantum.engine.one_qubit_gates import FACTORS, FIXED, PARTS
from quantum.engine.program import Phases, Program, Rotations

COMPLEX = {torch.float32: torch.complex64, torch.float64: torch.complex128}


class AngleTable(nn.Module):
    """The angles of some gates: offset + scale * values[index], each times a factor of its own."""

    offset: Tensor  # [gate]
    scale: Tensor  # [gate]; 0 where the angle is its offset alone
    index: Tensor  # [gate]

    def __init__(self, angles: Sequence[Angle], factors: Sequence[float], n_weights: int) -> None:
        super().__init__()
        scales, indices = [], []
        for one, factor in zip(angles, factors, strict=True):
            fixed = one.weight is None and one.feature is None
            scales.append(0.0 if fixed else one.scale * factor)
            indices.append(0 if fixed else one.weight if one.feature is None else n_weights + one.feature)
        offsets = [one.offset * factor for one, factor in zip(angles, factors, strict=True)]
        self.register_buffer("offset", torch.tensor(offsets, dtype=torch.float64), persistent=False)
        self.register_buffer("scale", torch.tensor(scales, dtype=torch.float64), persistent=False)
        self.register_buffer("index", torch.tensor(indices, dtype=torch.int64), persistent=False)
        self.has_offsets, self.fixed = any(offsets), not any(scales)

    def forward(self, values: Tensor) -> Tensor:
        """[(batch,) gate], in radians times the factors."""
        if self.fixed:
            return self.offset.to(values.dtype)
        scaled = values.index_select(-1, self.index) * self.scale.to(values.dtype)
        return scaled + self.offset.to(values.dtype) if self.has_offsets else scaled


class BlockTable(nn.Module):
    """The Kronecker blocks of some steps of rotations, all at once."""

    fixed: Tensor  # [matrix, 2, 2]: the identity, then the fixed gates that occur
    parts: Tensor  # [cosine, sine or constant; rotation; 2 * 2]: what a rotation's matrix is made of
    order: Tensor  # [depth, step * qubit]: which matrix acts there, of `fixed` and then the rotations
    place: Tensor  # [rotation]: where it acts, in `order` as a flat list

    def __init__(self, steps: Sequence[Rotations], program: Program) -> None:
        super().__init__()
        self.sizes = [size for _, size in program.blocks]
        self.n_steps, self.n_qubits = len(steps), program.circuit.n_qubits
        acting = [
            (level, number * self.n_qubits + qubit, gate)
            for number, step in enumerate(steps)
            for qubit, held in step.gates.items()
            for level, gate in enumerate(held)
        ]
        names = sorted({gate.name for *_, gate in acting} & set(FIXED))
        fixed = torch.tensor([((1, 0), (0, 1)), *(FIXED[name] for name in names)], dtype=torch.complex128)
        order = torch.zeros(
            1 + max((level for level, *_ in acting), default=-1), self.n_steps * self.n_qubits, dtype=torch.int64
        )
        rotations: list[tuple[Gate, Angle]] = []
        places: list[int] = []
        for level, slot, gate in acting:
            if gate.angle is None:
                order[level, slot] = 1 + names.index(gate.name)
            else:
                order[level, slot] = len(fixed) + len(rotations)
                places.append(level * order.shape[1] + slot)
                rotations.append((gate, gate.angle))
        factors = [FACTORS[gate.name] for gate, _ in rotations]
        self.angles = AngleTable([angle for _, angle in rotations], factors, program.circuit.n_weights)
        parts = torch.tensor([PARTS[gate.name] for gate, _ in rotations], dtype=torch.complex128).reshape(-1, 3, 4)
        self.has_constants = bool(parts[:, 2].any())
        self.register_buffer("parts", parts.movedim(1, 0).contiguous(), persistent=False)
        self.register_buffer("fixed", fixed, persistent=False)
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("place", torch.tensor(places, dtype=torch.int64), persistent=False)

    def forward(self, values: Tensor) -> tuple[Tensor, ...]:
        """For each block of qubits, its matrices in every step."""
        if not self.n_steps:
            return ()
        made: tuple[Tensor, ...] = _Blocks.apply(self.angles(values), self, COMPLEX[values.dtype])
        return made


class _Blocks(torch.autograd.Function):
    """angles [(batch,) rotation] -> matrices of the rotations -> product of those on one qubit -> Kronecker products.

    Written out backwards, since the graph of so many small tensors would cost more than their arithmetic: the gradient
    of an angle is the real part of the sum of the conjugate gradient of its matrix against d matrix / d angle.
    """

    @staticmethod
    def forward(ctx: Any, angles: Tensor, table: BlockTable, dtype: torch.dtype) -> tuple[Tensor, ...]:
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


class PhaseTable(nn.Module):
    """exp(i phase) of every amplitude, of the diagonal two-qubit gates of one step."""

    patterns: Tensor  # [gate, amplitude], int8: what half an angle is multiplied by
    signs: Tensor  # [amplitude], int8: +1 or -1, of the gates CZ

    def __init__(self, step: Phases, circuit: Circuit) -> None:
        super().__init__()
        turning = [gate for gate in step.gates if gate.angle is not None]
        patterns = [phase_pattern(gate, circuit.n_qubits) for gate in turning]
        empty = torch.zeros(0, 2**circuit.n_qubits, dtype=torch.int8)
        self.register_buffer("patterns", torch.stack(patterns) if patterns else empty, persistent=False)
        signs = torch.ones(2**circuit.n_qubits, dtype=torch.int8)
        for gate in step.gates:
            if gate.angle is None:
                signs *= 1 - phase_pattern(gate, circuit.n_qubits)
        self.register_buffer("signs", signs, persistent=False)
        halves = [0.5] * len(turning)
        self.angles = AngleTable([gate.angle for gate in turning if gate.angle], halves, circuit.n_weights)
        self.follows_clips = step.follows_clips

    def forward(self, values: Tensor) -> Tensor:
        """[(batch,) amplitude]."""
        signs = self.signs.to(values.dtype)
        if not len(self.patterns):
            return signs.to(COMPLEX[values.dtype])
        turned: Tensor = _PatternSum.apply(self.angles(values), self.patterns)
        return torch.polar(torch.ones_like(turned), turned) * signs


class _PatternSum(torch.autograd.Function):
    """angles [..., gate] @ patterns [gate, amplitude], of which one row at a time is ever a float."""

    @staticmethod
    def forward(ctx, angles: Tensor, patterns: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(patterns)
        total = angles.new_zeros(*angles.shape[:-1], patterns.shape[1])
        for number, pattern in enumerate(patterns):
            total += angles[..., number, None] * pattern
        return total

    @staticmethod
    def backward(ctx, *gradients: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        (patterns,) = ctx.saved_tensors
        return torch.stack([(gradients[0] * pattern).sum(-1) for pattern in patterns], -1), None


def phase_pattern(gate: Gate, n_qubits: int) -> Tensor:
    """[amplitude], int8: 2 where both bits are 1 (CP, CZ); for RZZ +1 where they differ, -1 where they agree."""
    index = torch.arange(2**n_qubits)
    first, second = ((index >> qubit) & 1 for qubit in gate.qubits)
    return (2 * (first ^ second) - 1 if gate.name == "rzz" else 2 * (first & second)).to(torch.int8)
