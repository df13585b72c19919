# quantum/engine/density.py
"""A circuit of noisy gates on a batch of density matrices, differentiable in the angles that follow the clip.

    densities      [batch, 2**n, 2**n]    complex128; from |0...0> where none are given
    features       [batch, feature]       radians
    probabilities  [batch, outcome]       of measuring every qubit

An operation is a gate and the noise behind it, as one real matrix on Pauli strings (`quantum.engine.pauli`):

    matrix = fixed + cosine * cos(angle) + sine * sin(angle)      angle = offset + sum of coefficient * feature

Runs of operations on the same one or two qubits are multiplied into a block before any state is touched, so that a
routed swap, or the one-qubit gates between two entangling ones, cost nothing; a block is one matrix for all clips, or
one for each where an angle follows the clip. Blocks are then applied to 4**n numbers per clip, one product each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from quantum.engine.pauli import densities_of, ground_vectors, outcome_probabilities, placed, vectors_of

MOST_QUBITS = 8  # 4**8 real numbers are half a MiB per clip; each qubit more takes four times the memory and the time
CLIPS_AT_A_TIME = 16  # their vectors stay in the cache


@dataclass(frozen=True, eq=False)
class NoisyOperation:
    """A gate and its noise on one or two qubits; the first qubit holds the least significant digit."""

    qubits: tuple[int, ...]
    fixed: Tensor  # [4**k, 4**k], float64
    cosine: Tensor | None = None
    sine: Tensor | None = None
    offset: float = 0.0  # radians
    coefficients: Mapping[int, float] | None = None  # by feature

    @property
    def follows_clips(self) -> bool:
        """Whether its angle is one of the clip."""
        return bool(self.coefficients)

    def matrix(self) -> Tensor:
        """Of an operation whose angle is a number."""
        if self.cosine is None or self.sine is None:
            return self.fixed
        angle = torch.tensor(self.offset, dtype=torch.float64)
        return self.fixed + angle.cos() * self.cosine + angle.sin() * self.sine


class DensityEngine(nn.Module):
    """Executes one noisy circuit; holds its matrices, which move with `.to(device)`, and nothing that is trained."""

    def __init__(self, n_qubits: int, operations: Sequence[NoisyOperation], n_features: int = 0) -> None:
        super().__init__()
        check_density_qubits(n_qubits)
        self.n_qubits, self.n_features = n_qubits, n_features
        runs = _blocks(operations)
        self.block_qubits = [qubits for qubits, _ in runs]
        self.blocks = nn.ModuleList(_Block(qubits, run, n_features) for qubits, run in runs)

    def vectors(self, features: Tensor, vectors: Tensor | None = None) -> Tensor:
        """[batch, 4**n] behind the circuit, from |0...0> or from the vectors given."""
        if features.dim() != 2 or features.shape[1] != self.n_features:
            raise ValueError(f"The circuit reads features [batch, {self.n_features}]; got {list(features.shape)}.")
        if vectors is None:
            vectors = ground_vectors(len(features), self.n_qubits, features.device)
        elif vectors.shape != (len(features), 4**self.n_qubits):
            raise ValueError(
                f"{self.n_qubits} qubits have vectors [{len(features)}, {4**self.n_qubits}]; got {list(vectors.shape)}."
            )
        n_clips = len(features)
        order = list(reversed(range(self.n_qubits)))  # the qubit of each axis behind the batch
        values = vectors.reshape(n_clips, *[4] * self.n_qubits)
        for block, qubits in zip(self.blocks, self.block_qubits, strict=True):
            front = list(reversed(qubits))
            rest = [qubit for qubit in order if qubit not in front]
            values = values.permute(0, *(1 + order.index(qubit) for qubit in front + rest))
            flat = values.reshape(n_clips, 4 ** len(front), -1)
            values = torch.matmul(block(features), flat).reshape(n_clips, *[4] * self.n_qubits)
            order = front + rest
        return values.permute(0, *(1 + order.index(qubit) for qubit in reversed(range(self.n_qubits)))).flatten(1)

    def forward(self, features: Tensor, densities: Tensor | None = None) -> Tensor:
        """Density matrices behind the circuit."""
        return densities_of(self.vectors(features, None if densities is None else vectors_of(densities)))

    def probabilities(self, features: Tensor) -> Tensor:
        """[batch, outcome] behind the circuit on |0...0>."""
        parts = features.split(CLIPS_AT_A_TIME) if len(features) else (features,)
        return torch.cat([outcome_probabilities(self.vectors(part)) for part in parts])


def check_density_qubits(n_qubits: int) -> None:
    """Refuse circuits whose density matrices are too large."""
    if not 1 <= n_qubits <= MOST_QUBITS:
        raise InputError(
            f"Noise is run on density matrices of 1 to {MOST_QUBITS} qubits; the circuit has {n_qubits}. "
            "Pool more, or choose a backend without noise."
        )


def _blocks(operations: Sequence[NoisyOperation]) -> list[tuple[tuple[int, ...], list[NoisyOperation]]]:
    """Runs of operations on the same one or two qubits, with the qubits of each run.

    An operation joins the run that came last on its qubits where that run holds them all; otherwise it begins a run,
    and takes into it what stood before on one of its qubits alone. Others commute with it, so their order is free.
    """
    runs: dict[int, tuple[tuple[int, ...], list[NoisyOperation]]] = {}
    last: dict[int, int] = {}  # by qubit: the last run on it
    for number, operation in enumerate(operations):
        before = sorted({last[qubit] for qubit in operation.qubits if qubit in last})
        if len(before) == 1 and set(operation.qubits) <= set(runs[before[0]][0]):
            runs[before[0]][1].append(operation)
            continue
        alone = [runs.pop(one)[1] for one in before if len(runs[one][0]) == 1]
        runs[number] = operation.qubits, [*chain.from_iterable(alone), operation]
        last |= dict.fromkeys(operation.qubits, number)
    return list(runs.values())


class _Block(nn.Module):
    """One matrix of a run, [(batch,) 4**k, 4**k]: products of all that is the same for all clips are made once."""

    def __init__(self, qubits: tuple[int, ...], run: Sequence[NoisyOperation], n_features: int) -> None:
        super().__init__()
        self.qubits = qubits
        self.n_turns = 0
        product = torch.eye(4 ** len(qubits), dtype=torch.float64)
        for operation in run:
            if not operation.follows_clips:
                product = self._on_block(operation.matrix(), operation) @ product
                continue
            assert operation.coefficients is not None and operation.cosine is not None and operation.sine is not None
            coefficients = torch.zeros(n_features, dtype=torch.float64)
            for feature, value in operation.coefficients.items():
                coefficients[feature] = value
            number = self.n_turns
            self._keep(f"before_{number}", product)
            self._keep(f"fixed_{number}", self._on_block(operation.fixed, operation))
            self._keep(f"cosine_{number}", self._on_block(operation.cosine, operation))
            self._keep(f"sine_{number}", self._on_block(operation.sine, operation))
            self._keep(f"offset_{number}", torch.tensor(operation.offset, dtype=torch.float64))
            self._keep(f"coefficients_{number}", coefficients)
            self.n_turns += 1
            product = torch.eye(4 ** len(qubits), dtype=torch.float64)
        self._keep("last", product)

    def _keep(self, name: str, values: Tensor) -> None:
        self.register_buffer(name, values, persistent=False)

    def _on_block(self, matrix: Tensor, operation: NoisyOperation) -> Tensor:
        if len(self.qubits) == 1:
            return matrix
        return placed(matrix, [self.qubits.index(qubit) for qubit in operation.qubits])

    def forward(self, features: Tensor) -> Tensor:
        product: Tensor | None = None
        for number in range(self.n_turns):
            angle = features @ self._buffer(f"coefficients_{number}") + self._buffer(f"offset_{number}")
            angle = angle[:, None, None]
            turn = self._buffer(f"fixed_{number}") + angle.cos() * self._buffer(f"cosine_{number}")
            turn = turn + angle.sin() * self._buffer(f"sine_{number}")
            before = self._buffer(f"before_{number}")
            product = turn @ (before if product is None else before @ product)
        last = self._buffer("last")
        return last if product is None else last @ product

    def _buffer(self, name: str) -> Tensor:
        values: Tensor = getattr(self, name)
        return values
