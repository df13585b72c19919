# tests/quantum/circuits/test_qft.py
"""The gate circuit of the Fourier transform against the matrix of its definition."""

import numpy as np
import pytest
from qiskit.quantum_info import Operator

from quantum.circuits.qft import qft_circuit


@pytest.mark.parametrize("n_qubits", range(1, 6))
def test_the_circuit_is_the_unitary_discrete_fourier_transform(n_qubits):
    k = np.arange(2**n_qubits)
    expected = np.exp(2j * np.pi * np.outer(k, k) / k.size) / np.sqrt(k.size)

    np.testing.assert_allclose(Operator(qft_circuit(n_qubits)).data, expected, atol=1e-12)


def test_it_has_the_gates_of_the_textbook():
    n_gates = qft_circuit(6).count_ops()

    assert (n_gates["h"], n_gates["cp"], n_gates["swap"]) == (6, 15, 3)
