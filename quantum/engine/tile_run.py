# quantum/engine/tile_run.py
"""A program on tiles of a few clips each, forwards and backwards, compiled for the CPU.

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

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from classical_baselines.compiled.lanes import N_LANES
from quantum.engine.program import Permutation, Phases, Program, Rotations
from quantum.engine.tile_kernels import fourier, gather, move, rotate, rotate_back, scatter, turn, turn_back

Array = NDArray[Any]

MOST_QUBITS = 14  # measured: below it tiles are two to three times as fast as blocks of qubits, from FEWEST_CLIPS on
FEWEST_CLIPS = 4  # a vector that is mostly empty costs as much as a full one
ALWAYS_QUBITS = 10  # up to these the calls that are saved make up for that
WORTH_A_THREAD = 2**21  # amplitudes times steps: a few milliseconds, where a thread starts in a tenth of one

# Rows of a plan: (kind, number, first, size). A number counts the matrices of what all clips share, or of what follows
# a clip; of index tables or phases likewise. `first` is a qubit.
ROTATION, CLIP_ROTATION, MOVE, TURN, CLIP_TURN, FOURIER, INVERSE_FOURIER = range(7)


@dataclass(frozen=True, eq=False)
class Plan:
    """The steps of a program as the rows of one table, and the tables that they read."""

    rows: Array  # [row, 4], int64
    tables: Array  # [table, source or destination, amplitude], int64
    turns: Array  # [amplitude / 2, 2], float64: exp(2 pi i k / amplitudes)
    n_qubits: int


def in_tiles(n_qubits: int, n_clips: int) -> bool:
    """Whether a batch runs faster in tiles than in blocks of qubits."""
    return n_qubits <= MOST_QUBITS and n_clips >= (1 if n_qubits <= ALWAYS_QUBITS else FEWEST_CLIPS)


def plan_of(program: Program) -> Plan:
    """The plan of a program's steps, in their order."""
    n_qubits = program.circuit.n_qubits
    rows: list[tuple[int, int, int, int]] = []
    n_rotations, n_phases = {False: 0, True: 0}, {False: 0, True: 0}
    known = [id(source) for source, _ in program.index_tables]
    for step in program.steps:
        if isinstance(step, Rotations):
            kind = CLIP_ROTATION if step.follows_clips else ROTATION
            rows += [(kind, n_rotations[step.follows_clips], qubit, 1) for qubit in sorted(step.qubits)]
            n_rotations[step.follows_clips] += 1
        elif isinstance(step, Permutation):
            rows.append((MOVE, known.index(id(step.source)), 0, n_qubits))
        elif isinstance(step, Phases):
            rows.append((CLIP_TURN if step.follows_clips else TURN, n_phases[step.follows_clips], 0, n_qubits))
            n_phases[step.follows_clips] += 1
        else:
            one = step.operation
            rows.append((INVERSE_FOURIER if one.inverse else FOURIER, 0, one.first, one.n_qubits))
    tables = [torch.stack(pair).long().numpy() for pair in program.index_tables]
    angles = 2 * np.pi * np.arange(2 ** (n_qubits - 1)) / 2**n_qubits
    return Plan(
        np.array(rows, np.int64).reshape(-1, 4),
        np.stack(tables) if tables else np.zeros((0, 2, 2**n_qubits), np.int64),
        np.stack([np.cos(angles), np.sin(angles)], 1),
        n_qubits,
    )


def run(
    states: Tensor,
    plan: Plan,
    gates: tuple[Tensor | None, Tensor | None],
    phases: Sequence[Tensor],
    follow: Sequence[bool],
) -> Tensor:
    """The states behind the program, [batch, amplitude].

    `gates` are those that all clips share, and those that follow a clip; `follow` says which phases do.
    """
    ordered = sorted(range(len(phases)), key=lambda number: follow[number])
    n_shared = len(phases) - sum(follow)
    behind: Tensor = _Run.apply(states, plan, n_shared, *gates, *(phases[number] for number in ordered))
    return behind


class _Run(torch.autograd.Function):
    """The whole program in one node of the graph."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        plan: Plan,
        n_shared: int,
        shared: Tensor | None,
        by_clip: Tensor | None,
        *phases: Tensor,
    ) -> Tensor:
        states = states.contiguous()
        behind = torch.empty_like(states)
        read = _Read.of(plan, states.dtype, len(states), shared, by_clip, phases[:n_shared], phases[n_shared:])
        from_, to = _reals(states), _reals(behind)
        _in_shares(lambda first, end: _forwards(from_, to, *read.arrays, first, end), read, len(states))
        ctx.read, ctx.n_shared = read, n_shared
        ctx.save_for_backward(behind)
        return behind

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        read: _Read = ctx.read
        (behind,) = ctx.saved_tensors
        arriving = gradients[0].resolve_conj().contiguous()
        leaving = torch.empty_like(arriving)
        of_gates, of_phases = read.empty_gradients()
        learns = any(ctx.needs_input_grad[3:])
        from_, came, to = _reals(behind), _reals(arriving), _reals(leaving)
        _in_shares(
            lambda first, end: _backwards(from_, came, to, learns, *read.arrays, *of_gates, *of_phases, first, end),
            read,
            len(behind),
        )
        if not learns:
            return leaving, None, None, *[None] * len(ctx.needs_input_grad[3:])
        return leaving, None, None, *read.gradients_of_gates(of_gates), *read.gradients_of_phases(of_phases)


@dataclass(frozen=True, eq=False)
class _Read:
    """What a run reads beside the states, as real arrays with the parts of a complex number side by side.

    gates    [(step, batch,) qubit in one row, 4, 2]
    phases   [(table, batch) in one row, amplitude, 2]
    """

    plan: Plan
    n_clips: int
    turns: Array
    gates: tuple[Array, Array]
    phases: tuple[Array, Array]

    @classmethod
    def of(
        cls,
        plan: Plan,
        dtype: torch.dtype,
        n_clips: int,
        shared: Tensor | None,
        by_clip: Tensor | None,
        phases: Sequence[Tensor],
        clip_phases: Sequence[Tensor],
    ) -> "_Read":
        real = dtype.to_real()
        gates = [
            torch.empty(0, 4, 2, dtype=real) if one is None else torch.view_as_real(one.detach()).reshape(-1, 4, 2)
            for one in (shared, by_clip)
        ]
        n = 2**plan.n_qubits
        turned = [
            torch.view_as_real(torch.stack([one.detach() for one in some])).reshape(-1, n, 2)
            if some
            else torch.empty(0, n, 2, dtype=real)
            for some in (phases, clip_phases)
        ]
        return cls(
            plan,
            n_clips,
            plan.turns.astype(gates[0].numpy().dtype),
            (gates[0].numpy(), gates[1].numpy()),
            (turned[0].numpy(), turned[1].numpy()),
        )

    @property
    def arrays(self) -> tuple[Array, ...]:
        """As the compiled functions take them."""
        return self.plan.rows, self.plan.tables, self.turns, *self.gates, *self.phases

    def empty_gradients(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Zeros, by clip: those of what all clips share are summed afterwards, in one order however many threads."""
        n_clips = self.n_clips
        of_gates = np.zeros((len(self.gates[0]) * n_clips, 4, 2), self.turns.dtype), np.zeros_like(self.gates[1])
        n = self.phases[0].shape[1]
        of_phases = np.zeros((len(self.phases[0]) * n_clips, n, 2), self.turns.dtype), np.zeros_like(self.phases[1])
        return of_gates, of_phases

    def gradients_of_gates(self, found: tuple[Array, Array]) -> list[Tensor | None]:
        """[step, (batch,) qubit, 4], complex; None where there are none."""
        shape = -1, self.n_clips, self.plan.n_qubits, 4
        shared, by_clip = (_complex(rows).reshape(shape) for rows in found)
        return [torch.from_numpy(one) if len(one) else None for one in (shared.sum(1), by_clip)]

    def gradients_of_phases(self, found: tuple[Array, Array]) -> list[Tensor]:
        """One for each step of phases, [(batch,) amplitude], complex."""
        shape = -1, self.n_clips, 2**self.plan.n_qubits
        shared, by_clip = (_complex(rows).reshape(shape) for rows in found)
        return [torch.from_numpy(one) for one in (*shared.sum(1), *by_clip)]


def _complex(rows: Array) -> Array:
    return rows.view(np.result_type(rows, np.complex64))[..., 0]


def _reals(states: Tensor) -> Array:
    return torch.view_as_real(states.detach()).numpy()


def _in_shares(work: Callable[[int, int], None], read: _Read, n_clips: int) -> None:
    """Do work(first clip, end), whole tiles to each of as many of torch's threads as have enough to do."""
    n_lanes = N_LANES[read.turns.dtype]
    n_tiles = -(-n_clips // n_lanes)
    n_touched = (n_clips * len(read.plan.rows)) << read.plan.n_qubits
    n_threads = max(1, min(torch.get_num_threads(), n_tiles, n_touched // WORTH_A_THREAD))
    limits = [min(n_tiles * part // n_threads * n_lanes, n_clips) for part in range(n_threads + 1)]
    if n_threads == 1:
        work(0, n_clips)
        return
    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(work, limits[:-1], limits[1:]))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _forwards(
    states: Array,
    behind: Array,
    rows: Array,
    tables: Array,
    turns: Array,
    shared: Array,
    by_clip: Array,
    phases: Array,
    clip_phases: Array,
    first_clip: int,
    end: int,
) -> None:
    n_clips, n_amplitudes = states.shape[:2]
    n_qubits = int(np.log2(n_amplitudes) + 0.5)
    n_lanes = 64 // states.itemsize
    tile = np.empty(2 * n_amplitudes * n_lanes, states.dtype)
    other, matrix = np.empty_like(tile), np.empty(8 * n_lanes, states.dtype)
    one = states.dtype.type(1)
    for clip in range(first_clip, end, n_lanes):
        count = min(n_lanes, end - clip)
        gather(states, clip, 1, count, one, tile, n_lanes)
        for row in range(len(rows)):
            kind, number, first, size = rows[row]
            if kind <= CLIP_ROTATION:
                _gather_matrix(kind, number, first, shared, by_clip, n_qubits, n_clips, clip, count, matrix, n_lanes)
                rotate(tile, matrix, first, n_qubits, n_lanes)
            elif kind == MOVE:
                move(tile, other, tables[number, 0], n_lanes)
                tile, other = other, tile
            elif kind <= CLIP_TURN:
                _gather_phases(kind, number, phases, clip_phases, n_clips, clip, count, other, n_lanes)
                turn(tile, other, n_lanes)
            else:
                fourier(tile, other, first, size, kind == INVERSE_FOURIER, turns, n_qubits, n_lanes)
                tile, other = other, tile
        scatter(tile, n_lanes, one, behind, clip, 1, count)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _backwards(
    behind: Array,
    arriving: Array,
    leaving: Array,
    learns: bool,
    rows: Array,
    tables: Array,
    turns: Array,
    shared: Array,
    by_clip: Array,
    phases: Array,
    clip_phases: Array,
    of_shared: Array,
    of_clips: Array,
    of_phases: Array,
    of_clip_phases: Array,
    first_clip: int,
    end: int,
) -> None:
    """Conjugate gradients within, torch's without."""
    n_clips, n_amplitudes = behind.shape[:2]
    n_qubits = int(np.log2(n_amplitudes) + 0.5)
    n_lanes = 64 // behind.itemsize
    states = np.empty(2 * n_amplitudes * n_lanes, behind.dtype)
    gradients, other = np.empty_like(states), np.empty_like(states)
    matrix, of_matrix = np.empty(8 * n_lanes, behind.dtype), np.empty(8 * n_lanes, behind.dtype)
    one = behind.dtype.type(1)
    for clip in range(first_clip, end, n_lanes):
        count = min(n_lanes, end - clip)
        gather(behind, clip, 1, count, one, states, n_lanes)
        gather(arriving, clip, 1, count, -one, gradients, n_lanes)
        for row in range(len(rows) - 1, -1, -1):
            kind, number, first, size = rows[row]
            if kind <= CLIP_ROTATION:
                _gather_matrix(kind, number, first, shared, by_clip, n_qubits, n_clips, clip, count, matrix, n_lanes)
                if learns:
                    rotate_back(states, gradients, matrix, first, n_qubits, n_lanes, of_matrix)
                    found = of_shared if kind == ROTATION else of_clips
                    place = (number * n_clips + clip) * n_qubits + first
                    scatter(of_matrix, n_lanes, -one, found, place, n_qubits, count)
                else:
                    _transpose(matrix, n_lanes)
                    rotate(gradients, matrix, first, n_qubits, n_lanes)
            elif kind == MOVE:
                move(gradients, other, tables[number, 1], n_lanes)
                gradients, other = other, gradients
                if learns:
                    move(states, other, tables[number, 1], n_lanes)
                    states, other = other, states
            elif kind <= CLIP_TURN:
                _gather_phases(kind, number, phases, clip_phases, n_clips, clip, count, other, n_lanes)
                if learns:
                    turn_back(states, gradients, other, n_lanes)
                    found = of_phases if kind == TURN else of_clip_phases
                    scatter(other, n_lanes, -one, found, number * n_clips + clip, 1, count)
                else:
                    turn(gradients, other, n_lanes)
            else:
                is_inverse = kind == INVERSE_FOURIER  # a symmetric matrix: its transpose is itself
                fourier(gradients, other, first, size, is_inverse, turns, n_qubits, n_lanes)
                gradients, other = other, gradients
                if learns:
                    fourier(states, other, first, size, not is_inverse, turns, n_qubits, n_lanes)
                    states, other = other, states
        scatter(gradients, n_lanes, -one, leaving, clip, 1, count)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _gather_matrix(
    kind: Any,
    number: Any,
    qubit: Any,
    shared: Array,
    by_clip: Array,
    n_qubits: Any,
    n_clips: Any,
    clip: Any,
    count: Any,
    matrix: Array,
    n_lanes: Any,
) -> None:
    one = matrix.dtype.type(1)
    if kind == ROTATION:
        gather(shared, number * n_qubits + qubit, 0, count, one, matrix, n_lanes)
    else:
        gather(by_clip, (number * n_clips + clip) * n_qubits + qubit, n_qubits, count, one, matrix, n_lanes)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _gather_phases(
    kind: Any,
    number: Any,
    phases: Array,
    clip_phases: Array,
    n_clips: Any,
    clip: Any,
    count: Any,
    factors: Array,
    n_lanes: Any,
) -> None:
    one = factors.dtype.type(1)
    if kind == TURN:
        gather(phases, number, 0, count, one, factors, n_lanes)
    else:
        gather(clip_phases, number * n_clips + clip, 1, count, one, factors, n_lanes)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _transpose(matrix: Array, n_lanes: Any) -> None:
    for place in range(2 * n_lanes):
        upper, lower = 2 * n_lanes + place, 4 * n_lanes + place
        matrix[upper], matrix[lower] = matrix[lower], matrix[upper]
