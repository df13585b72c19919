# quantum/engine/circuit_tensors.py
"""The tensors that a program reads, made of the weights (and features) by autograd: Kronecker blocks and phases.

values    [(batch,) value]                       radians: the weights, then the features of a clip
blocks    [step, (batch,) 2**size, 2**size]      complex, one tensor per block of qubits
phases    [(batch,) amplitude]                   complex, of modulus 1
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.engine.kronecker import kronecker_product
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
        self.blocks = program.blocks if steps else ()
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

    def forward(self, values: Tensor) -> list[Tensor]:
        """For each block of qubits, its matrices in every step."""
        if not self.blocks:
            return []
        dtype = COMPLEX[values.dtype]
        angles = self.angles(values)[..., None]
        cosine, sine, constant = self.parts.to(dtype)
        rotations = angles.cos() * cosine + angles.sin() * sine
        rotations = (rotations + constant if self.has_constants else rotations).unflatten(-1, (2, 2))
        batch = rotations.shape[:-3]
        placed: Tensor = _Placed.apply(rotations, self.fixed.to(dtype), self.order.flatten(), self.place)
        matrices, *later = placed.unflatten(-3, (len(self.order), -1)).unbind(-4)
        for one in later:
            matrices = one @ matrices
        matrices = matrices.unflatten(-3, (self.n_steps, self.n_qubits))
        if batch:
            matrices = matrices.movedim(-4, 0)
        return blocks_of_matrices(matrices, [size for _, size in self.blocks])


class _Placed(torch.autograd.Function):
    """Each matrix where it acts. A rotation acts at one place, so its gradient is read there: nothing is added up."""

    @staticmethod
    def forward(ctx: Any, rotations: Tensor, fixed: Tensor, order: Tensor, place: Tensor) -> Tensor:
        ctx.save_for_backward(place)
        table = torch.cat([fixed.expand(*rotations.shape[:-3], -1, 2, 2), rotations], -3)
        return table.index_select(-3, order)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (place,) = ctx.saved_tensors
        return gradients[0].index_select(-3, place), None, None, None


def blocks_of_matrices(matrices: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """The Kronecker products [..., 2**size, 2**size] of runs of qubits; those of one size are made together."""
    if len(set(sizes)) == 1:
        return list(kronecker_product(matrices.unflatten(-3, (len(sizes), -1))).unbind(-3))
    return [kronecker_product(part) for part in matrices.split(list(sizes), -3)]


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
