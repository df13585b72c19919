"""The FRQI and SQPAM codes from their formulas, and their gates beside those of a controlled rotation a position."""

import math

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import RYGate
from qiskit.quantum_info import Statevector

from classical_baselines.harness.choices import InputError
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.encoders.frqi import FrqiEncoder

NATIVE = {"basis_gates": ["rz", "sx", "x", "cx"], "optimization_level": 2, "seed_transpiler": 7}


def encode(intensity, **options):
    return FrqiEncoder(pool=(1, 1), **options)(torch.as_tensor(intensity), torch.Generator()).numpy()


@pytest.mark.parametrize(
    ("angle", "formula"), [("frqi", lambda x: math.pi / 2 * x), ("sqpam", lambda x: math.asin(math.sqrt(x)))]
)
def test_every_position_holds_its_intensity_as_an_angle(angle, formula):
    intensity = np.random.default_rng(0).random((2, 2, 3))  # 3 frames are filled to 4

    for state, picture in zip(encode(intensity, angle=angle), intensity, strict=True):
        filled = [*picture[0], 0.0, *picture[1], 0.0]
        expected = [trig(formula(x)) / math.sqrt(8) for trig in (math.cos, math.sin) for x in filled]
        np.testing.assert_allclose(state, expected, atol=1e-12)


def test_the_value_qubit_of_sqpam_is_one_as_often_as_the_intensity_says():
    intensity = np.random.default_rng(1).random((1, 2, 4))

    probabilities = encode(intensity, angle="sqpam")[0].reshape(2, 8) ** 2

    np.testing.assert_allclose(probabilities[1] / probabilities.sum(0), intensity.flatten(), atol=1e-12)


@pytest.mark.parametrize(("n_positions", "times_fewer"), [(8, 20), (16, 20), (32, 20)])
def test_it_takes_a_twentieth_of_the_gates_of_controlled_rotations(n_positions, times_fewer):
    intensity = torch.rand(1, 1, n_positions, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    encoder = FrqiEncoder(pool=(1, 1), angle="sqpam")
    ours = qiskit_circuit(encoder.preparation(1, n_positions), (), encoder.angles(intensity)[0].tolist())
    theirs = by_controlled_rotations(intensity.flatten().tolist())

    np.testing.assert_allclose(Statevector(theirs).data, Statevector(ours).data, atol=1e-10)
    n_gates = [transpile(one, **NATIVE).count_ops()["cx"] for one in (ours, theirs)]
    assert n_gates[0] == n_positions - 1
    assert n_gates[1] >= times_fewer * n_gates[0]


def by_controlled_rotations(samples):
    """SQPAM as quantumaudio 0.2.0 builds it (schemes/sqpam.py): X gates on the zeros of the position, then a rotation
    of the value by as many controls as there are position qubits, then the X gates again."""
    n = len(samples).bit_length() - 1
    circuit = QuantumCircuit(n + 1)
    circuit.h(range(n))
    for position, sample in enumerate(samples):
        zeros = [qubit for qubit in range(n) if not (position >> qubit) & 1]
        for _ in range(2):
            if zeros:
                circuit.x(zeros)
            if _ == 0:
                circuit.append(RYGate(2 * math.asin(math.sqrt(sample))).control(n), [*range(n), n])
    return circuit


def test_one_position_is_one_rotation():
    encoder = FrqiEncoder(pool=(1, 1))
    picture = torch.full((1, 1, 1), 0.4, dtype=torch.float64)
    prepared = Statevector(qiskit_circuit(encoder.preparation(1, 1), (), encoder.angles(picture)[0].tolist())).data

    np.testing.assert_allclose(prepared, [math.cos(0.2 * math.pi), math.sin(0.2 * math.pi)], atol=1e-12)
    np.testing.assert_allclose(encode(picture)[0], prepared, atol=1e-12)


def test_the_classical_work_is_counted():
    counts = FrqiEncoder(pool=(1, 1), angle="sqpam").operations(torch.zeros(1, 2, 3), torch.zeros(1, 16))

    # a root and an arcsine of 6 values; a scaling of each and of 8 angles; 3 stages of 8 sums
    assert counts.total("transcendental_fp32") == 12
    assert counts.total("multiply_fp32") == 6 + 8
    assert counts.total("add_fp32") == 24


def test_what_makes_no_code_is_refused():
    with pytest.raises(InputError, match="No angle is called 'log'"):
        FrqiEncoder(angle="log")
    with pytest.raises(InputError, match="128 x 128 positions and their value fill more than the 14 qubits"):
        FrqiEncoder(pool=(1, 1)).shape(128, 128)
