# quantum/engine/tile_run.py
"""A program on tiles of a few clips each (`tile_kernels.py`), as one node of torch's graph.

    states      [batch, amplitude]                      complex
    gates       [step, (batch,) qubit, 2 * 2]           complex: each qubit's matrix in every step of rotations
    phases      [(batch,) amplitude]                    complex, one tensor for each step of phases

Backwards, the states are worked out anew from the last ones, since every step can be undone (Jones & Gacon, arXiv
2009.02823): a tile lies in the cache, where a step is cheaper than fetching its states from memory.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.compiled.lanes import N_LANES
from quantum.engine.program import Permutation, Phases, Program, Rotations
from quantum.engine.tile_kernels import FOURIER, INVERSE_FOURIER, MOVE, ROTATION, TURN, backwards, forwards

Array = NDArray[Any]

# Measured beside blocks of qubits (docs/results/quantum-speed.md): up to 14 qubits tiles are two to three times as
# fast, but a vector that is mostly empty costs as much as a full one; up to 10 the calls saved make up for that.
MOST_QUBITS, FEWEST_CLIPS, ALWAYS_QUBITS = 14, 4, 10
WORTH_A_THREAD = 2**21  # amplitudes times steps: a few milliseconds, where a thread starts in a tenth of one


@dataclass(frozen=True, eq=False)
class Plan:
    """The steps of a program as the rows of one table, and the tables that they read."""

    rows: Array  # [row, 4], int64: kind, number among the steps of the kind, first qubit, qubits
    tables: Array  # [table, source or destination, amplitude], int64
    twiddles: Array  # [amplitude / 2, 2], float64: exp(2 pi i k / amplitudes)
    n_qubits: int
    rotations_follow: tuple[bool, ...]  # whether the gates of each step of rotations follow the clip
    phases_follow: tuple[bool, ...]


def in_tiles(n_qubits: int, n_clips: int) -> bool:
    """Whether a batch runs faster in tiles than in blocks of qubits."""
    return n_qubits <= MOST_QUBITS and n_clips >= (1 if n_qubits <= ALWAYS_QUBITS else FEWEST_CLIPS)


def plan_of(program: Program) -> Plan:
    """The plan of a program's steps, in their order."""
    n_qubits = program.circuit.n_qubits
    rows: list[tuple[int, int, int, int]] = []
    rotations, phases = iter(range(len(program.rotations))), iter(range(len(program.phases)))
    known = [id(source) for source, _ in program.index_tables]
    for step in program.steps:
        if isinstance(step, Rotations):
            number = next(rotations)
            rows += [(ROTATION, number, qubit, 1) for qubit in sorted(step.qubits)]
        elif isinstance(step, Permutation):
            rows.append((MOVE, known.index(id(step.source)), 0, n_qubits))
        elif isinstance(step, Phases):
            rows.append((TURN, next(phases), 0, n_qubits))
        else:
            kind = INVERSE_FOURIER if step.operation.inverse else FOURIER
            rows.append((kind, 0, step.operation.first, step.operation.n_qubits))
    tables = [torch.stack(pair).long().numpy() for pair in program.index_tables]
    angles = 2 * np.pi * np.arange(2 ** (n_qubits - 1)) / 2**n_qubits
    return Plan(
        np.array(rows, np.int64).reshape(-1, 4),
        np.stack(tables) if tables else np.zeros((0, 2, 2**n_qubits), np.int64),
        np.stack([np.cos(angles), np.sin(angles)], 1),
        n_qubits,
        tuple(step.follows_clips for step in program.rotations),
        tuple(step.follows_clips for step in program.phases),
    )


def run(
    states: Tensor, plan: Plan, shared_gates: Tensor | None, clip_gates: Tensor | None, phases: Sequence[Tensor]
) -> Tensor:
    """The states behind the program, [batch, amplitude]; phases in the order of their steps.

    RuntimeError where a gradient is to be differentiated again.
    """
    behind: Tensor = _Run.apply(states, plan, shared_gates, clip_gates, *phases)
    return behind


def refuse_second_derivatives() -> None:
    """RuntimeError where a backward pass is itself recorded, which would come out without the circuit's own part."""
    if torch.is_grad_enabled():
        raise RuntimeError("Gradients of a circuit cannot be differentiated again. Leave out create_graph=True.")


class _Run(torch.autograd.Function):
    """The whole program in one node of the graph."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, plan: Plan, shared_gates: Tensor | None, clip_gates: Tensor | None, *phases: Tensor
    ) -> Tensor:
        states = _plain(states)
        behind = torch.empty_like(states)
        inputs = _Inputs(plan, states, (shared_gates, clip_gates), phases)
        numbers, to = _reals(states), _reals(behind)
        _in_shares(lambda first, end: forwards(numbers, to, *inputs.arrays, *inputs.sizes, first, end), inputs)
        ctx.inputs = inputs
        ctx.save_for_backward(behind)
        return behind

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivatives()
        inputs: _Inputs = ctx.inputs
        behind, arriving = ctx.saved_tensors[0], _plain(gradients[0])
        leaving = torch.empty_like(arriving)
        learns = any(ctx.needs_input_grad[2:])
        wanted = _Gradients(inputs, ctx.needs_input_grad[2:4], ctx.needs_input_grad[4:])
        states, came, to = _reals(behind), _reals(arriving), _reals(leaving)

        def work(first: int, end: int) -> None:
            backwards(states, came, to, *inputs.arrays, *wanted.arrays, learns, *inputs.sizes, first, end)

        _in_shares(work, inputs)
        return leaving, None, *wanted.of_gates(), *wanted.of_phases()


class _Inputs:
    """What a run reads beside the states, as `tile_kernels` takes it."""

    def __init__(
        self, plan: Plan, states: Tensor, gates: tuple[Tensor | None, Tensor | None], phases: Sequence[Tensor]
    ) -> None:
        n, dtype = plan.n_qubits, states.dtype.to_real()
        self.plan, self.n_clips = plan, len(states)
        self.sizes = n, N_LANES[_numpy_type(dtype)]  # qubits, lanes
        self.n_tiles = -(-self.n_clips // self.sizes[1])
        shared_first = sorted(range(len(phases)), key=lambda number: plan.phases_follow[number])
        self.arrays = (
            plan.rows,
            plan.tables,
            plan.twiddles.astype(_numpy_type(dtype)),
            _in_rows([one for one in gates if one is not None], dtype, 4),
            _places(plan.rotations_follow, self.n_clips, n),
            _in_rows([phases[number] for number in shared_first], dtype, 2**n),
            _places(plan.phases_follow, self.n_clips, 1),
        )


class _Gradients:
    """Room for the gradients of what a run reads, where they are asked for.

    Those of what all clips share are summed tile by tile, then over the tiles: in one order, however many threads.
    """

    def __init__(self, inputs: _Inputs, gates_wanted: Sequence[bool], phases_wanted: Sequence[bool]) -> None:
        self.inputs, plan = inputs, inputs.plan
        self.gates_wanted, self.phases_wanted = gates_wanted, phases_wanted
        wanted = [gates_wanted[follows] for follows in plan.rotations_follow]
        self.arrays = *self._room(plan.rotations_follow, wanted, 4), *self._room(plan.phases_follow, phases_wanted, 0)

    def of_gates(self) -> list[Tensor | None]:
        """Those that all clips share, then those that follow a clip: [step, (batch,) qubit, 4]."""
        rows, first = self.arrays[:2]
        made: list[Tensor | None] = [None, None]
        for follows, wanted in enumerate(self.gates_wanted):
            if wanted:
                steps = np.equal(self.inputs.plan.rotations_follow, follows).nonzero()[0]
                found = [self._taken(rows, first[step], bool(follows), self.inputs.plan.n_qubits) for step in steps]
                made[follows] = torch.from_numpy(np.stack(found))
        return made

    def of_phases(self) -> list[Tensor | None]:
        """In the order of the steps, [(batch,) amplitude]."""
        rows, first = self.arrays[2:]
        return [
            torch.from_numpy(self._taken(rows, place, follows, 1)[..., 0, :]) if wanted else None
            for place, follows, wanted in zip(first, self.inputs.plan.phases_follow, self.phases_wanted, strict=True)
        ]

    def _room(self, follow: Sequence[bool], wanted: Sequence[bool], n_entries: int) -> tuple[Array, Array]:
        """Rows of so many entries, 0: all amplitudes, one beside the other; and the first of each step, -1 without."""
        n = self.inputs.plan.n_qubits
        width = n if n_entries else 1
        total, first = 0, []
        for follows, is_wanted in zip(follow, wanted, strict=True):
            first.append(total if is_wanted else -1)
            total += is_wanted * width * (self.inputs.n_clips if follows else self.inputs.n_tiles)
        rows = np.zeros((total, n_entries or 2**n, 2), self.inputs.arrays[2].dtype)
        return rows, np.array(first, np.int64)

    def _taken(self, rows: Array, first: int, follows: bool, width: int) -> Array:
        """A step's gradient: [(batch,) width, entry], complex."""
        n_parts = self.inputs.n_clips if follows else self.inputs.n_tiles
        parts = rows[first : first + n_parts * width].reshape(n_parts, width, *rows.shape[1:])
        numbers = parts if follows else parts.sum(0)
        return numbers.view(np.result_type(rows, np.complex64))[..., 0]


def _places(follow: tuple[bool, ...], n_clips: int, width: int) -> Array:
    """[step, 2]: the first row of each step and the step from clip to clip; what all clips share comes first."""
    first = {False: 0, True: follow.count(False) * width}
    places = []
    for follows in follow:
        places.append((first[follows], width * follows))
        first[follows] += width * (n_clips if follows else 1)
    return np.array(places, np.int64).reshape(-1, 2)


def _in_rows(numbers: Sequence[Tensor], dtype: torch.dtype, n_entries: int) -> Array:
    """[row, entry, real and imaginary part]."""
    rows = [torch.view_as_real(_plain(one.detach())).reshape(-1, n_entries, 2) for one in numbers]
    return _array(torch.cat(rows) if rows else torch.empty(0, n_entries, 2, dtype=dtype))


def _plain(numbers: Tensor) -> Tensor:
    """In memory as they are, neither conjugated nor negated on reading."""
    return numbers.resolve_conj().resolve_neg().contiguous()


def _reals(states: Tensor) -> Array:
    """[batch, amplitude, real and imaginary part], in the same memory."""
    return _array(torch.view_as_real(states.detach()))


def _array(numbers: Tensor) -> Array:
    return numbers.numpy()


def _numpy_type(dtype: torch.dtype) -> np.dtype[Any]:
    return np.dtype(np.float32 if dtype == torch.float32 else np.float64)


def _in_shares(work: Callable[[int, int], None], inputs: _Inputs) -> None:
    """Do work(first clip, end), whole tiles to each of as many of torch's threads as have enough to do."""
    (n_qubits, n_lanes), n_clips, n_tiles = inputs.sizes, inputs.n_clips, inputs.n_tiles
    n_touched = (n_clips * len(inputs.plan.rows)) << n_qubits
    n_threads = max(1, min(torch.get_num_threads(), n_tiles, n_touched // WORTH_A_THREAD))
    limits = [min(n_tiles * part // n_threads * n_lanes, n_clips) for part in range(n_threads + 1)]
    if n_threads == 1:
        work(0, n_clips)
        return
    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(work, limits[:-1], limits[1:]))
