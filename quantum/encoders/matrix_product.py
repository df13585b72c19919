# quantum/encoders/matrix_product.py
"""Amplitude code by a matrix-product state: the nearest state of a bond dimension chi that few gates prepare.

    states   [batch, amplitude]   real, unit norm; in the order of the code `amplitude`, which they approximate

The qubits stand in a chain, mel qubits from the least to the most significant, then frame qubits from the most to the
least: what is coarse in both meets in the middle, where the chain carries most. On pictures of spoken digits this order
loses least of those tried (`docs/state_preparation.md`). The fidelity of every clip is a note of a run.

A gradient goes straight through to the amplitudes (a straight-through estimator): singular vectors have none where
singular values meet, as those of a silent band do.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit
from quantum.circuits.description import qubit_count
from quantum.circuits.matrix_product import Chain, matrix_product, matrix_product_circuit, reversed_bits, synthesised
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.encoders.circuit_code import CircuitCode

LARGEST_BOND_DIMENSION = 128  # with which 14 qubits are exact


@dataclass(frozen=True)
class MatrixProductEncoder(AmplitudeEncoder, CircuitCode):
    """The options of a matrix-product code."""

    bond_dimension: int = 4  # chi: 1, 2, 4, ...; 2**floor(n / 2) for n qubits is exact

    def __post_init__(self) -> None:
        super().__post_init__()
        chi = self.bond_dimension
        if not 1 <= chi <= LARGEST_BOND_DIMENSION or chi & (chi - 1):
            raise InputError(f"bond_dimension must be a power of two, 1 to {LARGEST_BOND_DIMENSION}; got {chi}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        exact = AmplitudeEncoder.__call__(self, intensity, generator)
        near = self._in_order(self._chain(exact.detach(), intensity).states(), *intensity.shape[1:]).to(exact.dtype)
        return exact + (near - exact.detach()) if exact.requires_grad else near

    def angles(self, intensity: Tensor) -> Tensor:
        exact = AmplitudeEncoder.__call__(self, intensity, torch.Generator())
        return synthesised(self._chain(exact, intensity), self._qubits(*intensity.shape[1:])).all_features()

    def preparation(self, n_mels: int, n_frames: int) -> Circuit:
        return matrix_product_circuit(self._qubits(n_mels, n_frames), self.bond_dimension)

    def fidelities(self, intensity: Tensor, encoded: Tensor) -> Tensor:
        exact = AmplitudeEncoder.__call__(self, intensity.double(), torch.Generator())
        return (exact * encoded).sum(1).square()

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Those of the amplitudes, and of the decompositions, in double precision, by Golub & Van Loan's counts.

        Singular values and left vectors of a matrix with r rows and c columns: r**2 c + 11 r**3 / 2 multiply-adds; a
        site's cosine-sine decomposition, two of chi x chi with all vectors, 11 chi**3 each, and products.
        """
        n_mels, n_frames = intensity.shape[1:]
        n_qubits = len(self._qubits(n_mels, n_frames))
        n_left = n_qubits // 2
        chi = min(self.bond_dimension, 2**n_left)
        macs = 22.0 * chi**3
        for n_side, n_beyond in ((n_left, 2 ** (n_qubits - n_left)), (n_qubits - n_left, chi)):
            for n_rest in range(n_side - chi.bit_length(), -1, -1):  # site states behind the one that is reduced
                rows, columns = 2 * chi, 2**n_rest * n_beyond
                macs += rows**2 * columns + 5.5 * rows**3 + chi * rows * columns + 30 * chi**3
        n_angles = self.preparation(n_mels, n_frames).n_features
        return AmplitudeEncoder.operations(self, intensity, encoded) + OperationCounts.of(
            "encoder", "matrix-product", mac_fp32=macs, transcendental_fp32=2 * n_angles, multiply_fp32=n_angles
        )

    def _chain(self, exact: Tensor, intensity: Tensor) -> Chain:
        return matrix_product(self._in_order(exact.double(), *intensity.shape[1:]), self.bond_dimension)

    def _in_order(self, states: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """From the order of amplitudes to that of the chain, or back: the mel bands in reversed bits."""
        grid = self.shape(n_mels, n_frames).grid
        return states.unflatten(1, grid)[:, reversed_bits(qubit_count(grid[0]))].flatten(1)

    def _qubits(self, n_mels: int, n_frames: int) -> tuple[int, ...]:
        """The chain, first site first."""
        grid = self.shape(n_mels, n_frames).grid
        n_frame_qubits = qubit_count(grid[1])
        n_qubits = qubit_count(math.prod(grid))
        return (*range(n_frame_qubits, n_qubits), *reversed(range(n_frame_qubits)))
