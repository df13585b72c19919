# tests/quantum/backends/test_noisy.py
"""The backends under the noise of a calibration."""

import hashlib
import json
from dataclasses import replace

import pytest

from classical_baselines.harness.choices import InputError
from quantum.backends.aer_noisy import AerNoisy
from quantum.backends.clip_circuit import clip_circuit_of
from quantum.backends.exact_states import ExactStates
from quantum.backends.noisy import Noisy
from quantum.backends.states import prepare
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.encoders.angle import AngleEncoder
from quantum.noise.machines import MACHINES, calibration_called
from quantum.noise.native import native_circuit_of
from quantum.noise.target import target_of
from tests.quantum.backends.systems import generator, intensity, trained

ALL = QftCircuit(fourier_register="all", fourier_degree=2)
AMPLITUDES = AmplitudeEncoder(pool=(1, 2))
ANGLES = AngleEncoder(pool=(2, 4))  # 2 x 2 intensities


def without_errors(tmp_path, readout_error=0):
    """A machine whose gates make none, by the hash of its file."""
    document = json.loads(MACHINES["ibm-fez"].read_text())
    for qubit in document["qubits"]:
        qubit |= {"t1_seconds": 1e9, "t2_seconds": 1e9}
        qubit["readout"] |= {"p1_given_0": readout_error, "p0_given_1": readout_error}
        for gate in qubit["gates"].values():
            gate["error"] = 0
    for edge in document["edges"]:
        edge["error"] = 0
    path = tmp_path / "ideal.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError) as raised:
        calibration_called(str(path))
    return {"calibration": str(path), "calibration_sha256": str(raised.value).split("'")[1]}


def conditions(outcome):
    return {(one["calibration"], one["n_shots"]): one for one in outcome.notes["conditions"]}


@pytest.mark.parametrize("encoder", [AMPLITUDES, ANGLES])
def test_a_machine_without_errors_gives_what_exact_states_give(tmp_path, encoder):
    system = trained(ALL, encoder)
    named = without_errors(tmp_path)
    exact = ExactStates().run(system, intensity(), generator())

    outcome = Noisy(**named, also_calibrations=("none",), also_n_shots=(0, 64)).run(system, intensity(), generator())

    found = conditions(outcome)
    assert set(found) == {(name, n) for name in (named["calibration"], "none") for n in (0, 64, 4096)}
    assert found[named["calibration"], 0]["predictions"] == exact.logits.argmax(1).tolist()
    assert found["none", 0]["predictions"] == exact.logits.argmax(1).tolist()
    ours, theirs = (found[name, 0]["total_variation"] for name in (named["calibration"], "none"))
    assert ours == pytest.approx(theirs, abs=1e-8)
    assert theirs > 0.001  # of a transform without its smallest phases
    assert found[named["calibration"], 4096]["predictions"] == outcome.logits.argmax(1).tolist()


def test_outcomes_that_are_read_at_random_are_all_alike(tmp_path):
    system = trained(replace(ALL, fourier_degree=0))
    clips = prepare(system, intensity(), generator())
    exact = clips.classifier.outcome_probabilities(clips.states)
    named = without_errors(tmp_path, readout_error=0.5)

    outcome = Noisy(**named, also_n_shots=(0,)).run(system, intensity(), generator())

    expected = ((exact - 1 / 16).abs().sum(1) / 2).mean().item()
    found = conditions(outcome)[named["calibration"], 0]
    assert found["total_variation"] == pytest.approx(expected, abs=1e-7)
    assert len(set(found["predictions"])) == 1


def test_the_distance_of_an_approximate_transform_is_to_the_exact_one_of_the_same_weights():
    approximate = trained(ALL)
    exact = replace(ALL, fourier_degree=0).build(approximate.encoder.shape(4, 8), 3).double().eval()
    exact.load_state_dict(approximate.classifier.state_dict())
    clips = prepare(approximate, intensity(), generator())
    own, whole = clips.classifier.outcome_probabilities(clips.states), exact.outcome_probabilities(clips.states)

    outcome = Noisy(also_calibrations=("none",), also_n_shots=(0,)).run(approximate, intensity(), generator())

    expected = ((own - whole).abs().sum(1) / 2).mean().item()
    assert conditions(outcome)["none", 0]["total_variation"] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("encoder", "name"), [(AMPLITUDES, "ibm-torino"), (ANGLES, "ibm-sherbrooke")])
def test_aer_agrees_with_the_density_engine_under_the_noise_of_the_same_calibration(encoder, name):
    outcome = AerNoisy(n_shots=256, n_clips=3, calibration=name).run(trained(ALL, encoder), intensity(), generator())
    (check,) = outcome.checks

    assert check.passed and check.details["largest_difference"] < 1e-12
    assert check.details["n_probabilities"] == 3 * 16


def test_noise_moves_the_outcomes_more_the_worse_the_machine_is():
    system = trained(replace(ALL, fourier_degree=0))
    outcome = Noisy(also_calibrations=("none", "ibm-boston")).run(system, intensity(), generator())
    distances = [conditions(outcome)[name, 4096]["total_variation"] for name in ("none", "ibm-boston", "ibm-torino")]

    assert distances[0] == 0
    assert distances[2] - 0.02 > distances[1] > 0.01


def test_aer_runs_some_of_the_clips_that_the_density_engine_runs():
    ours, aers = Noisy().chosen(500), AerNoisy().chosen(500)

    assert (len(ours), len(aers)) == (100, 20)
    assert set(aers) <= set(ours)
    assert AerNoisy(n_clips=None).chosen(500) is None and AerNoisy().chosen(12) is None
    assert AerNoisy(n_clips=200).chosen(500) == Noisy(n_clips=200).chosen(500)


def test_a_shot_is_paid_by_the_calibrations_own_times():
    system, options = trained(ALL), Noisy(n_shots=100)
    outcome = options.run(system, intensity(), generator())
    whole = clip_circuit_of(prepare(system, intensity(), generator()))
    native = native_circuit_of(whole.circuit, whole.columns, options.calibrated())

    one_run = native.qiskit.estimate_duration(target_of(native.part))  # gates and readout
    beside = 250e-6 + 1.708e-6  # repetition delay and reset
    assert outcome.notes["seconds_per_shot"] == pytest.approx(one_run + beside, rel=1e-9)
    assert outcome.counts.total("machine_seconds") == pytest.approx(100 * (one_run + beside), rel=1e-9)
    assert outcome.counts.total("gates_2q") == 100 * native.qiskit.count_ops()["cz"]
    assert outcome.notes["preparation_gates_2q"] + outcome.notes["circuit_gates_2q"] == native.qiskit.count_ops()["cz"]
    assert 0 < outcome.notes["preparation_gates_2q"] < native.qiskit.count_ops()["cz"]
    assert len(set(outcome.notes["qubits"])) == 4


def test_more_than_eight_qubits_are_refused_with_the_network():
    network = ALL.build(AmplitudeEncoder(pool=(1, 1)).shape(16, 32), 3)

    for backend in (Noisy(), AerNoisy()):
        with pytest.raises(InputError, match="1 to 8 qubits; the circuit has 9"):
            backend.check_network(network)


@pytest.mark.parametrize(("basis", "universal"), [("rz", False), ("x", False), ("h", False), ("rz sx", True)])
def test_gates_that_make_no_rotation_are_refused_with_the_network(tmp_path, basis, universal):
    document = json.loads(MACHINES["ibm-torino"].read_text())
    document["basis"] = [*basis.split(), "cz"]
    for qubit in document["qubits"]:
        qubit["gates"] = {name: {"seconds": 0.0, "error": 0.0} for name in basis.split()}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    own = Noisy(calibration=str(path), calibration_sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    network = ALL.build(AmplitudeEncoder(pool=(4, 4)).shape(16, 32), 3)

    if universal:
        own.check_network(network)
    else:
        with pytest.raises(InputError, match=f"basis {basis}, cz, of which Qiskit does not make every rotation"):
            own.check_network(network)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"calibration": "ibm-tokyo"}, "No calibration is called 'ibm-tokyo'"),
        ({"also_calibrations": ("nobody",)}, "No calibration is called 'nobody'"),
        ({"also_calibrations": ("none", "none")}, "A calibration is run twice: ibm-torino, none, none"),
        ({"also_calibrations": ("ibm-torino",)}, "A calibration is run twice"),
        ({"also_n_shots": (-1,)}, "also_n_shots must lie in 0 to"),
        ({"n_shots": 0}, "n_shots must lie in 1 to"),
        ({"device": "tpu"}, "No device is called 'tpu'"),
    ],
)
def test_options_that_cannot_hold_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Noisy(**options)
