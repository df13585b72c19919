# quantum/engine/circuit_tensors.py
"""The angles and phases that a program reads, made of the weights (and features) by autograd.

values    [(batch,) value]        radians: the weights, then the features of a clip
angles    [(batch,) gate]         radians
phases    [(batch,) amplitude]    complex, of modulus 1
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.engine.program import Phases

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
            return self.offset.to(values.dtype).expand(*values.shape[:-1], -1)
        scaled = values.index_select(-1, self.index) * self.scale.to(values.dtype)
        return scaled + self.offset.to(values.dtype) if self.has_offsets else scaled


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
