# tests/studies/test_state_codes.py
"""The table and the figure of state codes, from results whose numbers are known, and the study that asks for them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from studies.checks_before_work import check_before_work
from studies.figures import draw
from studies.report.page import page_html
from studies.specification import Choice
from studies.state_codes import state_code_rows
from studies.study_file import load_study
from studies.tables import results_markdown
from tests.studies.synthetic_results import synthetic_results

NOTES = {
    "n_qubits": 8,
    "coupling": "heavy-hex",
    "preparation_depth": 900,
    "preparation_gates_2q": 300,
}
COUNTED = {"qft-hybrid": {"preparation_gates_2q_all_to_all": 247}, "qft-alone": {"preparation_gates_2q_all_to_all": 13}}
NEAR = {"preparation_fidelity": 0.88, "preparation_fidelity_lowest": 0.61}


@pytest.fixture(scope="module")
def counted():
    """Results in which two quantum systems were counted, the second of which approximates."""
    results = synthetic_results()
    systems = tuple(
        system.model_copy(update={"encoder": Choice(name="matrix-product")}) if system.name == "qft-alone" else system
        for system in results.study.systems
    )

    def noted(cell, result):
        if cell.system not in COUNTED:
            return result
        notes = {**NOTES, **COUNTED[cell.system], **(NEAR if cell.system == "qft-alone" else {})}
        return replace(result, runs=tuple(replace(run, notes={**run.notes, **notes}) for run in result.runs))

    given = {
        part: {cell: noted(cell, result) for cell, result in getattr(results, part).items()}
        for part in ("fits", "tests")
    }
    return replace(results, study=results.study.model_copy(update={"systems": systems}), **given)


def test_a_row_has_the_headline_accuracy_the_gates_and_the_fidelity(counted):
    near, exact = state_code_rows(counted)
    headline = {row.system.name: row for row in counted.headline_rows}

    assert (near.row.system.name, exact.row.system.name) == ("qft-alone", "qft-hybrid")  # the fewest gates first
    assert near.row.interval == headline["qft-alone"].interval
    assert near.texts[2:8] == ("8", "13", "300", "900", "0.880", "0.610")
    assert exact.texts[2:8] == ("8", "247", "300", "900", "exact", "–")


def test_the_figure_has_a_mark_for_each_code_and_says_its_numbers(counted):
    drawing = draw("accuracy-vs-preparation", counted)

    assert [mark.text.split(" %, ")[1] for mark in drawing.marks.values()] == [
        "13 two-qubit gates, fidelity 0.880",
        "247 two-qubit gates, exact",
    ]
    assert [record["gates_2q_any_two"] for record in drawing.records] == [13, 247]
    assert len(drawing.figure.axes) == 2


def test_report_and_markdown_have_the_table_where_codes_are_compared_and_nowhere_else(counted):
    named = SimpleNamespace(element=lambda name: f"[{name}]")  # in place of figures, which take their time
    page, text = page_html(counted, named), results_markdown(counted)

    assert 'id="state-codes"' in page and "[accuracy-vs-preparation]" in page
    assert "## State codes" in text and "0.880" in text
    others = synthetic_results()
    assert state_code_rows(others) == []
    assert "State codes" not in page_html(others, named)
    assert draw("accuracy-vs-preparation", others) is None


@pytest.mark.parametrize("name", ["state-preparation", "state-codes"])
def test_the_studies_of_codes_hold_together(name):
    check_before_work(load_study(name))


def test_the_study_of_preparation_asks_for_exact_states_and_growing_bonds():
    study = load_study("state-preparation")
    bonds = [
        system.encoder.options["bond_dimension"]
        for system in study.systems
        if system.encoder.name == "matrix-product" and system.role == "contender"
    ]

    assert bonds == [1, 2, 4, 8, 16]
    assert study.system("exact").encoder.name == "amplitude"
    assert all(
        study.system(f"{system.name}-removed").encoder == system.encoder
        for system in study.systems
        if system.role == "contender"
    )
