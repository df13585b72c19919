# tests/quantum/noise/test_channels.py
"""The noise behind a gate, beside Qiskit Aer's own channels."""

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from qiskit.quantum_info import PTM, SuperOp
from qiskit_aer.noise import depolarizing_error, thermal_relaxation_error
from qiskit_aer.noise.device import basic_device_gate_errors

from quantum.engine.pauli import transfer_matrix
from quantum.noise.aer_model import noise_model_of
from quantum.noise.channels import depolarising_kraus, depolarising_probability, gate_noise, relaxation_kraus
from quantum.noise.machines import MACHINES, calibration_called
from quantum.noise.native import part_of
from quantum.noise.target import target_of


@given(st.floats(1e-6, 1e-3), st.floats(0.01, 2), st.floats(0, 1e-3))
def test_relaxation_is_that_of_aer(t1, ratio, seconds):
    theirs = PTM(SuperOp(thermal_relaxation_error(t1, ratio * t1, seconds))).data.real

    np.testing.assert_allclose(transfer_matrix(relaxation_kraus(t1, ratio * t1, seconds)).numpy(), theirs, atol=3e-8)


@example(t1=2.455376616090825e-05, ratio=2.0, seconds=0.0006394592703304064)  # a wait of 26 T1
@given(st.floats(1e-6, 1e-3), st.floats(0.01, 2), st.floats(0, 1e-3))
def test_relaxation_loses_populations_by_t1_and_phases_by_t2(t1, ratio, seconds):
    kept, in_phase = math.exp(-seconds / t1), math.exp(-seconds / (ratio * t1))
    expected = [[1, 0, 0, 0], [0, in_phase, 0, 0], [0, 0, in_phase, 0], [1 - kept, 0, 0, kept]]

    matrix = transfer_matrix(relaxation_kraus(t1, ratio * t1, seconds))

    np.testing.assert_allclose(matrix.numpy(), expected, atol=1e-14)


@pytest.mark.parametrize("n_qubits", [1, 2])
@pytest.mark.parametrize("share", [0, 0.3, 1])
def test_depolarising_is_that_of_aer(n_qubits, share):
    probability = share * 4**n_qubits / (4**n_qubits - 1)
    theirs = PTM(SuperOp(depolarizing_error(probability, n_qubits))).data.real

    np.testing.assert_allclose(transfer_matrix(depolarising_kraus(probability, n_qubits)).numpy(), theirs, atol=1e-14)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_the_noise_of_every_gate_is_what_aer_composes_of_the_target(name):
    part = part_of(calibration_called(name), (11, 0, 1))
    theirs = basic_device_gate_errors(target=target_of(part))
    ours = noise_model_of(part)._local_quantum_errors

    assert {(gate, tuple(qubits)) for gate, qubits, _ in theirs} == {
        (gate, qubits) for gate, places in ours.items() for qubits in places
    }
    for gate, qubits, error in theirs:
        expected = PTM(SuperOp(error)).data.real
        np.testing.assert_allclose(gate_noise(part, gate, qubits).numpy(), expected, atol=1e-8)
        np.testing.assert_allclose(PTM(SuperOp(ours[gate][tuple(qubits)])).data.real, expected, atol=1e-8)


def test_an_error_beyond_what_any_channel_has_is_cut_as_aer_cuts_it():
    relaxation = torch.eye(16, dtype=torch.float64)

    assert depolarising_probability(1.0, relaxation) == pytest.approx(16 / 15)
    assert depolarising_probability(0.0, relaxation) == 0
