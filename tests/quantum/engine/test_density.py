# tests/quantum/engine/test_density.py
"""The density engine on operations of known effect; its equality with Aer is tested in tests/quantum/noise."""

import math

import pytest
import torch

from classical_baselines.harness.choices import InputError
from quantum.engine.density import DensityEngine, NoisyOperation
from quantum.engine.pauli import transfer_matrix

X = transfer_matrix(torch.tensor([[[0, 1], [1, 0]]], dtype=torch.complex128))
CX = transfer_matrix(torch.tensor([[[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]], dtype=torch.complex128))
# RY(a): Z -> cos Z + sin X, X -> cos X - sin Z
RY_FIXED, RY_COSINE, RY_SINE = torch.zeros(3, 4, 4, dtype=torch.float64)
RY_FIXED[0, 0] = RY_FIXED[2, 2] = RY_COSINE[1, 1] = RY_COSINE[3, 3] = RY_SINE[1, 3] = 1
RY_SINE[3, 1] = -1
NO_FEATURE = torch.zeros(1, 0, dtype=torch.float64)


def damped(probability):
    """Amplitude damping of one qubit."""
    decay = [[[1, 0], [0, math.sqrt(1 - probability)]], [[0, math.sqrt(probability)], [0, 0]]]
    return transfer_matrix(torch.tensor(decay, dtype=torch.complex128))


def test_a_damped_qubit_falls_and_its_entangled_partner_does_not():
    operations = [
        NoisyOperation((2,), X),
        NoisyOperation((2, 0), CX),
        NoisyOperation((2,), damped(0.25)),
        NoisyOperation((0,), damped(0.5)),
    ]

    probabilities = DensityEngine(3, operations).probabilities(NO_FEATURE)[0]

    expected = {0b101: 0.75 * 0.5, 0b001: 0.25 * 0.5, 0b100: 0.75 * 0.5, 0b000: 0.25 * 0.5}
    for outcome in range(8):
        assert probabilities[outcome].item() == pytest.approx(expected.get(outcome, 0), abs=1e-15)


def test_an_angle_of_the_clip_is_an_offset_and_a_sum_of_its_features():
    turn = NoisyOperation((1,), RY_FIXED, RY_COSINE, RY_SINE, 0.3, {0: 2.0, 2: -1.0})
    features = torch.tensor([[0.1, 9.0, 0.4], [0.7, 9.0, -0.2]], dtype=torch.float64)

    probabilities = DensityEngine(2, [turn], 3).probabilities(features)

    for clip, angle in enumerate((0.3 + 0.2 - 0.4, 0.3 + 1.4 + 0.2)):
        assert probabilities[clip, 2].item() == pytest.approx(math.sin(angle / 2) ** 2, abs=1e-15)


def test_gradients_of_the_features_are_finite_differences():
    operations = [
        NoisyOperation((0,), RY_FIXED, RY_COSINE, RY_SINE, 0.3, {0: 1.0}),
        NoisyOperation((0,), damped(0.1)),
        NoisyOperation((0, 1), CX),
        NoisyOperation((1,), RY_FIXED, RY_COSINE, RY_SINE, 0.0, {0: 0.5, 1: 1.0}),
    ]
    engine = DensityEngine(2, operations, 2)
    features = torch.tensor([[0.4, 1.1], [-0.6, 0.2]], dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(engine.probabilities, features)


def test_given_densities_are_evolved_and_their_trace_stays():
    engine = DensityEngine(2, [NoisyOperation((0,), damped(0.5)), NoisyOperation((1, 0), CX)])
    density = torch.zeros(1, 4, 4, dtype=torch.complex128)
    density[0, 1, 1] = density[0, 3, 3] = 0.5

    behind = engine(NO_FEATURE, density)[0]

    assert torch.allclose(behind.diagonal().real, torch.tensor([0.25, 0.25, 0.25, 0.25], dtype=torch.float64))
    assert behind.trace().real.item() == pytest.approx(1)


def test_more_qubits_than_a_density_matrix_may_have_are_refused():
    with pytest.raises(InputError, match="1 to 8 qubits; the circuit has 9"):
        DensityEngine(9, [])


def test_features_and_vectors_of_another_shape_are_refused():
    engine = DensityEngine(2, [], 1)
    with pytest.raises(ValueError, match=r"features \[batch, 1\]"):
        engine.probabilities(torch.zeros(3, 2, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"vectors \[3, 16\]; got \[3, 4\]"):
        engine.vectors(torch.zeros(3, 1, dtype=torch.float64), torch.zeros(3, 4, dtype=torch.float64))
