# tests/studies/test_data_statement.py
"""The data statement of a study: from the entry of the set, from the cells, and honest about a folder of one's own."""

from dataclasses import replace

import pytest

from classical_baselines.data.sets import DATA_SETS
from studies.data_statement import PEOPLE, data_statement, statement_markdown
from studies.exports.markdown import markdown
from studies.report.page import Drawings
from studies.report.sections.data import SECTION
from studies.results import StudyResults
from studies.specification import Data
from tests.studies.synthetic_results import synthetic_results


def on(results, **data):
    return replace(results, study=results.study.model_copy(update={"data": Data(**data)}))


def told(results):
    return {part.heading: part.sentences for part in data_statement(results)}


@pytest.mark.parametrize("name", DATA_SETS)
def test_every_data_set_says_who_is_in_it_whose_it_is_and_what_to_mind(name):
    entry = DATA_SETS[name]()
    parts = told(on(synthetic_results(), name=name))

    assert name in PEOPLE or any(origin in PEOPLE for origin in entry.made_from)
    (people,) = parts["Who is in them"]
    assert "Not written down" not in people
    assert parts["To be minded"] == entry.warnings
    rights = " ".join(parts["Licence and attribution"])
    assert all(one in rights for one in (entry.licence, entry.citation, entry.source))
    assert parts["What they are"][0].startswith(f"{entry.title} ({name}); a clip lasts {entry.clip_seconds:g} s")
    assert ("made by this package" in parts["What they are"][0]) is (entry.makes is not None)


def test_what_the_cells_answered_is_counted_by_clip_and_group():
    results = synthetic_results()
    cells = [*results.fits.values(), *results.tests.values()]
    names = {name for cell in cells for name in cell.clip_names}
    groups = {group for cell in cells for group in cell.groups}

    _, counted = told(results)["What they are"]

    assert f"{len(names)} clips of {len(groups)} groups" in counted
    assert f"in {len(cells[0].label_names)} classes" in counted
    empty = StudyResults(study=results.study, wanted=results.wanted, fits={}, tests={})
    assert told(empty)["What they are"][1] == "No cell is committed, so nothing is counted."


def test_each_protocol_is_said_with_its_folds_and_the_headline():
    results = synthetic_results()
    headline = results.study.headline_protocol.name
    n_folds = len({cell.fold for cell in results.wanted if cell.protocol == headline})

    said = told(results)["How they are split"]

    assert len(said) == len(results.study.protocols)
    (first,) = (one for one in said if one.startswith(f"{headline}, the headline: "))
    assert first.endswith(f" {n_folds} folds here.")


def test_an_own_folder_is_not_taken_for_the_set_of_its_name_and_says_what_is_not_known():
    parts = told(on(synthetic_results(), name="fsdd", folder="calls/<b>"))

    assert "To be minded" not in parts
    assert "Who is heard, and whether they agreed to be." in parts["Not known"]
    assert parts["Licence and attribution"] == ("Not known here.",)
    assert parts["Who is in them"] == ("Not known here: nothing in the folder says so.",)
    assert "male" not in str(parts)


def test_the_report_and_the_export_have_it():
    results = synthetic_results()
    files = markdown(results, Drawings(results))

    assert SECTION.values(results)["parts"] == data_statement(results)
    assert files["data_statement.md"].decode() == statement_markdown(results)
    assert "## Licence and attribution" in statement_markdown(results)
    assert "(../data_statement.md)" in files["cards/ds-cnn.md"].decode()
