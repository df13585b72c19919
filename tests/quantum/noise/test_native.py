# tests/quantum/noise/test_native.py
"""Circuits in native gates under noise, on density matrices: equal to Aer's on random circuits."""

import functools

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit.circuit import ParameterVector
from qiskit_aer import AerSimulator

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.noise.aer_model import noise_model_of
from quantum.noise.machines import MACHINES, calibration_called
from quantum.noise.native import best_part, density_engine, native_circuit_of, part_of
from quantum.noise.readout import confused, confusion_of
from tests.quantum.random_circuits import circuits

WEIGHTS = [0.3, -1.2, 2.5, 0.9]
CLIPS = torch.tensor([[0.4, -2.0, 1.1], [1.9, 0.2, -0.7]], dtype=torch.float64)


def native_and_features(circuit, calibration):
    names = ParameterVector("feature", circuit.n_features)
    columns = {one.name: column for column, one in enumerate(names)}
    native = native_circuit_of(qiskit_circuit(circuit, WEIGHTS[: circuit.n_weights], list(names)), columns, calibration)
    return native, CLIPS[:, : circuit.n_features]


def aers(native, clip, read):
    """Aer's density matrix, or the frequencies of its noisy readout, for one clip's angles."""
    bound = native.qiskit.assign_parameters(
        {parameter: float(clip[parameter.index]) for parameter in native.qiskit.parameters}
    )
    simulator = _simulator(native.part)
    if read == "counts":
        return simulator.run(bound, shots=200_000, seed_simulator=5, optimization_level=0).result().get_counts()
    bound.remove_final_measurements()
    bound.save_density_matrix()
    return simulator.run(bound, optimization_level=0).result().data(0)["density_matrix"].data


@functools.cache
def _simulator(part):
    return AerSimulator(method="density_matrix", noise_model=noise_model_of(part))


@functools.cache
def _part(name, n_qubits):
    return best_part(calibration_called(name), n_qubits)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(circuits(most_qubits=4, most_operations=12), st.sampled_from(sorted(MACHINES)))
def test_density_matrices_equal_those_of_aer(circuit, name):
    native, features = native_and_features(circuit, _part(name, circuit.n_qubits))

    ours = density_engine(native)(features)

    for clip, density in zip(features, ours, strict=True):
        np.testing.assert_allclose(density.numpy(), aers(native, clip, "density"), atol=1e-10)


def test_outcomes_are_read_from_where_the_router_left_them_with_the_errors_of_those_qubits():
    ring = [Gate("ry", (qubit,), Angle(0.4 + qubit)) for qubit in range(4)]
    ring += [Gate("cx", (0, 2)), Gate("cx", (1, 3)), Gate("cx", (3, 0)), Gate("ry", (2,), Angle(feature=0))]
    native, features = native_and_features(Circuit(4, tuple(ring)), calibration_called("ibm-torino"))

    probabilities = native.outcome_probabilities(features)
    counts = aers(native, features[0], "counts")

    read = confused(probabilities, confusion_of(native.part, native.measured))[0]
    frequencies = torch.tensor([counts.get(f"{outcome:04b}", 0) / 200_000 for outcome in range(16)])
    assert (read - frequencies).abs().sum() / 2 < 0.004  # 0.0018 of sampling
    assert (probabilities[0] - frequencies).abs().sum() / 2 > 0.02


def test_a_part_is_connected_and_keeps_the_values_of_its_qubits():
    whole = calibration_called("ibm-sherbrooke")
    part = best_part(whole, 5)

    chosen = [int(one.label) for one in part.qubits]
    labels = [int(one.label) for one in whole.qubits]
    assert len(part.coupling) == 4  # an arc of the ring
    for (name, first, second), values in part.edges.items():
        assert whole.edges[name, labels.index(chosen[first]), labels.index(chosen[second])] == values
    assert part_of(whole, range(12)).edges == whole.edges


def test_the_part_of_least_error_is_taken():
    whole = calibration_called("ibm-torino")
    readout = [(one.p1_given_0 + one.p0_given_1) / 2 for one in whole.qubits]
    of_pairs = {pair: readout[pair[0]] + readout[pair[1]] + whole.gate("cz", pair).error for pair in whole.coupling}

    best = min(of_pairs, key=of_pairs.get)
    assert {one.label for one in best_part(whole, 2).qubits} == {whole.qubits[qubit].label for qubit in best}


def test_a_circuit_larger_than_the_machine_is_refused():
    with pytest.raises(InputError, match="ibm-fez has 12 qubits; the circuit needs 13"):
        best_part(calibration_called("ibm-fez"), 13)
