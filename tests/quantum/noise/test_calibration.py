# tests/quantum/noise/test_calibration.py
"""Calibration files: what the shipped ones hold, and what is refused."""

import copy
import json
import math

import numpy as np
import pytest
import torch
from qiskit.quantum_info import average_gate_fidelity

from classical_baselines.harness.choices import InputError
from quantum.noise.aer_model import noise_model_of
from quantum.noise.calibration import calibration_of
from quantum.noise.machines import MACHINES, calibration_called
from quantum.noise.readout import confused, confusion_of
from quantum.noise.target import target_of

SHIPPED = sorted(MACHINES)


def document():
    return json.loads(MACHINES["ibm-sherbrooke"].read_text())


def document_text(**changes):
    return json.dumps(document() | changes)


def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


def relaxation_error(calibration, gate, qubits):
    """1 - average fidelity of T1 and T2 alone, in closed form: what no gate of that length can stay below."""
    seconds = calibration.gate(gate, qubits).seconds
    entanglement_fidelity = 1.0
    for one in (calibration.qubits[qubit] for qubit in qubits):
        kept, in_phase = math.exp(-seconds / one.t1_seconds), math.exp(-seconds / one.t2_seconds)
        entanglement_fidelity *= (1 + kept + 2 * in_phase) / 4
    size = 2 ** len(qubits)
    return 1 - (size * entanglement_fidelity + 1) / (size + 1)


def own_file(tmp_path, changed):
    path = tmp_path / "own.json"
    path.write_text(json.dumps(changed))
    return str(path)


# Medians over the machine, as IBM's snapshots in qiskit-ibm-runtime have them.
@pytest.mark.parametrize(
    ("name", "two_qubit_nanoseconds", "two_qubit_error", "readout_error", "t1_microseconds", "t2_microseconds"),
    [
        ("ibm-sherbrooke", 533, 7.8e-3, 2.0e-2, 278, 170),
        ("ibm-torino", 68, 4.2e-3, 2.3e-2, 185, 141),
        ("ibm-fez", 84, 3.9e-3, 7.6e-3, 145, 88),
        ("ibm-boston", 68, 1.3e-3, 5.1e-3, 292, 353),
    ],
)
def test_the_medians_are_the_published_ones(
    name, two_qubit_nanoseconds, two_qubit_error, readout_error, t1_microseconds, t2_microseconds
):
    medians = calibration_called(name).medians

    assert medians.two_qubit_seconds * 1e9 == pytest.approx(two_qubit_nanoseconds, abs=0.5)
    assert medians.two_qubit_error == pytest.approx(two_qubit_error, rel=0.02)
    assert medians.readout_error == pytest.approx(readout_error, rel=0.02)
    assert medians.t1_seconds * 1e6 == pytest.approx(t1_microseconds, abs=0.5)
    assert medians.t2_seconds * 1e6 == pytest.approx(t2_microseconds, abs=1)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_calibration_is_a_ring_of_twelve_qubits_like_those_of_its_machine(name):
    calibration = calibration_called(name)
    n_neighbours = np.bincount(np.ravel(calibration.coupling))
    two_qubit_errors = [one.error for one in calibration.edges.values()]

    assert calibration.name == name
    assert n_neighbours.tolist() == [2] * 12
    assert 0.5 < np.median(two_qubit_errors) / calibration.medians.two_qubit_error < 1.2
    assert calibration.repetition_delay_seconds == pytest.approx(250e-6)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_gates_noise_has_the_error_of_the_calibration_or_that_of_relaxation_alone(name):
    calibration = calibration_called(name)
    errors = noise_model_of(calibration)._local_quantum_errors

    n_seen = 0
    for gate, places in errors.items():
        for qubits, channel in places.items():
            expected = max(calibration.gate(gate, qubits).error, relaxation_error(calibration, gate, qubits))
            assert 1 - average_gate_fidelity(channel) == pytest.approx(expected, abs=1e-9)
            n_seen += 1
    assert n_seen == 2 * 12 + (12 if name == "ibm-sherbrooke" else 24)  # ECR has one direction


def test_a_symmetric_gate_is_found_in_either_order_and_a_directed_one_is_not():
    torino, sherbrooke = calibration_called("ibm-torino"), calibration_called("ibm-sherbrooke")
    first, second = sherbrooke.coupling[0]

    assert torino.gate("cz", (1, 0)) == torino.gate("cz", (0, 1))
    assert set(target_of(torino)["cz"]) == {pair for one in torino.coupling for pair in (one, one[::-1])}
    assert set(target_of(sherbrooke)["ecr"]) == set(sherbrooke.coupling)
    with pytest.raises(KeyError):
        sherbrooke.gate("ecr", (second, first))


def test_readout_errors_of_qubits_are_the_kronecker_product_of_their_matrices():
    calibration = calibration_called("ibm-torino")
    qubits = (3, 8, 5)
    whole = np.eye(1)
    for qubit in qubits:  # the last one holds the most significant bit
        values = calibration.qubits[qubit]
        one = [[1 - values.p1_given_0, values.p0_given_1], [values.p1_given_0, 1 - values.p0_given_1]]
        whole = np.kron(np.array(one), whole)
    before = torch.rand(4, 8, dtype=torch.float64)

    after = confused(before, confusion_of(calibration, qubits))

    np.testing.assert_allclose(after.numpy(), before.numpy() @ whole.T, atol=1e-14)


def test_a_users_own_file_is_taken_by_its_path_and_its_hash(tmp_path):
    path = own_file(tmp_path, document())
    with pytest.raises(InputError, match=r"calibration_sha256 of .* is missing") as raised:
        calibration_called(path)
    sha256 = str(raised.value).split("'")[1]

    assert calibration_called(path, sha256).n_qubits == 12
    with pytest.raises(InputError, match="the file's is another"):
        calibration_called(path, "0" * 64)


def test_an_unknown_name_lists_those_that_exist():
    with pytest.raises(InputError, match=r"No calibration is called 'ibm-tokyo'.*ibm-boston, ibm-fez"):
        calibration_called("ibm-tokyo")


def test_a_file_that_is_missing_or_no_json_says_so(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        calibration_called(str(tmp_path / "none.json"))
    (tmp_path / "text.json").write_text("T1 = 3")
    with pytest.raises(InputError, match="is no JSON file"):
        calibration_called(str(tmp_path / "text.json"))


def _set(*path_and_value):
    *path, value = path_and_value

    def change(changed):
        for key in path[:-1]:
            changed = changed[key]
        if value is None:
            del changed[path[-1]]
        else:
            changed[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("schema", 2), "schema must be 1; got 2"),
        (_set("edges", 4, None), r"edges are missing: ecr on \[\d+, \d+\]"),
        (
            lambda changed: [changed["coupling"].pop(0), changed["coupling"].pop(5)],
            "coupling has missing edges: no path",
        ),
        (_set("coupling", [[0, 12]]), r"coupling\[0\] must be two different qubits of 0 to 11"),
        (_set("coupling", [[0, 0]]), "must be two different qubits"),
        (_set("edges", 0, "qubits", [0, 5]), r"\[0, 5\] is no pair of coupling"),
        (_set("edges", 0, "gate", "cz"), "gate must be one of the basis: ecr; got 'cz'"),
        (_set("schema", True), "schema must be 1; got True"),
        (_set("schema", 1.0), "schema must be 1; got 1.0"),
        (
            lambda changed: changed["qubits"][5].update(label=changed["qubits"][2]["label"]),
            r"qubits\[2\] and qubits\[5\] both have the label '\d+'. Give each",
        ),
        (lambda changed: changed["coupling"].append(changed["coupling"][0]), r"coupling has \[\d+, \d+\] twice"),
        (_set("edges", 0, "error", 0.81), r"edges\[0\]: error must be 1 - the average gate .* \[0, 0.8\]; got 0.81"),
        (_set("qubits", 0, "gates", "sx", "error", 0.7), r"gates: sx: error must be .* in \[0, 0.666667\]; got 0.7"),
        (_set("qubits", 0, "readout", {"seconds": 0, "p1_given_0": 0.8, "p0_given_1": 0.3}), "Exchange the outcomes"),
        (_set("medians", "n_qubits", 1.5), "medians: n_qubits must be a whole number of qubits; got 1.5"),
        (_set("edges", 0, "error", float("nan")), "error must be 1 - the average gate fidelity"),
        (_set("edges", 0, "seconds", -1e-9), "seconds must be a time in seconds"),
        (_set("edges", 0, "error", True), "error must be 1 - the average gate fidelity"),
        (_set("qubits", 3, "t2_seconds", 1e-3), r"qubits\[3\]: T2 must not exceed 2 T1 = .* got T2 = 0.001 s"),
        (_set("qubits", 3, "t1_seconds", 0), r"t1_seconds must be a time in seconds in \[1e-09, 1e\+09\]; got 0"),
        (_set("qubits", 3, "t1_seconds", float("inf")), "t1_seconds must be a time in seconds .* got inf"),
        (_set("qubits", 3, "t1_seconds", 1e300), "t1_seconds must be a time in seconds .* got 1e.300"),
        (_set("qubits", 0, "readout", "p1_given_0", -0.1), r"qubits\[0\]: readout: p1_given_0 must be a probability"),
        (_set("qubits", 0, "readout", None), r"qubits\[0\] lacks readout"),
        (_set("qubits", 0, "gates", "sx", None), r"qubits\[0\]: gates lacks sx"),
        (_set("qubits", 0, "gates", "u3", {"seconds": 0, "error": 0}), "gates has 'u3', which no calibration has"),
        (_set("basis", ["rz", "sx", "x", "iswap"]), "basis names no known gate with 'iswap'"),
        (_set("basis", ["rz", "sx", "x"]), "basis has no two-qubit gate"),
        (_set("basis", ["rz", "rz", "sx", "x", "ecr"]), "names a gate twice"),
        (_set("qubits", []), "qubits must be a list of 1 to"),
        (_set("temperature", 15), "has 'temperature', which no calibration has"),
        (_set("source", ""), "source must be text"),
        (_set("repetition_delay_seconds", "250 us"), "repetition_delay_seconds must be a time"),
    ],
)
def test_what_no_machine_can_be_is_refused(change, message):
    changed = copy.deepcopy(document())
    change(changed)

    with pytest.raises(InputError, match=message) as raised:
        calibration_of(changed, "own.json")
    assert str(raised.value).startswith("own.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[" * 100_000, "is no calibration: its JSON is nested too deeply"),
        ('{"schema": ' * 5_000 + "1" + "}" * 5_000, "is no calibration: its JSON is nested too deeply"),
        *(('{"schema": ' + "[" * depth + "]" * depth + "}", "(lacks basis|nested too deeply)") for depth in (300, 980)),
        (document_text(schema=nested(800)), "(nested too deeply|schema must be 1)"),
        ('{"schema": 1, "schema": 1}', "is no JSON file: an object has 'schema' twice"),
        ("1" * 5_000, "is no JSON file"),
        ("[]", "must be an object with keys"),
    ],
)
def test_a_file_that_no_reader_makes_sense_of_is_refused_by_its_name(tmp_path, content, message):
    path = tmp_path / "own.json"
    path.write_text(content)

    with pytest.raises(InputError, match=rf"own\.json.* {message}"):
        calibration_called(str(path))
