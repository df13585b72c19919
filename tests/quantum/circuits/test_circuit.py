# tests/quantum/circuits/test_circuit.py
"""The description of a circuit: what it refuses, and its Fourier transform against Qiskit's and the definition."""

import math

import numpy as np
import pytest
from qiskit.quantum_info import Operator
from qiskit.synthesis.qft import synth_qft_full

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Angle, Circuit, Fourier, Gate, inverse_of
from quantum.circuits.qiskit_form import qiskit_circuit


@pytest.mark.parametrize("n_qubits", range(1, 6))
def test_the_transform_is_the_unitary_discrete_fourier_transform_with_the_sign_plus(n_qubits):
    k = np.arange(2**n_qubits)
    expected = np.exp(2j * np.pi * np.outer(k, k) / k.size) / np.sqrt(k.size)

    made = qiskit_circuit(Circuit(n_qubits, (Fourier(0, n_qubits),)))

    np.testing.assert_allclose(Operator(made).data, expected, atol=1e-12)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("swaps", [False, True])
@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_the_approximate_transform_is_qiskits(degree, swaps, inverse):
    theirs = synth_qft_full(4, do_swaps=swaps, approximation_degree=degree, inverse=inverse)

    ours = qiskit_circuit(Circuit(4, (Fourier(0, 4, inverse, degree, swaps),)))

    np.testing.assert_allclose(Operator(ours).data, Operator(theirs).data, atol=1e-12)
    assert ours.count_ops() == theirs.count_ops()


def test_it_has_the_gates_of_the_textbook():
    counted = qiskit_circuit(Circuit(6, (Fourier(0, 6),))).count_ops()

    assert (counted["h"], counted["cp"], counted["swap"]) == (6, 15, 3)


@pytest.mark.parametrize("name", ["h", "x", "y", "z", "s", "sdg", "sx", "sxdg", "rx", "ry", "rz", "p"])
def test_a_gate_and_its_inverse_do_nothing(name):
    gate = Gate(name, (0,), Angle(0.7) if name in {"rx", "ry", "rz", "p"} else None)

    made = Operator(qiskit_circuit(Circuit(1, (gate, inverse_of(gate))))).data

    np.testing.assert_allclose(made, np.eye(2), atol=1e-12)


def test_weights_and_features_are_counted_by_the_highest_number():
    circuit = Circuit(2, (Gate("ry", (0,), Angle(weight=4)), Gate("rzz", (0, 1), Angle(feature=1)), Fourier(0, 2)))

    assert (circuit.n_weights, circuit.n_features) == (5, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gate("ccx", (0, 1)), "No gate is called 'ccx'. Choose one of: h, x"),
        (lambda: Gate("cx", (1, 1)), r"cx acts on 2 different qubits; got \(1, 1\)"),
        (lambda: Gate("h", (0, 1)), "h acts on 1 different qubits"),
        (lambda: Gate("rx", (0,)), "rx takes an angle; got None"),
        (lambda: Gate("h", (0,), Angle(1.0)), "h takes no angle"),
        (lambda: Angle(weight=0, feature=0), "a weight or a feature, not both"),
        (lambda: Angle(weight=-1), "The weight of an angle is counted from 0; got -1"),
        (lambda: Angle(feature=-2), "The feature of an angle is counted from 0; got -2"),
        (lambda: Angle(math.nan), "The offset of an angle must be a finite number; got nan"),
        (lambda: Angle(weight=0, scale=math.inf), "The scale of an angle must be a finite number; got inf"),
        (lambda: Fourier(0, 4, degree=4), "degree must lie in 0 to 3, for 4 qubits; got 4"),
        (lambda: Fourier(-1, 2), "got 2 from -1"),
        (lambda: Circuit(25, ()), "n_qubits must lie in 1 to 24; got 25"),
        (
            lambda: Circuit(2, (Gate("cx", (0, 2)),)),
            r"gate cx reaches outside the circuit: .*\(0, 2\), and there are 2",
        ),
        (lambda: Circuit(3, (Fourier(1, 3),)), r"Fourier transform reaches outside the circuit: .*\(1, 2, 3\)"),
    ],
)
def test_what_is_no_circuit_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_circuit_is_given_as_many_numbers_as_it_has():
    with pytest.raises(ValueError, match="2 weights and 0 features; got 1 and 0"):
        qiskit_circuit(Circuit(1, (Gate("rx", (0,), Angle(weight=1)),)), [0.1])
