# tests/studies/test_statistics_commands.py
"""`compare` over all systems, `rank` and `error-rates`, on the published store of `word-pictures`."""

import json

import pytest

from classical_baselines.harness.choices import InputError
from studies.commands.compare import compare
from studies.commands.error_rates import error_rates
from studies.commands.rank import rank
from studies.commands.request import Request
from tests.studies.test_across import on

STUDY = Request("word-pictures")


def test_without_two_names_every_system_is_compared_with_the_baseline_and_corrected(capsys):
    assert compare(STUDY, None, None, True) == 0
    found = json.loads(capsys.readouterr().out)
    p_values = sorted((one["p_value"], one["p_holm"]) for one in found["comparisons"])
    lowest = [min(1.0, (len(p_values) - place) * p) for place, (p, _) in enumerate(p_values)]

    assert found["baseline"] == "residual-cnn-as-recorded"
    assert len(p_values) == 13
    assert [corrected for _, corrected in p_values] == pytest.approx(
        [max(lowest[: place + 1]) for place in range(len(lowest))]
    )

    assert compare(STUDY, None, None, False) == 0
    printed = capsys.readouterr().out
    assert printed.count("undecided") + printed.count("worse") + printed.count("better") >= 13
    assert "13 tests: 2 with p ≤ 0.05 as they stand, 0 after Holm's correction." in printed


def test_one_name_alone_and_a_name_of_nobody_are_refused():
    with pytest.raises(InputError, match="name two systems, or none to compare every system with the baseline"):
        compare(STUDY, "linear-layer-cut", None, False)
    with pytest.raises(InputError, match="No system is called 'nobody'"):
        compare(STUDY, "linear-layer-cut", "nobody", False)


def test_a_fixed_split_with_one_seed_a_side_claims_nothing_of_a_system_against_itself(capsys):
    assert error_rates(STUDY, 1, False) == 0
    printed = capsys.readouterr().out

    assert ["transformer-32-tokens-cut", "3", "0", "0", "3"] in [line.split()[:5] for line in printed.splitlines()]
    assert "0 of 42 runs called better or worse: 0.0 % [0.0, 8.4]" in printed


def test_simulated_error_rates_are_printed_for_every_design(capsys):
    assert error_rates(None, 1, True) == 0
    found = json.loads(capsys.readouterr().out)

    assert [len(rates) for rates in found.values()] == [16, 3, 6]
    assert all(rate["n"] == 1 for rates in found.values() for rate in rates)
    with pytest.raises(InputError, match="--studies must be 1 or more; got 0"):
        error_rates(None, 0, False)


def test_ranks_are_printed_and_the_diagram_is_written(tmp_path, capsys, monkeypatch):
    """Studies on data sets that do not exist stand in, as one data set has a published test store."""
    monkeypatch.setattr(Request, "results", lambda request: on(request.study))
    requests = [Request(f"set-{i}") for i in range(6)]

    assert rank(requests, ["ds-cnn", "qft-alone", "residual-cnn"], tmp_path, False) == 0
    printed = capsys.readouterr().out
    assert "\nresidual-cnn  0.8" in printed
    assert "Friedman: p = 0.00248" in printed  # three systems in one order on all six: chi² = 12
    assert ["residual-cnn", "ds-cnn", "6", ":", "0", "0.031", "0.094"] in [
        line.split() for line in printed.splitlines()
    ]
    assert (tmp_path / "critical_difference.svg").read_text().startswith("<?xml")
    assert (tmp_path / "critical_difference.png").read_bytes().startswith(b"\x89PNG")

    assert rank(requests[:5], ["ds-cnn", "residual-cnn"], tmp_path, False) == 0
    assert "no test: 5 data sets: a signed-rank p cannot fall to 0.05 below 6" in capsys.readouterr().out
