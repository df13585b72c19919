# quantum/engine/block_table.py
"""The Kronecker blocks of a program's rotations, made of the weights (and features).

    values    [(batch,) value]                     radians: the weights, then the features of a clip
    blocks    [step, (batch,) 2**size, 2**size]    complex, one tensor per block of qubits
    gates     [step, (batch,) qubit, 2 * 2]        complex, each qubit's own matrix, on a CPU

Two engines under one contract make the blocks, `blocks(angles, table, dtype)`: compiled for the CPU, where a graph of
so many small tensors would cost more than their arithmetic, and in torch for a GPU.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from quantum.circuits.circuit import Angle, Gate
from quantum.engine import compiled_blocks, compiled_gates, torch_blocks
from quantum.engine.circuit_tensors import COMPLEX, AngleTable
from quantum.engine.one_qubit_gates import FACTORS, FIXED, PARTS
from quantum.engine.program import Program, Rotations


class BlockTable(nn.Module):
    """The matrices of some steps of rotations, all at once: of each qubit, or of blocks of them."""

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
        engine = compiled_blocks if values.device.type == "cpu" else torch_blocks
        return engine.blocks(self.angles(values), self, COMPLEX[values.dtype])

    def gates(self, values: Tensor) -> Tensor | None:
        """Each qubit's matrix in every step, on a CPU; None where there are no steps."""
        return compiled_gates.gates(self.angles(values), self, COMPLEX[values.dtype]) if self.n_steps else None
