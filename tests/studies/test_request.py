"""Tests of what most commands are asked with: a store that is not there is told of, by whoever reads one."""

from pathlib import Path

import pytest

from classical_baselines.harness.choices import InputError
from studies.commands.request import Request
from studies.commands.status import status
from studies.sealed_json import unsealed


@pytest.mark.parametrize("ask", [Request.opened, Request.results, lambda request: request.rows("ds-cnn", "dense-snn")])
def test_a_store_that_was_named_and_is_not_there_is_refused_though_a_published_one_stands_behind(ask, tmp_path):
    with pytest.raises(InputError, match="misspelt is no store: nothing was run there yet"):
        ask(Request("spoken-digits", tmp_path / "misspelt"))


def test_a_folder_of_something_else_is_no_store(tmp_path):
    (tmp_path / "letters").mkdir()

    with pytest.raises(InputError, match="letters is no store"):
        Request("spoken-digits", tmp_path / "letters").opened()
    with pytest.raises(InputError, match="letters is no store"):
        status(Request("spoken-digits", tmp_path / "letters"), as_json=False)


@pytest.mark.parametrize("path", sorted(Path("docs/results").glob("*/store/*.json")), ids=str)
def test_what_is_published_beside_the_cells_is_sealed(path):
    for file in (path, *path.parent.glob("grounds/*.json")):
        unsealed(file.read_bytes(), seal_needed=True)


def test_the_published_store_answers_where_none_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    study, store = Request("spoken-digits").opened()

    assert (study.name, store.path.exists()) == ("spoken-digits", False)
    assert store.behind is not None


@pytest.mark.parametrize("only", ["", " ", " , "])
def test_a_filter_that_names_nothing_is_not_taken_for_every_cell(only):
    with pytest.raises(InputError, match=f"--only '{only}' names no cell. Give some of protocol=VALUE, fold"):
        Request("spoken-digits", only=only).open_study()
