# tests/quantum/measures/test_measures.py
"""Expressibility, entangling capability and gradient variance against closed forms and sums on paper."""

import math

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Statevector, partial_trace, random_statevector

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Angle, Circuit, Fourier, Gate
from quantum.circuits.description import CircuitDescription, described_circuit
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.engine.overlaps import squared_overlaps_by_row
from quantum.measures.entangling import entangling_capability, haar_mean, meyer_wallach
from quantum.measures.expressibility import (
    divergence_from_haar,
    expressibility,
    haar_floor,
    log_haar_shares,
)
from quantum.measures.gradients import gradient_variance
from quantum.measures.random_angles import drawn_angles, states_at


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def haar_states(n_draws, n_amplitudes, seed=0):
    draw = np.random.default_rng(seed)
    drawn = draw.normal(size=(n_draws, n_amplitudes)) + 1j * draw.normal(size=(n_draws, n_amplitudes))
    return torch.from_numpy(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def rotations(n_qubits):
    """RY of an angle of its own on each qubit."""
    return Circuit(n_qubits, tuple(Gate("ry", (qubit,), Angle(weight=qubit)) for qubit in range(n_qubits)))


def test_every_row_is_qiskits_state_at_its_own_angles():
    layers = described_circuit(CircuitDescription(3, 1, 1, "cx-ring")).operations
    circuit = Circuit(3, (*layers, Fourier(0, 3)))
    angles = drawn_angles(circuit, 4, generator())

    ours = states_at(circuit, angles)

    for row, angle in zip(ours.numpy(), angles.tolist(), strict=True):
        np.testing.assert_allclose(row, Statevector(qiskit_circuit(circuit, angle)).data, atol=1e-12)


def test_a_bin_of_haar_is_the_integral_of_its_density():
    edges = np.linspace(0, 1, 6)
    grid = np.linspace(edges[1], edges[2], 20_001)
    density = 7 * (1 - grid) ** 6  # (N - 1) (1 - F)**(N - 2) at N = 8

    shares = np.exp(log_haar_shares(8, edges))
    assert shares[1] == pytest.approx(np.trapezoid(density, grid), rel=1e-8)
    assert shares.sum() == pytest.approx(1)


def test_fidelities_of_haar_states_have_the_mean_of_that_density():
    drawn = squared_overlaps_by_row(haar_states(20_000, 8), haar_states(20_000, 8, seed=1)).numpy()

    assert drawn.mean() == pytest.approx(1 / 8, abs=4 / 8 / math.sqrt(20_000))  # the mean of the density is 1 / N
    assert divergence_from_haar(drawn, 8) == pytest.approx(haar_floor(8, 20_000), abs=2e-3)


def test_the_divergence_is_the_sum_over_bins():
    drawn = np.array([0.1, 0.2, 0.6, 0.9])
    shares, haar = np.array([0.5, 0.5]), np.array([1 - 0.5**3, 0.5**3])  # two bins, N = 4

    assert divergence_from_haar(drawn, 4, n_bins=2) == pytest.approx(np.sum(shares * np.log(shares / haar)))


def test_a_circuit_of_one_state_has_the_largest_value_and_a_rotation_of_one_qubit_about_its_paper():
    idle = Circuit(2, (Gate("h", (0,)),))

    assert expressibility(idle, 50, generator()) == pytest.approx(
        3 * math.log(75)
    )  # every fidelity is 1, (N - 1) log(bins)
    # Sim et al., figure 2: an idle circuit of one qubit 4.30, RZ behind H 0.22, RZ and RX 0.02, Haar about 0.007
    assert expressibility(Circuit(1, (Gate("h", (0,)),)), 50, generator()) == pytest.approx(4.317, abs=1e-3)
    one = Circuit(1, (Gate("h", (0,)), Gate("rz", (0,), Angle(weight=0))))
    two = Circuit(1, (*one.operations, Gate("rx", (0,), Angle(weight=1))))
    assert expressibility(one, 5000, generator()) == pytest.approx(0.22, abs=0.03)
    assert expressibility(two, 5000, generator()) == pytest.approx(0.02, abs=0.015)


def test_layers_approach_haar_and_never_pass_its_floor_by_more_than_chance():
    few, many = (
        expressibility(described_circuit(CircuitDescription(3, n_layers, 0)), 2000, generator()) for n_layers in (1, 6)
    )

    assert few > 4 * many
    assert many == pytest.approx(haar_floor(8, 2000), abs=0.02)


@pytest.mark.parametrize("n_qubits", [2, 3, 4])
def test_meyer_wallach_is_that_of_reduced_states_and_of_known_states(n_qubits):
    state = random_statevector(2**n_qubits, seed=3)
    others = [[q for q in range(n_qubits) if q != qubit] for qubit in range(n_qubits)]
    purities = [np.real(partial_trace(state, traced).purity()) for traced in others]
    ghz, w, product = (torch.zeros(1, 2**n_qubits, dtype=torch.complex128) for _ in range(3))
    ghz[0, [0, -1]] = math.sqrt(0.5)
    w[0, [2**qubit for qubit in range(n_qubits)]] = n_qubits**-0.5
    product[0] = 2 ** (-n_qubits / 2)

    assert float(meyer_wallach(torch.from_numpy(state.data)[None])) == pytest.approx(2 * (1 - np.mean(purities)))
    assert float(meyer_wallach(ghz)) == pytest.approx(1)
    assert float(meyer_wallach(w)) == pytest.approx(4 * (n_qubits - 1) / n_qubits**2)
    assert float(meyer_wallach(product)) == pytest.approx(0, abs=1e-12)


def test_haar_states_entangle_by_the_closed_form_and_rotations_not_at_all():
    drawn = meyer_wallach(haar_states(4000, 16))

    assert float(drawn.mean()) == pytest.approx(haar_mean(4), abs=4 * float(drawn.std()) / math.sqrt(4000))
    assert haar_mean(4) == 14 / 17
    assert entangling_capability(rotations(4), 20, generator()) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("n_qubits", [1, 2, 4])
def test_rotations_alone_have_the_variances_of_products_of_sines_and_cosines(n_qubits):
    # <Z_0> = cos(a_0): the variance of its slope is 1/2, and 0 by the n - 1 other angles.
    local = gradient_variance(rotations(n_qubits), "local", 20_000, generator())
    # prod cos(a / 2)**2: slope sin(a) / 2 of one, mean square 1/8, times the mean of cos**4, 3/8, of each other.
    everywhere = gradient_variance(rotations(n_qubits), "global", 20_000, generator())

    assert local == pytest.approx(0.5 / n_qubits, rel=0.03)
    assert everywhere == pytest.approx((1 / 8) * (3 / 8) ** (n_qubits - 1), rel=0.06)


def test_the_slope_is_that_of_finite_differences():
    circuit = described_circuit(CircuitDescription(2, 1, 1))
    angles = drawn_angles(circuit, 3, generator(5))
    step = 1e-5

    def cost(at):
        return 1 - 2 * states_at(circuit, at).abs().square().reshape(3, 2, 2)[:, :, 1].sum(1)

    units = step * torch.eye(circuit.n_weights, dtype=torch.float64)
    slopes = torch.stack([(cost(angles + unit) - cost(angles - unit)) / (2 * step) for unit in units], 1)

    assert gradient_variance(circuit, "local", 3, generator(5)) == pytest.approx(float(slopes.var(0).mean()), rel=1e-6)


def test_what_has_no_measure_is_refused():
    with pytest.raises(InputError, match="No cost is called 'both'"):
        gradient_variance(rotations(2), "both", 10, generator())
    with pytest.raises(InputError, match="has no trainable angle"):
        gradient_variance(Circuit(2, (Fourier(0, 2),)), "local", 10, generator())
    with pytest.raises(InputError, match="needs two settings"):
        gradient_variance(rotations(2), "local", 1, generator())
    with pytest.raises(InputError, match="follow clips"):
        states_at(Circuit(1, (Gate("ry", (0,), Angle(feature=0)),)), torch.zeros(2, 0))
    with pytest.raises(InputError, match="At least one setting"):
        drawn_angles(rotations(2), 0, generator())
