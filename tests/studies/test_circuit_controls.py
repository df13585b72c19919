# tests/studies/test_circuit_controls.py
"""What a circuit adds: against each control, judged by the one that was best on validation clips."""

import json
from dataclasses import replace

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from studies.answers import answers
from studies.circuit_controls import against_controls, energy_sentence, loads_amplitudes, validation_accuracy
from studies.commands.compare import compare
from studies.report.sections.circuit import values
from studies.specification import Choice, FrontEndChoice
from tests.studies.asked import Asked
from tests.studies.synthetic_results import synthetic_results


@pytest.fixture(scope="module")
def results():
    return synthetic_results()


def test_every_run_over_all_clips_stands_against_every_control_the_best_by_validation_first(results):
    found = {one.row.run.backend.name: one for one in against_controls(results)}

    assert sorted(found) == ["aer-shots", "exact-states"]  # aer-exact saw the first seed alone
    for one in found.values():
        names = [control.system.name for control, _ in one.controls]
        scores = [validation_accuracy(results, results.row(name)) for name in names]
        assert sorted(names) == ["qft-hybrid-classical-layer", "qft-hybrid-no-circuit"]
        assert list(one.validation) == scores == sorted(scores, reverse=True)
        assert one.best[1] == results.compare(one.row, results.row(names[0]))


def test_a_control_that_hears_something_else_is_none_of_the_circuit(results):
    other = FrontEndChoice(name="log-mel", label="other")
    systems = [
        one.model_copy(update={"front_end": "other"}) if one.name == "qft-hybrid-no-circuit" else one
        for one in results.study.systems
    ]
    update = {"systems": tuple(systems), "front_ends": (*results.study.front_ends, other)}
    changed = replace(results, study=results.study.model_copy(update=update))

    for one in against_controls(changed):
        assert [control.system.name for control, _ in one.controls] == ["qft-hybrid-classical-layer"]
    topics = {one.topic: one.text for one in answers(changed)}
    assert "no-circuit" not in topics["qft-hybrid: does the circuit add anything?"]
    assert "no-circuit" in topics["qft-hybrid: against its controls"]
    assert "surrogate" not in topics["qft-hybrid: against its controls"]


def test_validation_accuracy_is_the_share_of_right_clips_over_fit_cells(results):
    row = results.row("qft-hybrid-no-circuit")
    shares = [
        np.mean([record.logits.argmax(1) == result.targets for record in result.runs])
        for cell, result in results.fits.items()
        if cell.system == row.system.name and cell.protocol == row.protocol
    ]

    assert validation_accuracy(results, row) == pytest.approx(np.mean(shares))


def test_the_sentence_has_difference_interval_control_and_verdict(results):
    one = next(one for one in against_controls(results) if one.row.run.backend.name == "exact-states")
    comparison = one.best[1]

    assert f"{100 * comparison.difference:+.1f}".replace("-", "−") in one.sentence
    assert "[" in one.sentence and one.best[0].title in one.sentence and one.sentence.count(".") >= 1
    assert one.best[1].verdict in one.sentence


def test_a_circuit_that_is_better_than_weaker_controls_is_not_said_to_add_something(results):
    one = next(one for one in against_controls(results) if one.row.run.backend.name == "exact-states")
    better = [(row, replace(comparison, verdict="better")) for row, comparison in one.controls]
    surrogate = one.best[0].system.model_copy(update={"classifier": Choice(name="kernel-surrogate")})
    beside_surrogate = [(replace(better[0][0], system=surrogate), better[0][1]), *better[1:]]

    assert "better; no exact surrogate stands beside it" in replace(one, controls=tuple(better)).sentence
    assert "better, the circuit adds something" in replace(one, controls=tuple(beside_surrogate)).sentence


def test_only_what_a_machine_ran_has_a_distance_to_the_fft(results):
    said = {one.row.run.backend.name: energy_sentence(one) for one in against_controls(results)}

    assert said["exact-states"] == ""
    assert "orders of magnitude less" in said["aer-shots"] and "256 amplitudes" in said["aer-shots"]
    assert "The 255 angles that load a clip's amplitudes are the host's; they take " in said["aer-shots"]


@pytest.mark.parametrize(
    ("encoder", "classifier", "expected"),
    [
        ("amplitude", "qft-circuit", True),
        ("none", "qft-hybrid", True),
        ("matrix-product", "qft-circuit", False),
        ("angle", "qft-circuit", False),
        ("none", "data-reuploading", False),
        ("none", "quanvolution", False),
    ],
)
def test_the_host_finds_angles_where_no_code_by_a_circuit_has_them(results, encoder, classifier, expected):
    row = results.row("qft-hybrid")
    choices = {"encoder": Choice(name=encoder), "classifier": Choice(name=classifier)}

    assert loads_amplitudes(replace(row, system=row.system.model_copy(update=choices))) is expected


def test_the_section_is_left_out_where_no_circuit_has_controls(results):
    filled = values(results)

    assert len(filled["sentences"]) == 2 and len(filled["energies"]) == 1
    assert [len(run["controls"]) for run in filled["runs"]] == [2, 2]
    alone = results.study.model_copy(update={"systems": tuple(s for s in results.study.systems if s.role != "control")})
    assert values(replace(results, study=alone)) is None


def test_the_command_prints_it_and_refuses_what_has_no_controls(results, capsys):
    assert compare(Asked(results), "qft-hybrid", None, as_json=False, controls=True) == 0
    assert "best control of 2" in capsys.readouterr().out
    assert compare(Asked(results), None, None, as_json=True, controls=True) == 0
    assert [one["system"] for one in json.loads(capsys.readouterr().out)] == ["qft-hybrid", "qft-hybrid"]
    with pytest.raises(InputError, match=r"qft-alone has no circuit with controls.*Systems with controls: qft-hybrid"):
        compare(Asked(results), "qft-alone", None, as_json=False, controls=True)
    with pytest.raises(InputError, match="name the hybrid alone"):
        compare(Asked(results), "qft-hybrid", "ds-cnn", as_json=False, controls=True)
