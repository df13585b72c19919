# tests/quantum/encoders/test_circuit_codes.py
"""The codes by a circuit: their states from their formulas, their gates from Qiskit's transpiler."""

import math
from functools import reduce

import numpy as np
import pytest
import torch
from qiskit.circuit.library import zz_feature_map
from qiskit.quantum_info import Statevector

from classical_baselines.harness.choices import InputError
from quantum.circuits.description import CircuitDescription, described_circuit
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.encoders.angle import AngleEncoder
from quantum.encoders.dense_angle import DenseAngleEncoder
from quantum.encoders.iqp import IqpEncoder
from quantum.encoders.phase import PhaseEncoder
from quantum.transpiled import circuit_cost

INTENSITY = torch.rand(3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def encode(encoder):
    return encoder(INTENSITY, torch.Generator()).numpy()


def product(qubits):
    """The state of qubits [qubit, 2], qubit 0 the least significant."""
    return reduce(np.kron, qubits[::-1])


def test_an_angle_is_the_latitude_of_its_qubit():
    for state, x in zip(encode(AngleEncoder((1, 1))), INTENSITY.flatten(1).numpy(), strict=True):
        expected = product([[math.cos(math.pi * one / 2), math.sin(math.pi * one / 2)] for one in x])
        np.testing.assert_allclose(state, expected, atol=1e-12)


def test_two_angles_are_latitude_and_longitude_up_to_a_phase():
    for state, x in zip(encode(DenseAngleEncoder((1, 1))), INTENSITY.flatten(1).numpy(), strict=True):
        pairs = x.reshape(2, 2) * math.pi
        expected = product([[math.cos(a / 2), np.exp(1j * b) * math.sin(a / 2)] for a, b in pairs])
        assert abs(np.vdot(expected, state)) == pytest.approx(1, abs=1e-12)


def test_a_phase_leaves_all_outcomes_equally_likely():
    for state, x in zip(encode(PhaseEncoder((1, 1), 2.0)), INTENSITY.flatten(1).numpy(), strict=True):
        expected = product([[math.sqrt(0.5), math.sqrt(0.5) * np.exp(2j * one)] for one in x])
        np.testing.assert_allclose(state, expected, atol=1e-12)
        np.testing.assert_allclose(abs(state) ** 2, 1 / 16, atol=1e-12)


def test_an_iqp_state_has_the_phases_of_its_polynomial_behind_the_first_layer():
    # behind one layer of Hadamards, amplitude z is exp(-i / 2 * (sum s_i x_i + sum s_i s_j x_i x_j)) / 4, s = 1 - 2 z
    for state, x in zip(encode(IqpEncoder((1, 1), n_repeats=1)), INTENSITY.flatten(1).numpy(), strict=True):
        signs = 1 - 2 * ((np.arange(16)[:, None] >> np.arange(4)) & 1)
        phases = signs @ x + sum(signs[:, i] * signs[:, j] * x[i] * x[j] for i in range(4) for j in range(i + 1, 4))
        np.testing.assert_allclose(state, np.exp(-0.5j * math.pi * phases) / 4, atol=1e-12)


def test_an_iqp_state_is_qiskits_feature_map_with_products_for_data():
    encoder = IqpEncoder((1, 1), n_repeats=2)
    theirs = zz_feature_map(4, reps=2, entanglement="full", data_map_func=np.prod)

    for x in INTENSITY.flatten(1).numpy():
        # theirs turns by P(2 f), on a qubit or on the parity of two: our RZ and RZZ of 2 f, up to a phase of the state
        products = [x[i] * x[j] for i in range(4) for j in range(i + 1, 4)]
        features = [2 * one / math.pi for one in [*x, *products]]
        ours = Statevector(qiskit_circuit(encoder.circuit(4), (), features)).data
        assert abs(np.vdot(Statevector(theirs.assign_parameters(x)).data, ours)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("encoder", [AngleEncoder, DenseAngleEncoder, PhaseEncoder, IqpEncoder])
def test_the_state_is_that_of_the_circuit_that_is_counted(encoder):
    code = encoder((1, 1))
    features = code.features(INTENSITY.flatten(1))

    for state, own in zip(encode(code), features.tolist(), strict=True):
        prepared = Statevector(qiskit_circuit(code.preparation(2, 2), (), own)).data
        np.testing.assert_allclose(state, prepared, atol=1e-12)


@pytest.mark.parametrize(
    ("encoder", "n_gates_2q"),
    [
        (AngleEncoder((1, 1)), 0),
        (DenseAngleEncoder((1, 1)), 0),
        (PhaseEncoder((1, 1)), 0),
        (IqpEncoder((1, 1), n_repeats=2), 2 * 4 * 3),
    ],
)
def test_between_any_two_qubits_a_code_has_the_two_qubit_gates_of_its_rule(encoder, n_gates_2q):
    circuit = encoder.preparation(2, 2)
    description = described_circuit(CircuitDescription(circuit.n_qubits, 1, 0, "none"))

    cost = circuit_cost(description, "all-to-all", circuit)

    assert cost.preparation.n_gates_2q == n_gates_2q
    assert cost.circuit.n_gates_2q == 0


def test_more_qubits_than_can_be_trained_with_are_refused():
    with pytest.raises(InputError, match="64 pooled intensities fill 64 qubits, and 14 can be trained with"):
        AngleEncoder((1, 1)).shape(8, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AngleEncoder(scale_radians=0.0), "scale_radians must lie in"),
        (lambda: PhaseEncoder(scale_radians=7.0), "got 7.0"),
        (lambda: IqpEncoder(n_repeats=0), "n_repeats must lie in 1 to 16; got 0"),
        (lambda: DenseAngleEncoder(pool=(0, 1)), "pool must be two factors"),
    ],
)
def test_options_that_make_no_code_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
