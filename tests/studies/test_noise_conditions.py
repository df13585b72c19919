# tests/studies/test_noise_conditions.py
"""Tables, figure and section of runs under noise, from clips whose decisions are written down."""

from types import SimpleNamespace

import numpy as np
import pytest

from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, RunRecord, StudyCell
from studies.figures import draw
from studies.noise_conditions import condition_rows, condition_texts, conditions_header, conditions_note, noisy_rows
from studies.report.page import page_html
from studies.results import StudyResults
from studies.specification import Study
from studies.tables import results_markdown
from tests.studies.synthetic_results import synthetic_results

SPEAKERS = tuple("abcdef")
TARGETS = (0, 0, 1)  # three clips of every speaker; the run under noise takes the first and the last
TAKEN = (0, 2)
DISTANCES = {("none", 0): 0.0, ("none", 1): 0.2, ("machine", 0): 0.5, ("machine", 1): 0.4}
# Decisions of each speaker's two clips, by calibration, degree and shots.
RIGHT, FIRST, WRONG = [0, 1], [0, 0], [1, 0]
DECIDED = {
    ("none", 0, 0): [RIGHT] * 6,
    ("none", 0, 64): [RIGHT] * 6,
    ("none", 1, 0): [RIGHT] * 5 + [FIRST],
    ("none", 1, 64): [FIRST] * 6,
    ("machine", 0, 0): [FIRST] * 6,
    ("machine", 0, 64): [FIRST] * 6,
    ("machine", 1, 0): [FIRST] * 6,
    ("machine", 1, 64): [FIRST] * 3 + [RIGHT] * 3,
}


def system(degree):
    return {
        "name": f"degree-{degree}",
        "title": f"Degree {degree}",
        "family": "quantum",
        "encoder": {"name": "angle"},
        "classifier": {"name": "qft-circuit", "options": {"fourier_degree": degree} if degree else {}},
        "runs": [
            {"backend": {"name": "exact-states"}},
            {"backend": {"name": "noisy"}, "deployments": ["host+superconducting-qpu"]},
        ],
    }


def runs(degree, speaker):
    logits = np.eye(2, dtype=np.float32)
    noted = [
        {
            "calibration": calibration,
            "n_shots": n_shots,
            "total_variation": DISTANCES[calibration, degree],
            "predictions": decided[SPEAKERS.index(speaker)],
        }
        for (calibration, of_degree, n_shots), decided in DECIDED.items()
        if of_degree == degree
    ]
    notes = {"calibration": "machine", "n_shots": 64, "seconds_per_shot": 2.5e-4, "n_qubits": 8, "conditions": noted}
    notes |= {"preparation_gates_2q": 0, "circuit_gates_2q": 90 - 10 * degree}
    own = DECIDED["machine", degree, 64][SPEAKERS.index(speaker)]
    whole = RunRecord("exact-states", logits[list(TARGETS)], OperationCounts({}), 0.1, None, (), (), {"n_qubits": 8})
    counts = OperationCounts.of("readout", "measurement", shots=64, machine_seconds=64 * 2.5e-4)
    return whole, RunRecord("noisy", logits[own], counts, 0.5, TAKEN, (), (), notes)


def results(degrees=(0, 1)):
    study = Study.model_validate(
        {
            **{"schema": 1, "name": "left-out", "title": "Left out", "question": "What is lost?", "seeds": [0]},
            **{"baseline": f"degree-{degrees[0]}", "data": {"name": "fsdd"}, "front_ends": [{"name": "log-mel"}]},
            **{"protocols": [{"name": "leave-one-group-out"}], "systems": [system(degree) for degree in degrees]},
        }
    )
    cells = {
        StudyCell("fsdd", "leave-one-group-out", speaker, f"degree-{degree}", 0): CellResult(
            kind="fit",
            label_names=("no", "yes"),
            clip_names=tuple(f"{speaker}{clip}" for clip in range(3)),
            groups=(speaker,) * 3,
            targets=np.array(TARGETS),
            clip_seconds=1.0,
            n_training_clips=10,
            runs=runs(degree, speaker),
            training={},
        )
        for speaker in SPEAKERS
        for degree in degrees
    }
    return StudyResults(study=study, wanted=tuple(cells), fits=cells, tests={})


def test_accuracies_are_those_of_the_clips_that_were_taken():
    found = {(one.calibration, one.degree, one.n_shots): one for one in condition_rows(results())}

    assert set(found) == set(DECIDED)
    assert found["none", 0, 64].interval.estimate == 1
    assert found["none", 1, 0].interval.estimate == pytest.approx(11 / 12)
    assert found["machine", 1, 64].interval.estimate == pytest.approx(9 / 12)
    assert found["none", 1, 0].interval.n_clips == 12
    assert found["machine", 1, 0].total_variation == pytest.approx(0.4)


def test_a_degree_is_read_against_the_exact_transform_under_the_same_condition():
    found = {(one.calibration, one.degree, one.n_shots): one.against_exact for one in condition_rows(results())}

    assert found["none", 0, 64] is None and found["machine", 0, 0] is None
    assert found["none", 1, 64].difference == pytest.approx(-1 / 2)
    assert found["machine", 1, 64].difference == pytest.approx(1 / 4)
    assert found["machine", 1, 0].difference == 0
    # Speakers win 0, 0, 0, 0.5, 0.5, 0.5: mean 0.25, sum of squares about it 0.375; t(0.975, 5) = 2.5706
    assert found["machine", 1, 64].high == pytest.approx(0.25 + 2.5706 * (0.375 / 5 / 6) ** 0.5, abs=1e-4)


def test_the_table_has_a_row_for_each_degree_and_noise_and_the_note_has_the_verdicts():
    rows = condition_rows(results())

    assert conditions_header(rows)[4:6] == ("accuracy, 64 shots", "accuracy, no sampling")
    assert [texts[:4] for texts in condition_texts(rows)] == [
        ("angle (8 qubits)", "0", "none", "0.000"),
        ("angle (8 qubits)", "0", "machine", "0.500"),
        ("angle (8 qubits)", "1", "none", "0.200"),
        ("angle (8 qubits)", "1", "machine", "0.400"),
    ]
    assert condition_texts(rows)[3][6].startswith("+25.0 [")
    assert "angle (8 qubits): without noise worse at degree 1; under machine undecided at degree 1." in (
        conditions_note(rows)
    )


def test_a_run_under_noise_has_its_accuracy_gates_time_and_price():
    first, second = noisy_rows(results())

    assert (first.interval.estimate, second.interval.estimate) == pytest.approx((1 / 2, 9 / 12))
    assert (first.gates_2q, second.gates_2q) == ((0, 90), (0, 80))
    assert first.clips_per_second == pytest.approx(2 / 0.5)
    (energy,) = [one for one in first.energies if not one.alternative_to]
    assert energy.by_stage["readout"] == pytest.approx(25_000 * 64 * 2.5e-4)
    assert "host+superconducting-qpu: " in first.texts[-1]


def test_figure_section_and_markdown_show_them_and_nothing_where_there_are_none():
    given, named = results(), SimpleNamespace(element=lambda name: f"[{name}]")
    drawing = draw("accuracy-vs-degree", given)
    page, text = page_html(given, named), results_markdown(given)

    assert len(drawing.records) == 8
    for ax in drawing.figure.axes:  # nothing is cut off
        for line in ax.get_lines():
            assert all(ax.get_ylim()[0] <= height <= ax.get_ylim()[1] for height in line.get_ydata())
    assert {record["it_is"] for record in drawing.records if record["degree"] == 0} == {""}
    assert any("degree 1, under machine, 64 shots: 75.0" in mark.text for mark in drawing.marks.values())
    for written in (page, text):
        assert "Under noise" in written and "0 + 90" in written and "total variation" in written
    assert draw("accuracy-vs-degree", synthetic_results()) is None
    assert "Under noise" not in results_markdown(synthetic_results())


def test_one_degree_alone_is_no_series():
    assert condition_rows(results(degrees=(0,))) == []
    assert len(noisy_rows(results(degrees=(0,)))) == 1
