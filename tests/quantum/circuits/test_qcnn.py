"""The quantum convolutional network's circuit: its unitary is any, its pooling is a measurement with feed-forward."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Operator, Statevector

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.circuits.circuit import Circuit
from quantum.circuits.qcnn import QcnnDescription, neighbours, pooling, qcnn_circuit, two_qubit_unitary
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.classifiers.qcnn import Qcnn
from quantum.encoders.amplitude import unit_states
from quantum.export import trained_circuit


def test_a_two_qubit_unitary_moves_in_all_15_directions_of_su_4():
    angles = np.random.default_rng(0).uniform(-3, 3, 15)
    gates = Circuit(2, two_qubit_unitary(0, 1, 0))

    def unitary(values):
        return Operator(qiskit_circuit(gates, values.tolist())).data

    step = 1e-6
    moved = [(unitary(angles + step * one) - unitary(angles - step * one)).ravel() / (2 * step) for one in np.eye(15)]
    jacobian = np.array([np.concatenate([row.real, row.imag]) for row in moved])

    assert np.linalg.matrix_rank(jacobian, tol=1e-4) == 15


def test_without_entangling_gates_the_unitary_is_a_product():
    gates = Circuit(2, two_qubit_unitary(0, 1, 0, entangle=False))
    unitary = Operator(qiskit_circuit(gates, np.linspace(-2, 2, 15).tolist())).data

    # a product of two matrices is of rank 1 once its blocks are laid out as rows
    rearranged = unitary.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    assert np.linalg.matrix_rank(rearranged, tol=1e-9) == 1


def test_pooling_turns_the_kept_qubit_by_what_the_source_is():
    first, second = 0.7, -1.1
    unitary = Operator(qiskit_circuit(Circuit(2, pooling(0, 1, 0)), [first, second])).data
    rz = np.diag([np.exp(-0.5j * first), np.exp(0.5j * first)])
    rx = np.array([[np.cos(second / 2), -1j * np.sin(second / 2)], [-1j * np.sin(second / 2), np.cos(second / 2)]])

    # the source is qubit 0, the least significant: kron(kept, source)
    expected = np.kron(rx, np.diag([1, 0])) + np.kron(rz, np.diag([0, 1]))
    np.testing.assert_allclose(unitary, expected, atol=1e-12)


def test_each_stage_keeps_every_second_qubit():
    assert QcnnDescription(10).kept == (1, 3, 5, 7, 9)
    assert QcnnDescription(8, n_stages=3).kept == (7,)
    assert QcnnDescription(5, n_stages=2).kept == (3,)


def test_it_has_the_angles_that_its_rule_gives():
    # 15 a convolution, where shared; 15 a pair, where not; two a pooling
    assert qcnn_circuit(QcnnDescription(8, n_stages=2, n_convolutions=3)).n_weights == 2 * (3 * 15 + 2)
    assert qcnn_circuit(QcnnDescription(8, shared=False)).n_weights == 7 * 15 + 2
    assert qcnn_circuit(QcnnDescription(8, entangle=False)).n_weights == 15
    assert neighbours(range(3)) == ((0, 1), (1, 2))


@pytest.mark.parametrize("readout", ["probabilities", "expectations"])
def test_the_head_reads_what_qiskit_finds_for_the_kept_qubits(readout):
    torch.manual_seed(0)
    classifier = Qcnn(readout=readout).build(EncodedShape("state", (4, 8)), 3).double().eval()
    states = unit_states(torch.randn(2, 32, dtype=torch.float64))
    exported = trained_circuit(classifier)
    found = np.array([Statevector(state).evolve(exported).probabilities([1, 3]) for state in states.numpy()])
    if readout == "probabilities":
        expected = 4 * found
    else:
        signs = np.array([[1, 1, 1], [-1, 1, -1], [1, -1, -1], [-1, -1, 1]])  # Z of qubit 1, of qubit 3, of both
        expected = found @ signs

    ours = classifier.head.values(classifier.outcome_probabilities(states)).detach()

    np.testing.assert_allclose(ours.numpy(), expected, atol=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_stages": 3}, "n_stages must lie in 1 to 2, for 5 qubits .*; got 3"),
        ({"n_convolutions": 0}, "n_convolutions must be at least 1; got 0"),
        ({"fourier_register": "time"}, "No register is called 'time'"),
    ],
)
def test_what_cannot_be_built_says_why(options, message):
    with pytest.raises(InputError, match=message):
        Qcnn(**options).build(EncodedShape("state", (4, 8)), 3)


def test_a_picture_is_refused():
    with pytest.raises(InputError, match="Choose a state code"):
        Qcnn().build(EncodedShape("intensity", (4, 8)), 3)
