"""Multiplexed rotations and exact preparation against Qiskit's states, and its counts against known numbers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import UCRYGate, UCRZGate
from qiskit.quantum_info import Operator, Statevector

from quantum.circuits.circuit import Circuit, Gate
from quantum.circuits.multiplexed import gray_features, multiplexed_rotation
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.circuits.real_state import real_state_angles, real_state_circuit

NATIVE = {"basis_gates": ["rz", "sx", "x", "cx"], "optimization_level": 2, "seed_transpiler": 7}


def random_states(n_qubits, n_states=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(n_states, 2**n_qubits, dtype=torch.float64, generator=generator))


def prepared(angles, n_qubits):
    return Statevector(qiskit_circuit(real_state_circuit(n_qubits), (), angles.tolist())).data


@pytest.mark.parametrize("n_controls", [0, 1, 2, 3])
@pytest.mark.parametrize(("name", "theirs"), [("ry", UCRYGate), ("rz", UCRZGate)])
def test_a_multiplexed_rotation_is_qiskits_uniformly_controlled_one(name, theirs, n_controls):
    angles = torch.randn(1, 2**n_controls, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    controls = list(range(1, n_controls + 1))
    gates = multiplexed_rotation(name, 0, controls, 0)
    expected = QuantumCircuit(n_controls + 1)
    expected.append(theirs(angles[0].tolist()), [0, *controls])

    ours = qiskit_circuit(Circuit(n_controls + 1, gates), (), gray_features(angles)[0].tolist())

    np.testing.assert_allclose(Operator(ours).data, Operator(expected).data, atol=1e-12)
    assert [gate.name for gate in gates].count(name) == 2**n_controls


def test_without_its_last_gate_a_multiplexed_rotation_lacks_nothing_else():
    gates = multiplexed_rotation("ry", 0, (1, 2), 0)

    assert gates[-1] == Gate("cz", (2, 0))
    assert multiplexed_rotation("ry", 0, (1, 2), 0, last=False) == gates[:-1]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda n: arrays(np.float64, 2**n, elements=st.floats(-1, 1, allow_subnormal=False)).filter(np.any)
    )
)
def test_any_real_state_is_prepared_zeros_and_signs_included(values):
    state = torch.from_numpy(values / np.abs(values).max())  # of a norm that need not be 1

    found = prepared(real_state_angles(state[None])[0], len(values).bit_length() - 1)

    np.testing.assert_allclose(found, state.numpy() / np.linalg.norm(state.numpy()), atol=1e-12)


@pytest.mark.parametrize("n_qubits", range(1, 7))
def test_its_gates_are_those_of_qiskits_preparation(n_qubits):
    state = random_states(n_qubits, 1)
    ours = qiskit_circuit(real_state_circuit(n_qubits), (), real_state_angles(state)[0].tolist())
    theirs = QuantumCircuit(n_qubits)
    theirs.prepare_state(state[0].numpy())

    n_gates = [transpile(one, **NATIVE).count_ops().get("cx", 0) for one in (ours, theirs)]

    assert n_gates == [2**n_qubits - n_qubits - 1] * 2
    assert ours.count_ops().get("cz", 0) == n_gates[0]  # none of them is found by the transpiler


def test_a_batch_has_the_angles_of_each_of_its_states():
    states = random_states(4, 3)

    apart = torch.cat([real_state_angles(one[None]) for one in states])

    assert torch.equal(real_state_angles(states), apart)
    assert real_state_angles(states).shape == (3, real_state_circuit(4).n_features)


@pytest.mark.parametrize(
    "states", [torch.zeros(1, 4, dtype=torch.complex64), torch.zeros(4), torch.zeros(2, 6), torch.zeros(2, 1)]
)
def test_what_is_no_batch_of_real_states_is_refused(states):
    with pytest.raises(ValueError, match=r"must be real \[batch, 2\*\*n\], n >= 1; got"):
        real_state_angles(states)
