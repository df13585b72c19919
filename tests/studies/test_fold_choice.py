# tests/studies/test_fold_choice.py
"""The choice within folds, against sums by hand over a study of made-up logits."""

import json
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from studies.cell import StudyCell
from studies.commands.choose import choose
from studies.commands.request import Request
from studies.fold_choice import nested_choice
from tests.studies.synthetic_results import SPEAKERS, synthetic_results

PROTOCOL = "leave-one-group-out"
AMONG = ("ds-cnn", "residual-cnn")


def answered(cell, share, like):
    """The cell's result with the first `share` of its clips right, on every backend."""
    n_right = round(share * len(like.targets))
    labels = np.where(np.arange(len(like.targets)) < n_right, like.targets, (like.targets + 1) % 10)
    logits = np.eye(10, dtype=np.float32)[labels]
    return replace(like, runs=tuple(replace(run, logits=logits, clip_indices=None) for run in like.runs))


def study_of(validation, test):
    """The made-up study with these shares right: (system, fold, seed) -> share."""
    whole = synthetic_results()
    fits, tests = dict(whole.fits), dict(whole.tests)
    for system, fold, seed in product(AMONG, SPEAKERS, (0, 1, 2)):
        cell = StudyCell("fsdd", PROTOCOL, fold, system, seed)
        fits[cell] = answered(cell, validation(system, fold, seed), fits[cell])
        tests[cell] = answered(cell, test(system, fold, seed), tests[cell])
    return replace(whole, fits=fits, tests=tests)


def test_each_fold_answers_with_what_its_own_validation_clips_prefer():
    """By hand: two folds prefer ds-cnn (90 % on test), four the residual CNN (60 %): 70 %."""
    results = study_of(
        lambda system, fold, seed: 0.8 if (system == "ds-cnn") == (fold in SPEAKERS[:2]) else 0.5,
        lambda system, fold, seed: 0.9 if system == "ds-cnn" else 0.6,
    )
    choice = nested_choice(results, AMONG, PROTOCOL)

    assert [one.system for one in choice.folds] == ["ds-cnn"] * 2 + ["residual-cnn"] * 4
    assert choice.interval.estimate == pytest.approx(0.7)
    assert choice.interval.n_groups == 6
    assert choice.folds[0].validation == pytest.approx({"ds-cnn": 0.8, "residual-cnn": 0.5})


def test_what_test_clips_prefer_has_no_say():
    results = study_of(
        lambda system, fold, seed: 0.8 if system == "ds-cnn" else 0.7,
        lambda system, fold, seed: 0.2 if system == "ds-cnn" else 1.0,
    )

    assert nested_choice(results, AMONG, PROTOCOL).interval.estimate == pytest.approx(0.2)


def test_seeds_are_averaged_before_the_choice():
    """The one seed in which ds-cnn is far ahead is outvoted by its mean: 0.9, 0.5, 0.5 against 0.7 thrice."""
    results = study_of(
        lambda system, fold, seed: (0.9 if seed == 0 else 0.5) if system == "ds-cnn" else 0.7,
        lambda system, fold, seed: 0.5,
    )

    assert {one.system for one in nested_choice(results, AMONG, PROTOCOL).folds} == {"residual-cnn"}


def test_a_tie_goes_to_the_one_named_first():
    results = study_of(lambda *_: 0.7, lambda *_: 0.5)

    assert {one.system for one in nested_choice(results, AMONG[::-1], PROTOCOL).folds} == {"residual-cnn"}


@pytest.mark.parametrize(
    ("systems", "message"),
    [
        (["ds-cnn"], "two systems or more; got ds-cnn. Name the others beside it."),
        (["ds-cnn", "ds-cnn"], "each named once; got ds-cnn ds-cnn, with ds-cnn twice. Name it once."),
        ([*AMONG, "ds-cnn"], "each named once; got ds-cnn residual-cnn ds-cnn, with ds-cnn twice. Name it once."),
    ],
)
def test_a_choice_needs_two_systems_that_are_each_named_once(monkeypatch, systems, message):
    results = synthetic_results()
    monkeypatch.setattr(Request, "open_study", lambda self: results.study)
    monkeypatch.setattr(Request, "results", lambda self: pytest.fail("the store was opened"))

    with pytest.raises(InputError, match=re.escape(message)):
        nested_choice(results, systems, PROTOCOL)
    with pytest.raises(InputError, match=re.escape(message)):
        choose(Request("spoken-digits"), systems, None, as_json=False)


def test_a_candidate_that_lacks_a_seed_is_named():
    with pytest.raises(InputError, match="small-ast was trained in fold theo with fewer seeds"):
        nested_choice(synthetic_results(), ["ds-cnn", "small-ast"], PROTOCOL)


def test_a_study_without_test_cells_is_told_how_to_open_them():
    with pytest.raises(InputError, match="--confirm"):
        nested_choice(synthetic_results(confirmed=False), AMONG, PROTOCOL)


def test_the_command_prints_what_the_choice_says(monkeypatch, capsys):
    results = study_of(lambda system, *_: 0.8 if system == "ds-cnn" else 0.7, lambda *_: 0.5)
    monkeypatch.setattr(Request, "results", lambda self: results)
    request = Request("spoken-digits")
    monkeypatch.setattr(Request, "open_study", lambda self: results.study)

    assert choose(request, AMONG, None, as_json=False) == 0
    printed = capsys.readouterr().out
    assert ["george", "ds-cnn", "80.0", "70.0", "50.0"] in [line.split() for line in printed.splitlines()]
    assert "Accuracy of the choice under leave-one-group-out: 50.0" in printed
    assert choose(request, AMONG, None, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == pytest.approx(0.5)
    for protocol in ("by-lot", ""):
        with pytest.raises(InputError, match=f"--protocol '{protocol}': the study has none of that name"):
            choose(request, AMONG, protocol, as_json=False)
