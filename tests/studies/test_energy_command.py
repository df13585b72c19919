# tests/studies/test_energy_command.py
import json
import re

import pytest

from classical_baselines.harness.choices import InputError
from studies.commands.energy import energy
from studies.commands.request import Request
from tests.studies.synthetic_results import synthetic_results


@pytest.fixture(autouse=True)
def _results(monkeypatch):
    monkeypatch.setattr(Request, "open_study", lambda self: synthetic_results().study)
    monkeypatch.setattr(Request, "results", lambda self: synthetic_results())


def asked(**changes):
    given = {"decides": None, "per_hour": False, "training": False, "training_on": None}
    energy(Request("x"), **{**given, "boundary": "system", "scenario": "always-on", "as_json": False, **changes})


def test_a_budget_has_its_stages_and_stands_against_the_baseline(capsys):
    asked(as_json=True)
    records = json.loads(capsys.readouterr().out)
    asked()
    printed = capsys.readouterr().out

    priced = [record for record in records if record["joules_per_decision"] is not None]
    assert all(sum(r["joules_by_stage"].values()) == pytest.approx(r["joules_per_decision"]) for r in priced)
    chances = [r for r in records if r["p_run_uses_less_than_baseline"] is not None]
    of = {r["system"]: r["p_run_uses_less_than_baseline"] for r in chances if r["backend"] != "torch-float"}
    assert "ds-cnn" not in of
    assert of["convolutional-snn-twin"] == 1.0  # fewer of the same operations
    assert of["residual-cnn"] == 0.0
    assert "by stage, at the system boundary, always on" in printed
    assert [line for line in printed.splitlines() if len(line) > 80] == []
    assert not re.search(r"\de[-+]?\d", printed), "a person reads no exponent"


def test_the_tornado_is_sorted_and_counts_what_hardly_moves(capsys):
    asked(decides=("convolutional-snn", "ds-cnn"), as_json=True)
    record = json.loads(capsys.readouterr().out)
    asked(decides=("convolutional-snn", "ds-cnn"))
    printed = capsys.readouterr().out

    swings = [max(s["at_low"], s["at_high"]) / min(s["at_low"], s["at_high"]) for s in record["swings"]]
    assert swings == sorted(swings, reverse=True)
    assert "l1.static" in printed
    assert "more move the ratio by less than 1 %" in printed
    assert "no coefficient alone turns the verdict" in printed


def test_the_rates_have_a_line_per_system_and_the_crossings_are_named(capsys):
    asked(per_hour=True, as_json=True)
    record = json.loads(capsys.readouterr().out)
    asked(per_hour=True)
    printed = capsys.readouterr().out

    assert {len(line["joules_per_decision"]) for line in record["lines"]} == {121}
    assert "where another system becomes the one that uses least:" in printed
    assert "crossings with the baseline, ds-cnn:" in printed


def test_training_is_spread_over_decisions_and_compared_with_the_baseline(capsys):
    asked(training=True, as_json=True)
    records = {record["system"]: record for record in json.loads(capsys.readouterr().out)}
    asked(training=True)
    printed = capsys.readouterr().out

    assert records["ds-cnn"]["even_with_baseline"] is None
    assert records["residual-cnn"]["even_with_baseline"]["n_decisions"] is None  # dearer in both
    words = printed.split()  # a column is narrow: its words stand below each other
    assert {"even", "after", "never:", "throughout"} <= set(words)


def test_where_training_is_priced_is_no_question_by_itself_and_a_system_decides_nothing_against_itself():
    with pytest.raises(InputError, match="--training-on cmos-45nm-fp32 says where training is priced"):
        asked(training_on="cmos-45nm-fp32")
    with pytest.raises(InputError, match="--decides ds-cnn ds-cnn: name two different systems"):
        asked(decides=("ds-cnn", "ds-cnn"))


def test_a_chance_against_the_baseline_stands_where_it_was_asked_and_nowhere_else(capsys):
    asked(as_json=True)
    records = json.loads(capsys.readouterr().out)
    chances = [record for record in records if record["p_run_uses_less_than_baseline"] is not None]

    assert chances
    assert {(r["boundary"], r["scenario"], r["kind"]) for r in chances} == {("system", "always-on", "modelled")}
    assert len({(r["system"], r["backend"]) for r in chances}) == len(chances)


def test_two_questions_at_once_and_an_unknown_deployment_are_refused():
    with pytest.raises(InputError, match="Ask one question at a time"):
        asked(per_hour=True, training=True)
    with pytest.raises(InputError, match="No deployment is called 'abacus'"):
        asked(training=True, training_on="abacus")
