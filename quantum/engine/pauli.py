# quantum/engine/pauli.py
"""Density matrices as real vectors, by their expectations of Pauli strings, and operations as real matrices on them.

    densities    [batch, 2**n, 2**n]   complex, Hermitian, trace 1
    vectors      [batch, 4**n]         real: Tr(P rho) for every string P of I, X, Y, Z (digits 0 to 3 in base 4)
    matrices     [4**k, 4**k]          real: R[P, Q] = Tr(P E(Q)) / 2**k, of an operation E on k qubits

Qubit q is digit q of the string and bit q of the amplitude index, so qubit 0 is the least significant. A density
matrix has as many real numbers as it has Pauli strings, so nothing is lost, and a product takes a quarter of the
arithmetic that it takes on complex matrices. Greenbaum, arXiv 1509.02921, section 2.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# rho = sum over P of Tr(P rho) P / 2, one qubit at a time: [digit, bit of the row, bit of the column]
PAULIS = torch.tensor(
    [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=torch.complex128
)
_TO_VECTOR = PAULIS.mT.reshape(4, 4)  # Tr(P rho) = sum of P[column, row] rho[row, column]
_TO_DENSITY = PAULIS.reshape(4, 4).T / 2


def vectors_of(densities: Tensor) -> Tensor:
    """The expectations of all Pauli strings, [batch, 4**n], float64."""
    n_qubits = densities.shape[-1].bit_length() - 1
    values = densities.to(torch.complex128).reshape(-1, *[2] * (2 * n_qubits))
    rows_and_columns = [1 + half * n_qubits + qubit for qubit in range(n_qubits) for half in range(2)]
    values = values.permute(0, *rows_and_columns).reshape(-1, *[4] * n_qubits)
    return _on_every_axis(values, _TO_VECTOR).flatten(1).real


def densities_of(vectors: Tensor) -> Tensor:
    """The density matrices, [batch, 2**n, 2**n], complex128."""
    n_qubits = (vectors.shape[-1].bit_length() - 1) // 2
    values = _on_every_axis(vectors.to(torch.complex128).reshape(-1, *[4] * n_qubits), _TO_DENSITY)
    values = values.reshape(-1, *[2] * (2 * n_qubits))
    rows = [1 + 2 * qubit for qubit in range(n_qubits)]
    columns = [2 + 2 * qubit for qubit in range(n_qubits)]
    return values.permute(0, *rows, *columns).reshape(-1, 2**n_qubits, 2**n_qubits)


def outcome_probabilities(vectors: Tensor) -> Tensor:
    """[batch, outcome]: of measuring every qubit in the Z basis; only strings of I and Z have a part in it."""
    n_qubits = (vectors.shape[-1].bit_length() - 1) // 2
    values = vectors.reshape(-1, *[4] * n_qubits)[(slice(None), *[slice(None, None, 3)] * n_qubits)]
    halves = torch.tensor([[0.5, 0.5], [0.5, -0.5]], dtype=vectors.dtype, device=vectors.device)
    return _on_every_axis(values, halves).flatten(1)


def ground_vectors(n_clips: int, n_qubits: int, device: torch.device | None = None) -> Tensor:
    """Of |0...0>: 1 for every string of I and Z."""
    vectors = torch.zeros(n_clips, *[4] * n_qubits, dtype=torch.float64, device=device)
    vectors[(slice(None), *[slice(None, None, 3)] * n_qubits)] = 1
    return vectors.flatten(1)


def transfer_matrix(kraus: Tensor) -> Tensor:
    """[4**k, 4**k] of an operation with Kraus operators [operator, 2**k, 2**k]; a unitary is one operator."""
    n_qubits = kraus.shape[-1].bit_length() - 1
    strings = pauli_strings(n_qubits)
    images = torch.einsum("kab,qbc,kdc->qad", kraus, strings, kraus.conj())
    return torch.einsum("pab,qba->pq", strings, images).real / 2**n_qubits


def pauli_strings(n_qubits: int) -> Tensor:
    """[string, 2**k, 2**k], complex128, in the order of their digits."""
    strings = torch.ones(1, 1, 1, dtype=torch.complex128)
    for _ in range(n_qubits):  # the one added last holds the most significant digit
        strings = torch.einsum("pij,qkl->pqikjl", PAULIS, strings).reshape(
            4 * len(strings), 2 * strings.shape[1], 2 * strings.shape[2]
        )
    return strings


def _on_every_axis(values: Tensor, matrix: Tensor) -> Tensor:
    matrix = matrix.to(values.device)
    for axis in range(1, values.dim()):
        values = torch.tensordot(values, matrix, dims=([axis], [1])).movedim(-1, axis)
    return values


def placed(matrix: Tensor, positions: Sequence[int]) -> Tensor:
    """A matrix of one or two qubits as one [16, 16] on two, the digits of position 0 least significant."""
    if len(positions) == 1:
        identity = torch.eye(4, dtype=matrix.dtype, device=matrix.device)
        return torch.kron(identity, matrix) if positions[0] == 0 else torch.kron(matrix, identity)
    if tuple(positions) == (0, 1):
        return matrix
    return matrix.reshape(4, 4, 4, 4).permute(1, 0, 3, 2).reshape(16, 16)


def kraus_of(matrix: Tensor) -> Tensor:
    """[operator, 2**k, 2**k] of the completely positive operation with this matrix, by its Choi matrix.

    Every eigenvalue that is no rounding error below 0 is kept, however small: relaxation within a gate is small.
    """
    n_qubits = (len(matrix).bit_length() - 1) // 2
    size = 2**n_qubits
    strings = pauli_strings(n_qubits)
    choi = torch.einsum("pq,qca,pbd->abcd", matrix.to(torch.complex128), strings, strings) / size
    eigenvalues, eigenvectors = torch.linalg.eigh(choi.reshape(size * size, size * size))
    return (eigenvectors * eigenvalues.clamp_min(0).sqrt()).T.reshape(-1, size, size).mT
