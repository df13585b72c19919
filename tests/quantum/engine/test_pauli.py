# tests/quantum/engine/test_pauli.py
"""Density matrices as expectations of Pauli strings, beside Qiskit's own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import PTM, DensityMatrix, Kraus, SparsePauliOp, random_density_matrix, random_quantum_channel

from quantum.engine.pauli import (
    densities_of,
    ground_vectors,
    kraus_of,
    outcome_probabilities,
    placed,
    transfer_matrix,
    vectors_of,
)

seeds = st.integers(0, 2**31)


@settings(max_examples=20)
@given(seeds, st.integers(1, 4))
def test_a_vector_holds_the_expectation_of_every_pauli_string(seed, n_qubits):
    state = random_density_matrix(2**n_qubits, seed=seed)
    vector = vectors_of(torch.from_numpy(state.data)[None])[0]
    place = seed % 4**n_qubits
    string = "".join("IXYZ"[place // 4**qubit % 4] for qubit in reversed(range(n_qubits)))

    assert vector[place].item() == pytest.approx(state.expectation_value(SparsePauliOp(string)).real, abs=1e-12)
    np.testing.assert_allclose(densities_of(vector[None])[0].numpy(), state.data, atol=1e-13)
    np.testing.assert_allclose(outcome_probabilities(vector[None])[0].numpy(), state.probabilities(), atol=1e-13)


@settings(max_examples=20)
@given(seeds, st.integers(1, 2))
def test_an_operation_is_qiskits_matrix_on_pauli_strings_and_its_kraus_operators_give_it_back(seed, n_qubits):
    channel = random_quantum_channel(2**n_qubits, 2**n_qubits, seed=seed)
    kraus = torch.from_numpy(np.stack(Kraus(channel).data))

    matrix = transfer_matrix(kraus)

    np.testing.assert_allclose(matrix.numpy(), PTM(channel).data.real, atol=1e-7)  # Kraus() drops what is below 1e-8
    np.testing.assert_allclose(transfer_matrix(kraus_of(matrix)).numpy(), matrix.numpy(), atol=1e-12)


def test_the_ground_state_is_all_zeros():
    expected = DensityMatrix.from_label("000").data

    np.testing.assert_array_equal(densities_of(ground_vectors(2, 3))[1].numpy(), expected)


def test_a_matrix_placed_on_other_qubits_acts_there():
    one = torch.randn(4, 4, dtype=torch.float64)
    two = torch.randn(16, 16, dtype=torch.float64)
    values = torch.randn(4, 4, dtype=torch.float64)  # [digit of qubit 1, digit of qubit 0]

    np.testing.assert_allclose((placed(one, [0]) @ values.flatten()).reshape(4, 4), values @ one.T)
    np.testing.assert_allclose((placed(one, [1]) @ values.flatten()).reshape(4, 4), one @ values)
    swapped = (two @ values.T.flatten()).reshape(4, 4).T
    np.testing.assert_allclose((placed(two, [1, 0]) @ values.flatten()).reshape(4, 4), swapped)
    assert placed(two, [0, 1]) is two
