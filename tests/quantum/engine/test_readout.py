# tests/quantum/engine/test_readout.py
"""What is read from probabilities, against Qiskit's operators and sums on paper."""

from itertools import combinations

import numpy as np
import pytest
import torch
from qiskit.quantum_info import SparsePauliOp, Statevector

from quantum.engine.readout import MOST_QUBITS_OF_TABLE, marginals, probabilities, sign_matrix, z_expectations


def random_state(n_qubits, seed=0):
    draw = np.random.default_rng(seed)
    state = draw.normal(size=2**n_qubits) + 1j * draw.normal(size=2**n_qubits)
    return state / np.linalg.norm(state)


@pytest.mark.parametrize("n_qubits", [1, 2, 5])
def test_the_signs_give_qiskits_expectations_of_z_and_zz(n_qubits):
    state = random_state(n_qubits)
    qubits = [(q,) for q in range(n_qubits)] + list(combinations(range(n_qubits), 2))
    operators = [SparsePauliOp.from_sparse_list([("Z" * len(q), list(q), 1.0)], n_qubits) for q in qubits]
    expected = [Statevector(state).expectation_value(operator).real for operator in operators]

    values = probabilities(torch.from_numpy(state)[None]) @ sign_matrix(n_qubits).double()

    np.testing.assert_allclose(values[0].numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("n_qubits", [1, 5, MOST_QUBITS_OF_TABLE + 1])
def test_z_of_every_qubit_and_its_gradient_are_those_of_a_sum_with_signs(n_qubits):
    states = torch.from_numpy(np.stack([random_state(n_qubits, seed) for seed in (0, 1)])).requires_grad_()
    outcome = np.arange(2**n_qubits)
    signs = np.stack([np.where(outcome & 2**qubit, -1.0, 1.0) for qubit in range(n_qubits)], 1)
    of_values = np.random.default_rng(2).normal(size=(2, n_qubits))

    values = z_expectations(states)
    (of_states,) = torch.autograd.grad(values, states, torch.from_numpy(of_values))

    amplitudes = states.detach().numpy()
    np.testing.assert_allclose(values.detach().numpy(), np.abs(amplitudes) ** 2 @ signs, atol=1e-12)
    np.testing.assert_allclose(of_states.numpy(), 2 * amplitudes * (of_values @ signs.T), atol=1e-12)


@pytest.mark.parametrize("n_leading", [1, 3, 4])
def test_marginals_are_qiskits_probabilities_of_the_leading_qubits(n_leading):
    state = random_state(4)
    expected = Statevector(state).probabilities(list(range(4 - n_leading, 4)))

    leading = marginals(probabilities(torch.from_numpy(state)[None]), n_leading)

    np.testing.assert_allclose(leading[0].numpy(), expected, atol=1e-12)


def test_neighbouring_outcomes_share_a_band():
    outcomes = torch.tensor([[0.1, 0.2, 0.3, 0.4]])

    torch.testing.assert_close(marginals(outcomes, 1), torch.tensor([[0.3, 0.7]]))


def test_more_leading_qubits_than_there_are_is_refused():
    with pytest.raises(ValueError, match=r"must lie in 1 to 2.*got 3"):
        marginals(torch.ones(1, 4), 3)
