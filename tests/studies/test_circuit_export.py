"""`trichord export-circuit` keeps a circuit that Qiskit finds the same outcomes of, or says why there is none."""

import json
import re
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.quantum_info import Statevector
from qiskit_aer import AerSimulator
from scipy.stats import chisquare

from classical_baselines.harness.choices import InputError
from quantum.backends.states import engine_probabilities, prepare
from quantum.classifiers.qft_circuit import QftCircuit
from studies import circuit_export
from studies.circuit_export import NotEqualError, exported_circuit
from studies.commands import circuit_file
from tests.quantum.backends.systems import generator, intensity, trained
from tests.studies.small_study import study

CELL = SimpleNamespace(system="one", fold="george", seed=0)


@pytest.fixture
def system(monkeypatch):
    found = trained()
    clips = SimpleNamespace(names=tuple(f"{number}.wav" for number in range(5)))
    bench = SimpleNamespace(intensity=intensity(5), fold=SimpleNamespace(validation=(1, 4)), clips=clips)
    monkeypatch.setattr(circuit_export, "trained_bench", lambda *given: (bench, found))
    return found


def read_back(text):
    """The circuit of the text, line by line, without Qiskit's reader of OpenQASM."""
    (n_qubits,) = re.findall(r"qubit\[(\d+)\]", text)
    circuit = QuantumCircuit(int(n_qubits))
    for gate, angle, qubits in re.findall(r"^(\w+)(?:\(([^)]*)\))? (q\[.*);$", text, re.MULTILINE):
        if gate != "barrier":
            angles = [eval(angle, {"pi": np.pi})] if angle else []
            getattr(circuit, gate)(*angles, *map(int, re.findall(r"\d+", qubits)))
    return circuit


def test_the_text_is_the_circuit_of_the_validation_clip_that_is_asked_for(system):
    made = exported_circuit(None, CELL, {}, None, clip=1)

    expected = engine_probabilities(prepare(system, intensity(5)[[4]], generator()))[0].numpy()
    np.testing.assert_allclose(Statevector(read_back(made.text)).probabilities(), expected, atol=1e-10)
    assert (made.clip, made.n_qubits) == ("4.wav", 4)
    assert made.text.count("= measure q[") == 4
    assert sum(made.n_gates.values()) == len(read_back(made.text).data)


def read_dynamic(text):
    """The dynamic circuit of the text, line by line: `if` on one bit, then its block."""
    (n_qubits,), (n_bits,) = re.findall(r"qubit\[(\d+)\]", text), re.findall(r"bit\[(\d+)\] meas", text)
    circuit = QuantumCircuit(QuantumRegister(int(n_qubits), "q"), ClassicalRegister(int(n_bits), "meas"))
    waiting = None
    for line in map(str.strip, text.splitlines()):
        if asked := re.fullmatch(r"if \(meas\[(\d+)\](?: == (?:true|1))?\) \{", line):
            waiting = int(asked[1])
        elif line == "}":
            waiting = None
        elif read := re.fullmatch(r"meas\[(\d+)\] = measure q\[(\d+)\];", line):
            circuit.measure(int(read[2]), int(read[1]))
        elif gate := re.fullmatch(r"(\w+)(?:\(([^)]*)\))? (q\[.*);", line):
            if gate[1] == "barrier":
                continue
            angles = [eval(one, {"pi": np.pi}) for one in gate[2].split(",")] if gate[2] else []
            with circuit.if_test((circuit.clbits[waiting], 1)) if waiting is not None else nullcontext():
                getattr(circuit, gate[1])(*angles, *map(int, re.findall(r"\d+", gate[3])))
    return circuit


@pytest.mark.parametrize("register", ["all", "frame"])
def test_a_measured_transform_is_written_as_a_dynamic_circuit_of_the_engines_outcomes(system, monkeypatch, register):
    ending = trained(QftCircuit(n_layers_after=0, fourier_register=register))
    bench, _ = circuit_export.trained_bench()
    monkeypatch.setattr(circuit_export, "trained_bench", lambda *given: (bench, ending))
    n_shots, n = 4000, {"all": 4, "frame": 2}[register]

    made = exported_circuit(None, CELL, {}, None, clip=1, measured=True)

    assert made.text.count("if (") == made.n_gates["if_else"] == n * (n - 1) // 2
    assert not {"cp", "swap"} & made.n_gates.keys()
    dynamic = read_dynamic(made.text)
    drawn = AerSimulator().run(dynamic, shots=n_shots, seed_simulator=1).result().get_counts()
    expected = engine_probabilities(prepare(ending, intensity(5)[[4]], generator()))[0].numpy()
    found = np.zeros(16)
    for outcome, n_drawn in drawn.items():
        found[int(outcome, 2)] = n_drawn
    assert chisquare(found, expected / expected.sum() * n_shots).pvalue > 1e-3
    plain = exported_circuit(None, CELL, {}, None, clip=1)
    assert "if (" not in plain.text and plain.n_gates["cp"] == n * (n - 1) // 2


def test_other_outcomes_of_a_dynamic_circuit_are_noticed(system, monkeypatch):
    ending = trained(QftCircuit(n_layers_after=0, fourier_register="all"))
    bench, _ = circuit_export.trained_bench()
    monkeypatch.setattr(circuit_export, "trained_bench", lambda *given: (bench, ending))
    made = circuit_export.trained_measured_circuit

    def without_a_phase(*given):
        whole = made(*given)
        whole.data.pop(next(i for i, one in enumerate(whole.data) if one.operation.name == "if_else"))
        return whole

    monkeypatch.setattr(circuit_export, "trained_measured_circuit", without_a_phase)
    with pytest.raises(NotEqualError, match="from the engine's"):
        exported_circuit(None, CELL, {}, None, clip=1, measured=True)


@pytest.mark.parametrize(
    ("classifier", "measured", "message"),
    [
        ({"name": "fidelity-kernel"}, False, "no circuit of a whole clip to export: fidelity-kernel runs many"),
        ({"name": "quanvolution"}, False, "no circuit of a whole clip to export: quanvolution runs many"),
        ({"name": "qft-circuit"}, True, "--measured: the circuit of one does not end in a Fourier transform"),
        ({"name": "qcnn"}, True, "--measured: the circuit of one does not end"),
        (
            {"name": "qft-circuit", "options": {"n_layers_after": 0, "random_unitary": 1}},
            True,
            "n_layers_after = 0, fourier on and no random_unitary, or leave --measured out",
        ),
    ],
)
def test_a_system_without_such_a_circuit_is_refused_before_its_recordings_are_read(
    monkeypatch, tmp_path, classifier, measured, message
):
    encoder = {"name": "none" if classifier["name"] == "quanvolution" else "amplitude"}
    of_circuits = study(family="quantum", encoder=encoder, classifier=classifier)
    request = SimpleNamespace(study="small", data_root=None, open_study=lambda: of_circuits)
    monkeypatch.setattr(circuit_file, "trained_place", lambda *given: pytest.fail("read the recordings"))

    with pytest.raises(InputError, match=message):
        circuit_file.export_circuit(
            request,
            system="one",
            fold=None,
            seed=None,
            clip=0,
            measured=measured,
            to=tmp_path / "c.qasm",
            as_json=False,
        )


def test_a_clip_that_is_not_there_and_other_outcomes_are_refused(system, monkeypatch):
    with pytest.raises(InputError, match="--clip 2: the fold george has the validation clips 0 to 1"):
        exported_circuit(None, CELL, {}, None, clip=2)
    monkeypatch.setattr(circuit_export, "engine_probabilities", lambda clips: engine_probabilities(clips) + 1e-6)
    with pytest.raises(NotEqualError, match="are 1e-06 from the engine's"):
        exported_circuit(None, CELL, {}, None, clip=0)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_writes_the_file_and_says_what_is_in_it(system, monkeypatch, tmp_path, capsys, as_json):
    asked = {"system": "one", "fold": None, "seed": None, "clip": 0, "as_json": as_json}
    of_circuits = study(family="quantum", encoder={"name": "amplitude"}, classifier={"name": "qft-circuit"})
    request = SimpleNamespace(study="small", data_root=None, open_study=lambda: of_circuits)
    keyed = SimpleNamespace(cell=CELL, fit_key="key")
    place = SimpleNamespace(fold="george", seed=0, cells=(keyed,))
    store = SimpleNamespace(load_weights=lambda key: {})
    monkeypatch.setattr(circuit_file, "trained_place", lambda *given: (store, place))

    assert circuit_file.export_circuit(request, to=tmp_path / "new" / "c.qasm", **asked) == 0
    assert (tmp_path / "new" / "c.qasm").read_text().startswith("OPENQASM 3")
    said = capsys.readouterr().out
    assert json.loads(said)["n_gates"]["ry"] > 0 if as_json else "validation clip 1.wav" in said

    with pytest.raises(InputError, match="there is something already"):
        circuit_file.export_circuit(request, to=tmp_path / "new" / "c.qasm", **asked)
    with pytest.raises(InputError, match=r"a circuit ends in \.qasm"):
        circuit_file.export_circuit(request, to=tmp_path / "c.txt", **asked)
    with pytest.raises(InputError, match="--clip -1: clips of the validation fold are counted from 0"):
        circuit_file.export_circuit(request, to=tmp_path / "other.qasm", **{**asked, "clip": -1})
    classical = SimpleNamespace(study="small", data_root=None, open_study=study)
    with pytest.raises(InputError, match="it is of the family classical and has no circuit"):
        circuit_file.export_circuit(classical, to=tmp_path / "c.qasm", **asked)
    monkeypatch.setattr(circuit_export, "engine_probabilities", lambda clips: engine_probabilities(clips) + 1e-6)
    assert circuit_file.export_circuit(request, to=tmp_path / "other.qasm", **asked) == 1
    assert not (tmp_path / "other.qasm").exists()
