"""Errors of a calibrated machine taken out again: readout inverted, gates folded and extrapolated, shots counted."""

import numpy as np
import pytest
import torch
from qiskit_aer import AerSimulator

from classical_baselines.harness.choices import InputError
from quantum.backends.aer_circuits import results_of_clips
from quantum.backends.aer_noisy import AerNoisy
from quantum.backends.clip_circuit import clip_circuit_of
from quantum.backends.noisy import Noisy
from quantum.backends.states import engine_probabilities, prepare
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.mitigation.native_circuits import basis_states_of, folded
from quantum.mitigation.zero_noise import folds_of
from quantum.noise.aer_model import noise_model_of
from quantum.noise.machines import calibration_called
from quantum.noise.native import native_circuit_of
from quantum.noise.readout import confused, confusion_of
from tests.quantum.backends.systems import generator, intensity, trained
from tests.quantum.backends.test_noisy import without_errors

SYSTEM = trained(QftCircuit(fourier_register="all"))
MANY = 1_000_000  # shots: what is left is the error


def clips_of(n_clips=3):
    return prepare(SYSTEM, intensity(n_clips), generator())


def native_of(clips, name="ibm-torino"):
    whole = clip_circuit_of(clips)
    return native_circuit_of(whole.circuit, whole.columns, calibration_called(name)), whole


def lost(backend, clips):
    """Mean total variation distance of the frequencies from the circuit without errors."""
    found = backend.sample(clips, generator(5)).frequencies
    return ((found - engine_probabilities(clips)).abs().sum(1) / 2).mean().item()


@pytest.mark.parametrize(("backend", "kind"), [(Noisy, "tensored"), (Noisy, "full"), (AerNoisy, "tensored")])
def test_where_only_readout_errs_it_is_taken_back(tmp_path, backend, kind):
    named = without_errors(tmp_path, readout_error=0.08)
    n_shots = MANY if backend is Noisy else 40_000
    clips = clips_of(1)

    assert lost(backend(n_shots, **named), clips) > 0.05
    assert lost(backend(n_shots, readout_mitigation=kind, **named), clips) < (0.01 if backend is Noisy else 0.02)


def test_every_basis_state_is_read_with_the_calibrations_own_confusion(tmp_path):
    named = without_errors(tmp_path, readout_error=0.08)
    whole = clip_circuit_of(clips_of(1))
    native = native_circuit_of(whole.circuit, whole.columns, calibration_called(*named.values()))
    confusion = confusion_of(native.part, native.measured)

    no_features = torch.zeros(1, 0, dtype=torch.float64)
    read = [
        confused(one.outcome_probabilities(no_features), confusion)[0] for one in basis_states_of(native, range(16))
    ]

    bits = np.array([[[bin(a ^ b).count("1") for a in range(16)] for b in range(16)]][0])
    np.testing.assert_allclose(torch.stack(read).numpy(), 0.08**bits * 0.92 ** (4 - bits), atol=1e-9)


@pytest.mark.parametrize("factor", [1.5, 3, 5])
def test_a_folded_circuit_is_that_of_aer_under_the_same_noise(factor):
    clips = clips_of(2)
    native, whole = native_of(clips)
    folds = folds_of(factor, sum(len(gate.qubits) == 2 for gate in native.gates))
    more = folded(native, folds)

    before_readout = more.qiskit.remove_final_measurements(inplace=False)
    before_readout.save_probabilities([before_readout.qubits[qubit] for qubit in more.measured])
    simulator = AerSimulator(
        method="density_matrix", noise_model=noise_model_of(native.part), runtime_parameter_bind_enable=True
    )
    aers = [data["probabilities"] for data in results_of_clips(before_readout, whole, simulator, shots=1)]

    np.testing.assert_allclose(more.outcome_probabilities(whole.angles).numpy(), aers, atol=1e-10)
    cost, plain = more.cost(), native.cost()
    n_2q = cost.preparation.n_gates_2q + cost.circuit.n_gates_2q
    assert n_2q == plain.preparation.n_gates_2q + plain.circuit.n_gates_2q + 2 * sum(folds)
    assert cost.preparation.n_gates_2q == pytest.approx(factor * plain.preparation.n_gates_2q, abs=2)  # a fold adds two


def test_folds_change_nothing_where_gates_are_exact(tmp_path):
    named = without_errors(tmp_path)
    clips = clips_of(2)
    whole = clip_circuit_of(clips)
    native = native_circuit_of(whole.circuit, whole.columns, calibration_called(*named.values()))
    more = folded(native, folds_of(3, sum(len(gate.qubits) == 2 for gate in native.gates)))

    np.testing.assert_allclose(
        more.outcome_probabilities(whole.angles).numpy(), engine_probabilities(clips).numpy(), atol=1e-9
    )


@pytest.mark.parametrize("extrapolation", ["linear", "richardson", "exponential"])
def test_a_machines_errors_shrink_where_readout_and_gates_are_mitigated(extrapolation):
    clips = clips_of()
    plain = lost(Noisy(MANY), clips)
    readout = lost(Noisy(MANY, readout_mitigation="tensored"), clips)
    both = Noisy(MANY, readout_mitigation="tensored", noise_factors=(1, 1.5, 2), extrapolation=extrapolation)

    assert readout < 0.95 * plain
    assert lost(both, clips) < 0.7 * readout


def test_the_shots_of_mitigation_are_counted_with_their_gates_and_seconds():
    plain = Noisy(100).run(SYSTEM, intensity(2), generator())
    mitigated = Noisy(
        100, noise_factors=(1, 3, 5), readout_mitigation="tensored", calibration_shots=50, extrapolation="exponential"
    ).run(SYSTEM, intensity(2), generator())

    assert mitigated.counts.total("gates_2q") == (1 + 3 + 5) * plain.counts.total("gates_2q")
    assert mitigated.counts.total("shots") == 3 * 100 + 2 * 50 / 2  # two states, shared by two clips
    assert mitigated.counts.total("measurements") == 4 * 350
    assert mitigated.counts.total("machine_seconds") > 3.5 * plain.counts.total("machine_seconds") * 0.999
    assert mitigated.notes["seconds_per_shot"] == plain.notes["seconds_per_shot"]
    assert mitigated.notes["noise_factors"] == [1, 3, 5]
    calibration = {
        operation: count for (_, layer, operation), count in mitigated.counts if layer == "readout-calibration"
    }
    assert calibration["gates_1q"] == 4 * 50 / 2  # an X for each qubit of the second state
    assert calibration["shots"] == 50
    assert mitigated.counts.counts["readout", "readout-mitigation", "mac_fp32"] == 3 * 4 * 2 * 16


@pytest.mark.parametrize("options", [{"readout_mitigation": "full"}, {"noise_factors": (1, 3, 5)}])
def test_other_conditions_are_not_mitigated_beside(options):
    with pytest.raises(InputError, match="also_calibrations and also_n_shots are run without mitigation"):
        Noisy(also_n_shots=(64,), **options)
