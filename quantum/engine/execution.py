# quantum/engine/execution.py
"""A circuit's program on a batch of state vectors, differentiable in the states and in every angle.

    states     [batch, amplitude]   complex, unit norm; amplitude = 2**n_qubits
    weights    [weight]             radians
    features   [batch, feature]     radians, where angles follow the clip

The whole program is one autograd function over few tensors (matrices of qubits or of blocks of them, phases), whose own
gradients are those of small matrices. Two of them do the same:

    tiles     gate by gate on a few clips that stay in the cache: on a CPU, up to 14 qubits (`tile_run.py`)
    kernels   blocks of qubits on the whole batch, as products of torch: on a GPU, for larger circuits, and for fewer
              than four clips of 11 to 14 qubits

Backwards, the kernels either keep the states before each product ("stored"), or work them out anew from the last one,
since every step can be undone ("adjoint": Jones & Gacon, arXiv 2009.02823): one more product per block, and memory that
does not grow with the depth. Tiles always do the latter, with room for the gradients of the angles that are learnt.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from quantum.circuits.circuit import Circuit
from quantum.engine.block_table import BlockTable
from quantum.engine.circuit_tensors import COMPLEX, PhaseTable
from quantum.engine.kernels import Kernel, KernelWithAngles, RunTensors, kernels_of
from quantum.engine.program import program_of
from quantum.engine.tile_run import MOST_QUBITS, in_tiles, plan_of, refuse_second_derivatives, run

GRADIENTS = ("stored", "adjoint")


class Engine(nn.Module):
    """Executes one circuit; holds its index tables, which move with `.to(device)`, and nothing that is trained.

    `gradients`: how the kernels keep states; tiles have one way.
    """

    def __init__(self, circuit: Circuit, gradients: str = "stored") -> None:
        super().__init__()
        if gradients not in GRADIENTS:
            raise ValueError(f"gradients must be one of {', '.join(GRADIENTS)}; got {gradients!r}.")
        self.circuit = circuit
        self.adjoint = gradients == "adjoint"
        program = program_of(circuit)
        self.shared_blocks = BlockTable([one for one in program.rotations if not one.follows_clips], program)
        self.clip_blocks = BlockTable([one for one in program.rotations if one.follows_clips], program)
        self.phase_tables = nn.ModuleList(PhaseTable(step, circuit) for step in program.phases)
        for number, (source, destination) in enumerate(program.index_tables):
            self.register_buffer(f"source_{number}", source, persistent=False)
            self.register_buffer(f"destination_{number}", destination, persistent=False)
        self.kernels = kernels_of(program)
        self.plan = plan_of(program) if circuit.n_qubits <= MOST_QUBITS else None

    def forward(self, states: Tensor, weights: Tensor, features: Tensor | None = None) -> Tensor:
        """The states behind the circuit; their precision follows the weights.

        Raises ValueError where a shape does not fit the circuit.
        """
        self._check(states, weights, features)
        values = weights
        if features is not None:
            values = torch.cat([weights.expand(len(features), -1), features.to(weights.dtype)], 1)
        states = states.to(COMPLEX[weights.dtype])
        phases = [table(values if table.follows_clips else weights) for table in self.phase_tables]
        if self.plan is not None and self.in_tiles(states):
            return run(states, self.plan, self.shared_blocks.gates(weights), self.clip_blocks.gates(values), phases)
        tensors = [*self.shared_blocks(weights), *self.clip_blocks(values), *phases]
        tensors += [index for name, index in self._buffers.items() if index is not None]
        behind: Tensor = _Execution.apply(states, self.kernels, self.adjoint, *tensors)
        return behind

    def in_tiles(self, states: Tensor) -> bool:
        """Whether these run in tiles: on a CPU, where that is faster."""
        return states.device.type == "cpu" and in_tiles(self.circuit.n_qubits, len(states))

    def _check(self, states: Tensor, weights: Tensor, features: Tensor | None) -> None:
        circuit = self.circuit
        if states.dim() != 2 or states.shape[1] != 2**circuit.n_qubits:
            raise ValueError(
                f"A circuit of {circuit.n_qubits} qubits acts on states [batch, {2**circuit.n_qubits}]; "
                f"got {list(states.shape)}."
            )
        if weights.shape != (circuit.n_weights,):
            raise ValueError(f"The circuit has {circuit.n_weights} weights; got {list(weights.shape)}.")
        if circuit.n_features and (features is None or features.shape != (len(states), circuit.n_features)):
            got = "none" if features is None else list(features.shape)
            raise ValueError(f"The circuit reads features [{len(states)}, {circuit.n_features}]; got {got}.")


class _Execution(torch.autograd.Function):
    """All kernels in one node of the graph."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, kernels: Sequence[Kernel], adjoint: bool, *tensors: Tensor) -> Tensor:
        states = states.T.contiguous()
        held = RunTensors(tensors)
        before = []
        for kernel in kernels:
            if isinstance(kernel, KernelWithAngles) and not adjoint:
                before.append(states)
            states = kernel.apply(states, held)
        ctx.kernels, ctx.n_kept, ctx.adjoint = kernels, 1 if adjoint else len(before), adjoint
        ctx.save_for_backward(*([states] if adjoint else before), *tensors)
        return states.T

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivatives()
        kernels: Sequence[Kernel] = ctx.kernels
        kept, tensors = list(ctx.saved_tensors[: ctx.n_kept]), ctx.saved_tensors[ctx.n_kept :]
        held = RunTensors(tensors)
        found: dict[int, dict[int | None, Tensor]] = {
            number: {} for number, wanted in enumerate(ctx.needs_input_grad[3:]) if wanted
        }
        n_left = sum(isinstance(kernel, KernelWithAngles) and kernel.place[0] in found for kernel in kernels)
        gradient = torch.empty_like(gradients[0].T, memory_format=torch.contiguous_format).copy_(gradients[0].T.conj())
        states = kept.pop() if ctx.adjoint else gradient
        for kernel in reversed(kernels):
            if n_left == 0 and not ctx.needs_input_grad[0]:
                break  # nothing before this step asks for a gradient
            if ctx.adjoint:
                states = kernel.undo(states, held)
            if isinstance(kernel, KernelWithAngles):
                states = states if ctx.adjoint else kept.pop()
                number, row = kernel.place
                if number in found:
                    found[number][row] = kernel.gradient(states, gradient)
                    n_left -= 1
            if n_left or ctx.needs_input_grad[0]:
                gradient = kernel.pulled_back(gradient, held)
        of_tensors = [
            _stacked(found[number], tensor).conj() if number in found else None for number, tensor in enumerate(tensors)
        ]
        return gradient.T.conj() if ctx.needs_input_grad[0] else None, None, None, *of_tensors


def _stacked(found: dict[int | None, Tensor], like: Tensor) -> Tensor:
    """The gradient of a tensor: its own, or those of its rows; a block that a step passes over has none."""
    if None in found:
        return found[None]
    rows = [found.get(row) for row in range(len(like))]
    return torch.stack([torch.zeros_like(like[0]) if row is None else row for row in rows])
