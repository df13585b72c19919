# quantum/engine/kernels.py
"""What each step of a program does to a batch of states, how it is undone, and what its tensor's gradient is.

    states      [amplitude, batch]      complex
    gradients   [amplitude, batch]      behind the step, the conjugates of torch's

The batch runs fastest, so that moving an amplitude moves a row, and the products of high qubits are one matrix product
each. Every step is unitary, so its conjugate transpose undoes it; its transpose carries a conjugate gradient back.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from quantum.engine.program import Permutation, Phases, Program, Rotations

FEWEST_COLUMNS = 16  # of a stack of products; below it, transposing the states first is faster


class RunTensors:
    """The tensors of one run, and the rows of stacks of matrices, taken apart once."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.all = tensors
        self._rows: dict[tuple[int, bool], tuple[Tensor, ...]] = {}

    def row(self, number: int, row: int, *, adjoint: bool = False) -> Tensor:
        """One matrix of a stack (or one per clip), or its conjugate transpose."""
        if (number, adjoint) not in self._rows:
            stack = self.all[number].mH.resolve_conj() if adjoint else self.all[number]
            self._rows[number, adjoint] = stack.unbind(0)
        return self._rows[number, adjoint][row]


class Kernel(ABC):
    """One step, or one block of a step of rotations."""

    @abstractmethod
    def apply(self, states: Tensor, tensors: RunTensors) -> Tensor:
        """The states behind the step: U states."""

    @abstractmethod
    def undo(self, states: Tensor, tensors: RunTensors) -> Tensor:
        """The states before the step: those behind it times the conjugate transpose of U."""

    @abstractmethod
    def pulled_back(self, gradients: Tensor, tensors: RunTensors) -> Tensor:
        """The conjugate gradient before the step: that behind it times the transpose of U."""


class KernelWithAngles(Kernel):
    """A step that depends on angles, by one of the tensors."""

    @property
    @abstractmethod
    def place(self) -> tuple[int, int | None]:
        """The number of the tensor, and its row where that is a stack."""

    @abstractmethod
    def gradient(self, states: Tensor, gradients: Tensor) -> Tensor:
        """The conjugate one of its tensor (of its row), from the states before the step and the conjugate gradient
        behind it."""


@dataclass(frozen=True)
class MatrixOfBlock(KernelWithAngles):
    """The product of one block of qubits with its matrix of this step."""

    reads: int
    row: int
    first: int
    size: int

    @property
    def place(self) -> tuple[int, int | None]:
        return self.reads, self.row

    def apply(self, states: Tensor, tensors: RunTensors) -> Tensor:
        return self.product(states, tensors.row(self.reads, self.row))

    def undo(self, states: Tensor, tensors: RunTensors) -> Tensor:
        return self.product(states, tensors.row(self.reads, self.row, adjoint=True))

    def pulled_back(self, gradients: Tensor, tensors: RunTensors) -> Tensor:
        return self.product(gradients, tensors.row(self.reads, self.row).mT)

    @abstractmethod
    def product(self, states: Tensor, matrix: Tensor) -> Tensor:
        """The matrix (one, or one for each clip) times the block's qubits of the states."""


@dataclass(frozen=True)
class BlockProduct(MatrixOfBlock):
    """The matrix [2**size, 2**size] that all clips share."""

    n_qubits: int

    def product(self, states: Tensor, matrix: Tensor) -> Tensor:
        above, height, below = self._shape(states)
        if above == 1:
            return (matrix @ states.reshape(height, below)).view(states.shape)
        stack = states.reshape(above, height, below)
        if below < FEWEST_COLUMNS:
            return (stack.mT.reshape(-1, height) @ matrix.T).view(above, below, height).mT.reshape(states.shape)
        return torch.bmm(matrix.expand(above, -1, -1), stack).view(states.shape)

    def gradient(self, states: Tensor, gradients: Tensor) -> Tensor:
        shape = above, height, below = self._shape(states)
        before, behind = states.reshape(shape), gradients.reshape(shape)
        if above == 1:
            return behind[0] @ before[0].mT
        if below >= height:  # the products of all stacks together are no larger than the states
            return torch.bmm(behind, before.mT).sum(0)
        return behind.transpose(0, 1).reshape(height, -1) @ before.transpose(0, 1).reshape(height, -1).mT

    def _shape(self, states: Tensor) -> tuple[int, int, int]:
        """(what lies above the block, the block, what lies below it with the batch)."""
        return 1 << (self.n_qubits - self.first - self.size), 1 << self.size, (1 << self.first) * states.shape[1]


@dataclass(frozen=True)
class BlockProductPerClip(MatrixOfBlock):
    """The matrices [batch, 2**size, 2**size], where they follow the clip."""

    def product(self, states: Tensor, matrix: Tensor) -> Tensor:
        product = (matrix @ self._by_clip(states)).unflatten(2, (-1, 2**self.first))
        return product.permute(2, 1, 3, 0).reshape(states.shape)

    def gradient(self, states: Tensor, gradients: Tensor) -> Tensor:
        return self._by_clip(gradients) @ self._by_clip(states).mT

    def _by_clip(self, states: Tensor) -> Tensor:
        """[batch, 2**size, all other amplitudes]."""
        view = states.reshape(-1, 2**self.size, 2**self.first, states.shape[1])
        return view.permute(3, 1, 0, 2).flatten(2)


@dataclass(frozen=True)
class AmplitudesMoved(Kernel):
    """new[i] = old[source[i]]; `source` is the number of its tensor, and behind it stands that of its inverse."""

    source: int

    def apply(self, states: Tensor, tensors: RunTensors) -> Tensor:
        return states.index_select(0, tensors.all[self.source])

    def undo(self, states: Tensor, tensors: RunTensors) -> Tensor:
        return states.index_select(0, tensors.all[self.source + 1])

    def pulled_back(self, gradients: Tensor, tensors: RunTensors) -> Tensor:
        return self.undo(gradients, tensors)


@dataclass(frozen=True)
class PhasesTurned(KernelWithAngles):
    """A factor for each amplitude: [(batch,) amplitude]."""

    reads: int
    per_clip: bool

    @property
    def place(self) -> tuple[int, int | None]:
        return self.reads, None

    def apply(self, states: Tensor, tensors: RunTensors) -> Tensor:
        return states * self._factors(tensors)

    def undo(self, states: Tensor, tensors: RunTensors) -> Tensor:
        return states * self._factors(tensors).conj()

    def pulled_back(self, gradients: Tensor, tensors: RunTensors) -> Tensor:
        return self.apply(gradients, tensors)

    def gradient(self, states: Tensor, gradients: Tensor) -> Tensor:
        found = gradients * states
        return found.T if self.per_clip else found.sum(1)

    def _factors(self, tensors: RunTensors) -> Tensor:
        factors = tensors.all[self.reads]
        return factors.T if self.per_clip else factors[:, None]


@dataclass(frozen=True)
class FastFourier(Kernel):
    """The exact transform of a register, a symmetric matrix."""

    first: int
    size: int
    inverse: bool

    def apply(self, states: Tensor, tensors: RunTensors) -> Tensor:
        return self._transform(states, self.inverse)

    def undo(self, states: Tensor, tensors: RunTensors) -> Tensor:
        return self._transform(states, not self.inverse)

    def pulled_back(self, gradients: Tensor, tensors: RunTensors) -> Tensor:
        return self.apply(gradients, tensors)

    def _transform(self, states: Tensor, inverse: bool) -> Tensor:
        register = states.reshape(-1, 2**self.size, 2**self.first * states.shape[1])
        transform = torch.fft.fft if inverse else torch.fft.ifft  # the quantum transform has the sign +
        return transform(register, dim=1, norm="ortho").reshape(states.shape)


def kernels_of(program: Program) -> tuple[Kernel, ...]:
    """In the order of the steps. The tensors are numbered: blocks of the steps that all clips share, blocks of those
    that follow a clip, phases, then source and destination of each index table."""
    n_blocks = len(program.blocks)
    first_of = {False: 0, True: n_blocks * any(not step.follows_clips for step in program.rotations)}
    n_block_tensors = first_of[True] + n_blocks * any(step.follows_clips for step in program.rotations)
    first_moved = n_block_tensors + len(program.phases)
    rows = {False: 0, True: 0}
    n_phases = 0
    tables = [id(source) for source, _ in program.index_tables]
    kernels: list[Kernel] = []
    for step in program.steps:
        if isinstance(step, Rotations):
            per_clip = step.follows_clips
            for number, (first, size) in enumerate(program.blocks):
                if step.qubits & set(range(first, first + size)):
                    reads, row = first_of[per_clip] + number, rows[per_clip]
                    n_qubits = program.circuit.n_qubits
                    kernels.append(
                        BlockProductPerClip(reads, row, first, size)
                        if per_clip
                        else BlockProduct(reads, row, first, size, n_qubits)
                    )
            rows[per_clip] += 1
        elif isinstance(step, Permutation):
            kernels.append(AmplitudesMoved(first_moved + 2 * tables.index(id(step.source))))
        elif isinstance(step, Phases):
            kernels.append(PhasesTurned(n_block_tensors + n_phases, step.follows_clips))
            n_phases += 1
        else:
            kernels.append(FastFourier(step.operation.first, step.operation.n_qubits, step.operation.inverse))
    return tuple(kernels)
