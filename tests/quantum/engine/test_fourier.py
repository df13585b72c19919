# tests/quantum/engine/test_fourier.py
"""The FFT in the engine against Qiskit's gate and against the sum of the definition."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit.library import QFTGate
from qiskit.quantum_info import Operator

from quantum.engine.fourier import fourier_transform


@pytest.mark.parametrize(
    ("n_qubits", "first", "n_register"),
    [(1, 0, 1), (3, 0, 3), (5, 0, 2), (5, 2, 3), (6, 1, 4), (8, 0, 8)],
)
def test_it_is_qiskits_transform_of_the_register(n_qubits, first, n_register):
    circuit = QuantumCircuit(n_qubits)
    circuit.append(QFTGate(n_register), range(first, first + n_register))
    basis = torch.eye(2**n_qubits, dtype=torch.complex128)

    columns = fourier_transform(basis, first, n_register).T

    np.testing.assert_allclose(columns.numpy(), Operator(circuit).data, atol=1e-12)


def test_a_tone_in_the_register_becomes_one_outcome():
    # exp(-2 pi i 5 j / 16): the sign + of the transform gathers it in outcome 5
    j = torch.arange(16, dtype=torch.float64)
    tone = torch.polar(torch.full_like(j, 0.25), -2 * torch.pi * 5 * j / 16)

    after = fourier_transform(tone[None])[0]

    expected = torch.zeros(16, dtype=torch.complex128)
    expected[5] = 1
    torch.testing.assert_close(after, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("register", [(-1, 2), (0, 0), (2, 3), (0, 5)])
def test_a_register_outside_the_state_is_refused(register):
    with pytest.raises(ValueError, match="register must lie within qubits 0 to 3"):
        fourier_transform(torch.ones(1, 16), *register)
