# tests/studies/test_screening.py
"""A screen is a study of its own that says so everywhere, fits the time, and opens no test clip."""

import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from studies.commands.request import Request
from studies.commands.screen import screen
from studies.report import write_report
from studies.screening import Expected, in_order, is_screen, next_batch, screen_of
from studies.study_file import load_study
from tests.studies.synthetic_results import synthetic_results
from tests.studies.test_cli import trichord
from tests.studies.tiny_study import STUDY


def test_a_screen_has_one_seed_one_protocol_a_quarter_of_the_epochs_and_no_verification():
    study = load_study("spoken-digits")
    screened = screen_of(study)

    assert (screened.seeds, [p.name for p in screened.protocols]) == ((0,), ["leave-one-group-out"])
    for before, after in zip(study.systems, screened.systems, strict=True):
        assert after.training.n_epochs == pytest.approx(before.training.n_epochs / 4, abs=0.5)
        assert not any(run.test_only for run in after.runs)
        assert after.headline_run == before.headline_run
        assert after.title.endswith("[SCREEN]")
    assert is_screen(screened) and not is_screen(study)
    assert screened.name != study.name  # and so its store


def test_a_fold_is_finished_before_the_next_and_begins_with_the_baseline_and_the_contenders():
    study = load_study("spoken-digits")
    folds = ["george", "theo"]
    roles = {system.name: system.role for system in study.systems}
    order = in_order(study, folds, [(fold, system.name) for system in study.systems for fold in folds])

    assert [fold for fold, _ in order] == ["george"] * 16 + ["theo"] * 16
    assert order[0] == ("george", study.baseline)
    rank = ("contender", "rival", "twin", "control")
    assert [roles[name] for _, name in order[:16]] == sorted((roles[name] for _, name in order[:16]), key=rank.index)


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(1, 300), min_size=1), st.integers(1, 4), st.floats(0, 900))
def test_what_is_started_ends_in_time_where_cells_take_what_they_are_expected_to(seconds, n_jobs, budget):
    waiting = [(str(fold), system) for fold in range(4) for system in seconds]
    expected, used = Expected({}, dict(seconds)), 0.0
    while batch := next_batch(waiting, expected, budget - used, n_jobs):
        assert 1 <= len(batch) <= n_jobs
        used += max(seconds[system] for _, system in batch)
        waiting = [cell for cell in waiting if cell not in batch]

    assert used <= budget
    assert not any(seconds[system] <= budget - used for _, system in waiting if budget > used)


def test_times_of_the_study_are_scaled_to_the_epochs_and_give_way_to_those_seen():
    expected = Expected({"a": 40.0}, {})
    assert expected.seconds("a") == pytest.approx(13.0)
    assert expected.seconds("b") == 0.0
    expected.took("a", 20.0)
    assert (expected.seconds("a"), expected.seconds("b")) == (20.0, 20.0)


def test_every_page_and_table_of_a_screen_says_so(tmp_path):
    results = synthetic_results(confirmed=False)
    screened = replace(results, study=screen_of(results.study))
    write_report(screened, tmp_path)
    for path in tmp_path.iterdir():
        if path.suffix in (".html", ".csv", ".md", ".svg"):
            assert "SCREEN" in path.read_text(), path
    page = (tmp_path / "report.html").read_text()
    assert '<body class="screen">' in page
    assert "SCREEN, no result" in page


def test_a_screen_opens_no_test_clips_and_is_not_shared_out():
    with pytest.raises(InputError, match="--screen opens no test clips"):
        screen(Request("quickstart"), "inline", None, None, True, None, False)
    with pytest.raises(InputError, match="leave out --shard"):
        screen(Request("quickstart"), "inline", None, None, False, "1/2", False)
    with pytest.raises(InputError, match="--screen runs inline: leave out --executor ray"):
        screen(Request("quickstart"), "ray", None, None, False, None, False)


def test_a_screen_runs_in_a_store_of_its_own_and_says_where_its_report_is(tmp_path):
    (tmp_path / "tiny.toml").write_text(STUDY)
    done = trichord(tmp_path, "run", "tiny.toml", "--screen", "--json")
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])

    assert (last["cells"], last["of"]) == (1, 1)
    assert Path(tmp_path / last["report"]).read_text().count("SCREEN") > 2
    assert [path.name for path in (tmp_path / "stores").iterdir()] == ["tiny-screen"]


def test_no_cell_is_started_once_the_time_is_used_up(tmp_path, monkeypatch, capsys):
    (tmp_path / "tiny.toml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    with patch("studies.commands.screen.SECONDS", 0.0):
        assert screen(Request("tiny.toml"), "inline", 1, None, False, None, False) == 0

    assert "0 of 1 cells" in capsys.readouterr().out
    assert not list((tmp_path / "stores/tiny-screen/cells").rglob("result.json"))
