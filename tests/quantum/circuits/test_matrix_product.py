"""Circuits of orthogonal matrices against Qiskit's operators, matrix-product states against numpy's decompositions."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from qiskit import transpile
from qiskit.quantum_info import Operator, Statevector
from scipy.stats import special_ortho_group

from quantum.circuits.circuit import Circuit
from quantum.circuits.matrix_product import Chain, matrix_product, matrix_product_circuit, synthesised
from quantum.circuits.orthogonal import Synthesis
from quantum.circuits.qiskit_form import qiskit_circuit

NATIVE = {"basis_gates": ["rz", "sx", "x", "cx"], "optimization_level": 2, "seed_transpiler": 7}


def most_significant_first(n):
    return tuple(reversed(range(n)))


def prepared(states, chi):
    """[state, amplitude] that Qiskit finds behind the circuit, for each state."""
    qubits = most_significant_first(states.shape[1].bit_length() - 1)
    circuit = matrix_product_circuit(qubits, chi)
    features = synthesised(matrix_product(states, chi), qubits).all_features()
    assert features.shape == (len(states), circuit.n_features)
    return np.stack([Statevector(qiskit_circuit(circuit, (), one.tolist())).data for one in features])


@pytest.mark.parametrize("n_targets", [1, 2, 3, 4])
@pytest.mark.parametrize("n_controls", [0, 1, 2])
def test_a_multiplexed_matrix_is_block_diagonal(n_targets, n_controls):
    draw = np.random.default_rng(n_targets)
    blocks = special_ortho_group.rvs(2**n_targets, 2**n_controls, random_state=draw).reshape(
        2**n_controls, 2**n_targets, -1
    )
    qubits = most_significant_first(n_controls + n_targets)
    made = Synthesis()
    made.orthogonal(qubits[n_controls:], torch.from_numpy(blocks)[None], qubits[:n_controls])

    found = Operator(qiskit_circuit(Circuit(len(qubits), tuple(made.gates)), (), made.all_features()[0].tolist())).data

    expected = np.zeros_like(found)
    for value, block in enumerate(blocks):
        rows = slice(value * len(block), (value + 1) * len(block))
        expected[rows, rows] = block
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("matrix", [np.eye(8), np.diag([-1.0, -1, 1, 1, 1, 1, -1, -1]), np.eye(8)[::-1].copy()])
def test_matrices_whose_decomposition_is_not_unique_are_still_exact(matrix):
    made = Synthesis()
    made.orthogonal((2, 1, 0), torch.from_numpy(matrix)[None, None])

    found = Operator(qiskit_circuit(Circuit(3, tuple(made.gates)), (), made.all_features()[0].tolist())).data

    np.testing.assert_allclose(found, matrix, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 6).flatmap(
        lambda n: arrays(np.float64, (2, 2**n), elements=st.sampled_from([0.0, 1.0, -1.0, 0.3, -0.2, 1e-9])).filter(
            lambda values: np.linalg.norm(values, axis=1).min() > 0.1
        )
    ),
    st.sampled_from([1, 2, 4, 8]),
)
def test_the_circuit_prepares_the_reduced_state_signs_and_zeros_included(values, chi):
    states = torch.from_numpy(values / np.linalg.norm(values, axis=1, keepdims=True))

    found = prepared(states, chi)

    np.testing.assert_allclose(found, matrix_product(states, chi).states().numpy(), atol=1e-12)


def test_small_and_nearly_equal_singular_values_cost_no_accuracy():
    states = torch.full((1, 64), 1e-9, dtype=torch.float64)
    states[0, 22] = 1
    states[0, [0, 2, 17]] = 0

    np.testing.assert_allclose(prepared(states, 8), states.numpy(), atol=1e-13)


def test_the_sign_of_a_product_state_is_kept():
    up = torch.tensor([[[1.0], [0.0]]], dtype=torch.float64)
    chain = Chain((up,), (up,), -torch.ones(1, 1, 1, dtype=torch.float64))

    features = synthesised(chain, (1, 0)).all_features()[0].tolist()

    found = Statevector(qiskit_circuit(matrix_product_circuit((1, 0), 1), (), features)).data
    np.testing.assert_allclose(found, [-1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(chain.states()[0], [-1, 0, 0, 0])


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 7), st.sampled_from([1, 2, 4, 8]), st.integers(0, 1000))
def test_a_reduced_state_is_as_near_as_its_singular_values_allow(n_qubits, chi, seed):
    state = np.random.default_rng(seed).normal(size=2**n_qubits)
    state /= np.linalg.norm(state)

    reduced = matrix_product(torch.from_numpy(state)[None], chi).states()[0].numpy()

    weights = [
        np.linalg.svd(state.reshape(2**cut, -1), compute_uv=False)[chi:] ** 2 for cut in range(1, n_qubits)
    ]  # that a cut of the chain loses at least
    lost = [one.sum() for one in weights]
    fidelity = (reduced @ state) ** 2
    assert np.linalg.norm(reduced) == pytest.approx(1, abs=1e-12)
    assert fidelity <= 1 - max(lost) + 1e-12
    assert fidelity >= 1 - sum(lost) - 1e-12
    for cut in range(1, n_qubits):
        assert np.linalg.matrix_rank(reduced.reshape(2**cut, -1), tol=1e-9) <= chi


@pytest.mark.parametrize("n_sinusoids", [1, 2, 4])
def test_sinusoids_have_twice_as_many_dimensions_as_there_are(n_sinusoids):
    step = np.arange(256)
    state = sum(np.cos(frequency * step + frequency) for frequency in (0.31, 0.77, 1.3, 2.1)[:n_sinusoids])
    states = torch.from_numpy(state / np.linalg.norm(state))[None]

    fidelities = [
        float((matrix_product(states, chi).states() * states).sum()) ** 2 for chi in (n_sinusoids, 2 * n_sinusoids)
    ]

    assert fidelities[0] < 0.99
    assert fidelities[1] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("n_qubits", "chi", "n_gates_2q"),
    [(5, 1, 0), (2, 2, 1), (8, 2, 2 * 8 - 3), (4, 4, 7), (7, 4, 9 * 7 - 29), (6, 8, 37), (7, 8, 50 * 7 - 263)],
)
def test_between_any_two_qubits_the_circuit_has_the_gates_of_its_rule(n_qubits, chi, n_gates_2q):
    circuit = matrix_product_circuit(most_significant_first(n_qubits), chi)
    features = np.random.default_rng(0).uniform(0.3, 1.2, circuit.n_features).tolist()

    native = transpile(qiskit_circuit(circuit, (), features), **NATIVE)

    assert sum(gate.name in {"cx", "cz"} for gate in circuit.gates) == n_gates_2q
    assert native.count_ops().get("cx", 0) == n_gates_2q


@pytest.mark.parametrize("n_qubits", [1, 2, 5, 6])
def test_half_the_qubits_are_bond_enough_for_every_state(n_qubits):
    states = torch.randn(2, 2**n_qubits, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    states = torch.nn.functional.normalize(states)

    np.testing.assert_allclose(prepared(states, 2 ** math.ceil(n_qubits / 2)), states.numpy(), atol=1e-12)
