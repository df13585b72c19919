# tests/quantum/engine/test_kernels.py
"""The layers of the engine against Qiskit's operators."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from quantum.engine.kernels import (
    apply_blocks,
    cx_ring_permutation,
    cz_ring_signs,
    permute_amplitudes,
    qubits_of,
    ring_pairs,
    rotation_blocks,
)


def random_angles(n_qubits, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).uniform(-4, 4, size=(1, n_qubits, 2)))


def rotation_operator(angles):
    circuit = QuantumCircuit(angles.shape[1])
    for qubit, (rz, ry) in enumerate(angles[0].tolist()):
        circuit.rz(rz, qubit)
        circuit.ry(ry, qubit)
    return Operator(circuit).data


@pytest.mark.parametrize("n_qubits", range(1, 7))
def test_a_rotation_layer_is_rz_then_ry_on_each_qubit_in_qiskits_bit_order(n_qubits):
    angles = random_angles(n_qubits)
    upper, lower = rotation_blocks(angles)
    basis = torch.eye(2**n_qubits, dtype=torch.complex128)

    columns = apply_blocks(basis, upper[0], lower[0]).T

    np.testing.assert_allclose(columns.numpy(), rotation_operator(angles), atol=1e-12)


@pytest.mark.parametrize("n_qubits", range(1, 7))
def test_the_rings_are_qiskits_gates_in_the_order_of_the_pairs(n_qubits):
    basis = torch.eye(2**n_qubits, dtype=torch.complex128)
    moved, signed = QuantumCircuit(n_qubits), QuantumCircuit(n_qubits)
    for control, target in ring_pairs(n_qubits):
        moved.cx(control, target)
        signed.cz(control, target)

    cx_columns = permute_amplitudes(basis, *cx_ring_permutation(n_qubits)).T
    cz_columns = (basis * cz_ring_signs(n_qubits)).T

    np.testing.assert_array_equal(cx_columns.numpy(), Operator(moved).data)
    np.testing.assert_array_equal(cz_columns.numpy(), Operator(signed).data)


def test_a_ring_closes_and_two_qubits_have_one_pair():
    assert ring_pairs(1) == ()
    assert ring_pairs(2) == ((0, 1),)
    assert ring_pairs(4) == ((0, 1), (1, 2), (2, 3), (3, 0))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 10_000))
def test_every_layer_keeps_the_norm(n_qubits, seed):
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(3, 2**n_qubits, dtype=torch.complex128, generator=generator)
    upper, lower = rotation_blocks(random_angles(n_qubits, seed))

    after = permute_amplitudes(apply_blocks(states, upper[0], lower[0]), *cx_ring_permutation(n_qubits))

    torch.testing.assert_close(after.norm(dim=1), states.norm(dim=1), atol=1e-12, rtol=1e-12)


def test_the_gradient_of_a_permutation_is_that_of_finite_differences():
    states = torch.randn(2, 8, dtype=torch.complex128, generator=torch.Generator().manual_seed(0), requires_grad=True)
    source, destination = cx_ring_permutation(3)

    assert torch.autograd.gradcheck(lambda x: permute_amplitudes(x, source, destination), states)


@pytest.mark.parametrize("n_amplitudes", [0, 1, 3, 100, 2**15])
def test_amplitudes_that_fill_no_qubits_are_refused(n_amplitudes):
    with pytest.raises(ValueError, match=f"got {n_amplitudes}"):
        qubits_of(n_amplitudes)
