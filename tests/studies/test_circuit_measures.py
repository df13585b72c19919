# tests/studies/test_circuit_measures.py
"""The command `circuits`: variants with parts taken away, one table per seed, and plain refusals."""

import json

import pytest
import torch

from classical_baselines.harness.choices import InputError
from quantum.circuits.qcnn import QcnnDescription, qcnn_circuit
from quantum.circuits.reuploading import reuploading_circuit
from quantum.engine.execution import Engine
from quantum.engine.readout import probabilities, z_expectations
from quantum.measures.random_angles import states_at
from studies.circuit_measures import (
    VARIANTS,
    Measured,
    convolutional_circuit,
    measured_circuits,
    reuploaded_circuit,
    variance_per_qubit,
)
from studies.commands.circuits import circuits
from studies.figures.circuit_measures import circuit_measures


def test_a_variant_lacks_what_its_title_says():
    gates = {one.name: {gate.name for gate in one.circuit(3, 2).gates} for one in VARIANTS}

    assert gates["qft"] == {"rz", "ry", "cx", "h", "cp", "swap"}
    assert gates["no-transform"] == {"rz", "ry", "cx"}
    assert gates["no-entangler"] == {"rz", "ry", "h", "cp", "swap"}
    assert gates["product"] == {"rz", "ry"}
    assert gates["qcnn"] == {"rz", "ry", "cx", "x", "h"}
    assert gates["re-uploading"] == {"rz", "ry", "cz"}


def behind(circuit, angles):
    return states_at(circuit, torch.tensor([angles], dtype=torch.float64))


@pytest.mark.parametrize("n_qubits", [2, 3, 6])
def test_qubit_0_of_the_convolutional_network_is_the_one_that_the_classifier_reads(n_qubits):
    description = QcnnDescription(n_qubits, n_qubits.bit_length() - 1, 2)
    angles = torch.rand(qcnn_circuit(description).n_weights, generator=torch.Generator().manual_seed(0)).tolist()
    (kept,) = description.kept

    here, there = (behind(one, angles) for one in (convolutional_circuit(n_qubits, 2), qcnn_circuit(description)))

    assert float(z_expectations(here)[0, 0]) == pytest.approx(float(z_expectations(there)[0, kept]), abs=1e-12)
    assert float(probabilities(here)[0, 0]) == pytest.approx(float(probabilities(there)[0, 0]), abs=1e-12)


def test_without_its_clip_re_uploading_has_the_states_of_any_clip_at_angles_moved_by_it():
    circuit = reuploading_circuit(3, 2)
    draw = torch.Generator().manual_seed(0)
    weights, clip = (torch.rand(circuit.n_weights, generator=draw, dtype=torch.float64) for _ in range(2))
    start = torch.eye(8, dtype=torch.float64)[:1]

    whole = Engine(circuit)(start, weights, clip[None])

    torch.testing.assert_close(behind(reuploaded_circuit(3, 2), (weights + clip).tolist()), whole)


def test_a_family_is_left_out_where_there_are_too_few_qubits_for_it():
    found = {(one.variant, one.n_qubits) for one in measured_circuits((1, 2), (1,), 10, 0)}

    assert ("qcnn", 2) in found and ("qcnn", 1) not in found and ("re-uploading", 1) in found


def test_the_odd_layer_stands_before_the_transform():
    names = [gate.name for gate in VARIANTS[0].circuit(2, 3).gates]

    assert names.count("cx") == 3
    assert names[: names.index("h")].count("cx") == 2


def test_layers_without_two_qubit_gates_do_not_entangle_and_a_seed_gives_one_table():
    first, again = (list(measured_circuits((2, 3), (2,), 40, 7)) for _ in range(2))

    assert first == again
    assert all(one.entangling == pytest.approx(0, abs=1e-12) for one in first if one.variant == "product")
    assert all(one.entangling > 0.1 for one in first if one.variant == "qft")


def test_the_factor_per_qubit_is_that_of_a_geometric_series():
    found = [Measured("qft", n, 4, 0, 0.5 * 0.25**n, 1.0, 0.0, 0.0, 0.0, 0.0) for n in (2, 3, 5)]

    assert variance_per_qubit(found, "qft", "local") == pytest.approx(0.25)
    assert variance_per_qubit(found[:1], "qft", "local") is None


@pytest.mark.parametrize("ending", ["svg", "csv"])
def test_it_prints_its_table_and_writes_its_figure(capsys, tmp_path, ending):
    out = tmp_path / f"measured.{ending}"

    assert circuits("2,3", "1,2", 10, 0, out, as_json=True) == 0

    printed = json.loads(capsys.readouterr().out)
    assert len(printed["circuits"]) == len(VARIANTS) * 4
    assert out.stat().st_size > 500
    assert circuits("2", "1", 10, 0, out, as_json=False) == 0
    assert "no transform" in capsys.readouterr().out


@pytest.mark.parametrize(("qubits", "layers"), [((1,), (1,)), ((1,), (1, 2)), ((2, 3), (2,))])
def test_every_panel_has_points_within_it_and_a_scale(qubits, layers):
    drawing = circuit_measures(list(measured_circuits(qubits, layers, 20, 0)))

    drawing.figure.canvas.draw()
    for axes in drawing.figure.axes:
        low, high = axes.get_ylim()
        assert sum(low <= place <= high for place in axes.get_yticks()) >= 2
        points = [value for line in axes.get_lines() for value in line.get_ydata()]
        assert len(points) >= len(VARIANTS) - 1 and all(low <= value <= high for value in points)
    # Of one qubit nothing is entangled; what is drawn of it are rounding errors, to be read as 0.
    assert drawing.figure.axes[3].get_ylim()[1] > 0.9


def test_no_two_lines_of_the_figure_share_a_dash_a_mark_or_a_colour():
    drawing = circuit_measures(list(measured_circuits((2, 3), (1, 2), 20, 0)))

    lines = [line for line in drawing.figure.axes[0].get_lines() if line.get_label() in {one.title for one in VARIANTS}]
    assert len(lines) == len(VARIANTS)
    for look in ("get_linestyle", "get_marker", "get_color"):
        seen = {str(getattr(line, look)()) for line in lines}
        dashes = {str(line._unscaled_dash_pattern) for line in lines}
        assert len(dashes if look == "get_linestyle" else seen) == len(VARIANTS), look


@pytest.mark.parametrize(
    ("qubits", "layers", "draws", "message"),
    [
        ("2,x", "1", 10, "--qubits 2,x: give whole numbers"),
        ("0", "1", 10, "--qubits must lie in 1 to 14; got 0"),
        ("2", "0", 10, "--layers must lie in 1 to 256; got 0"),
        ("2", "1", 1, "--draws must lie in 2 to 100000; got 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(qubits, layers, draws, message, tmp_path):
    with pytest.raises(InputError, match=message):
        circuits(qubits, layers, draws, 0, tmp_path / "x.svg", as_json=False)
    with pytest.raises(InputError, match="--seed must be 0 or more; got -1"):
        circuits("2", "1", 10, -1, tmp_path / "x.svg", as_json=False)
