"""A search over made-up cells, whose accuracy and counts follow from what was drawn."""

from itertools import pairwise

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from studies import search as searching
from studies.cell import CellResult, RunRecord
from studies.figures.search_effort import search_effort
from studies.grid import Ground, describe
from studies.search import excess, front_file, search, searched
from studies.specification import Study
from studies.store import open_store
from studies.study_file import load_study
from tests.studies.fake_study import raw_study

GROUND = Ground("c0ffee", {"leave-one-group-out": ("anna", "ben", "cleo")})
SPACES = [
    {
        "name": "cnn",
        "system": {
            "family": "classical",
            "classifier": {"name": "ds-cnn", "options": {"stem_width": {"low": 8, "high": 64, "log": True}}},
            "training": {"n_epochs": 20},
            "runs": [
                {"backend": {"name": "torch-float"}, "deployments": [{"choose": ["cmos-45nm-fp32", "cortex-m4"]}]}
            ],
        },
    },
    {
        "name": "other",
        "system": {
            "family": "neuro",
            "classifier": {"name": "ds-cnn", "options": {"stem_width": {"choose": [8, 16, 32]}}},
            "runs": [{"backend": {"name": "torch-float"}, "deployments": ["cortex-m4"]}],
        },
    },
]


def made(**changes):
    wanted = {"n_trials": 6, "scenario": "saturated", "spaces": SPACES} | changes
    return Study.model_validate(raw_study(search=wanted))


@pytest.fixture(autouse=True)
def no_recordings(monkeypatch):
    monkeypatch.setattr(searching, "measured_ground", lambda study, data_root: GROUND)


def width(system):
    return system.classifier.options["stem_width"]


def result_of(system, fold):
    """Wider is better and dearer: of 100 clips 50 + width / 2 are right, for 10^5 times the width operations."""
    n_right = 50 + width(system) // 2
    logits = np.eye(2, dtype=np.float32)[(np.arange(100) >= n_right).astype(int)]
    run = RunRecord(
        backend="torch-float",
        logits=logits,
        counts=OperationCounts.of("network", "body", mac_fp32=1e5 * width(system))
        + OperationCounts.of("front_end", "intensity", add_fp32=100.0),
        wall_seconds=0.1,
        notes={"n_parameters": 1},
    )
    names = tuple(f"{fold}-{i}" for i in range(100))
    return CellResult("fit", ("a", "b"), names, (fold,) * 100, np.zeros(100, dtype=np.int64), 1.0, 50, (run,))


def runner(store, stop_after=None):
    """Commits what a plan lacks; after `stop_after` cells it is interrupted."""
    committed = []

    def run(plan):
        for cell, kinds in plan.missing:
            if len(committed) == stop_after:
                return False
            assert kinds == ("fit",)
            system = plan.study.system(cell.cell.system)
            description = describe(plan.study, cell, plan.ground, "fit")
            store.commit(cell.fit_key, description, result_of(system, cell.cell.fold), {"wall_seconds": 1.0})
            committed.append(cell.cell)
        return True

    run.committed = committed
    return run


def test_every_space_gets_its_trials_on_validation_clips_with_a_share_of_the_epochs(tmp_path):
    store = open_store(tmp_path / "store", create=True)
    run = runner(store)
    found = search(made(), store, None, run)

    assert [trial.space for trial in found.trials].count("cnn") == 6
    assert [trial.space for trial in found.trials].count("other") == 6
    assert {cell.seed for cell in run.committed} == {0}
    assert {cell.fold for cell in run.committed} == {"anna", "ben", "cleo"}
    assert store.looks("c0ffee") == {}
    epochs = {trial.space: trial.system.training.n_epochs for trial in found.trials}
    assert epochs == {"cnn": 5, "other": round(0.25 * 30)}
    assert all(trial.accuracy == pytest.approx((50 + width(trial.system) // 2) / 100) for trial in found.trials)


def test_a_trial_is_priced_on_the_one_device_that_was_drawn_for_it(tmp_path):
    found = search(made(boundary="chip"), (store := open_store(tmp_path / "s", create=True)), None, runner(store))

    by_device = {trial.deployment: trial for trial in found.trials if trial.space == "cnn"}
    assert set(by_device) == {"cmos-45nm-fp32", "cortex-m4"}
    assert by_device["cmos-45nm-fp32"].joules is None  # a lower bound from the chip on
    assert by_device["cmos-45nm-fp32"].reason.startswith("no full price")
    on_m4 = [trial for trial in found.trials if trial.deployment == "cortex-m4"]
    per_width = {round(trial.joules / width(trial.system), 12) for trial in on_m4}
    assert len(per_width) == 1  # joules are proportional to the operations
    assert {trial.reason for trial in on_m4} == {""}


def test_the_front_holds_what_no_other_trial_beats_within_the_budget(tmp_path):
    study = made(boundary="chip", min_accuracy=0.55, max_joules=6e-3)
    found = search(study, (store := open_store(tmp_path / "s", create=True)), None, runner(store))

    kept = [t for t in found.trials if t.joules is not None and t.joules <= 6e-3 and t.accuracy >= 0.55]
    assert {t.name for t in found.within_budget} == {t.name for t in kept}
    expected = {
        t.name
        for t in kept
        if not any(
            o.accuracy >= t.accuracy and o.joules <= t.joules and (o.accuracy, o.joules) != (t.accuracy, t.joules)
            for o in kept
        )
    }
    assert {t.name for t in found.front} == expected
    assert all(a.joules <= b.joules for a, b in pairwise(found.front))


def test_a_search_that_was_interrupted_goes_on_as_it_would_have(tmp_path):
    whole_store, store = (open_store(tmp_path / name, create=True) for name in ("whole", "parts"))
    whole = search(made(), whole_store, None, runner(whole_store))
    before, after = runner(store, stop_after=7), runner(store)
    assert search(made(), store, None, before).interrupted
    second = search(made(), store, None, after)

    assert [(t.name, t.drawn) for t in second.trials] == [(t.name, t.drawn) for t in whole.trials]
    assert not set(before.committed) & set(after.committed)
    assert store.keys() == whole_store.keys() and store.verify() == []


def test_more_trials_continue_a_search_and_another_space_does_not(tmp_path):
    store = open_store(tmp_path / "s", create=True)
    few = search(made(n_trials=2), store, None, runner(store))
    more = search(made(n_trials=4), store, None, runner(store))
    assert [t.drawn for t in more.trials if t.number < 2] == [t.drawn for t in few.trials]

    changed = [SPACES[0] | {"system": SPACES[0]["system"] | {"training": {"n_epochs": 9}}}, SPACES[1]]
    with pytest.raises(InputError, match=r"'cnn' of .* has changed since its trials were drawn"):
        search(made(spaces=changed), store, None, runner(store))


def test_what_does_not_go_together_is_refused_before_training_and_counts_as_no_trial(tmp_path, monkeypatch):
    def ground(study, data_root):
        if any(width(system) == 8 for system in study.systems if "stem_width" in system.classifier.options):
            raise InputError("too narrow")
        return GROUND

    monkeypatch.setattr(searching, "measured_ground", ground)
    store = open_store(tmp_path / "s", create=True)
    found = search(made(spaces=SPACES[1:]), store, None, runner(store))

    assert len(found.trials) == 6 and {width(t.system) for t in found.trials} <= {16, 32}
    refused = [drawing["drawn"] for trial in found.trials for drawing in trial.refused]
    assert refused and all(drawn == {"classifier.options.stem_width": 0} for drawn in refused)
    again = search(made(spaces=SPACES[1:]), store, None, runner(store))
    assert [t.refused for t in again.trials] == [t.refused for t in found.trials]


def test_a_space_of_which_nothing_goes_together_says_why(tmp_path, monkeypatch):
    def ground(study, data_root):
        if study.name.endswith("-trials"):
            raise InputError("too narrow")
        return GROUND

    monkeypatch.setattr(searching, "measured_ground", ground)
    store = open_store(tmp_path / "s", create=True)
    with pytest.raises(InputError, match=r"'cnn': 20 drawings do not go together\. The last: too narrow"):
        search(made(), store, None, runner(store))


def test_the_front_becomes_a_study_with_its_full_training(tmp_path):
    store = open_store(tmp_path / "s", create=True)
    found = search(made(boundary="chip"), store, None, runner(store))
    path = tmp_path / "front.toml"
    path.write_text(front_file(made(boundary="chip"), found), encoding="utf-8")
    front = load_study(str(path))

    assert [system.name for system in front.systems] == [trial.name for trial in found.front]
    assert front.search is None and front.name == "fake-front" and front.seeds == (0, 1, 2, 3)
    assert {system.training.n_epochs for system in front.systems} <= {20, 30}


def test_a_bound_that_is_not_known_is_broken():
    wanted = made(min_accuracy=0.9, max_joules=1e-3, max_latency_seconds=0.1).search
    trial = searching.Trial("cnn", 0, {}, {}, {}, made().systems[0], accuracy=0.8, joules=1e-2, seconds=None)

    assert excess(trial, wanted) == pytest.approx(
        {"no full price": 0.0, "accuracy below 0.9": 0.1, "above 0.001 J": 1.0, "above 0.1 s": 1.0}
    )


def test_a_study_without_a_search_says_where_one_is_to_be_had():
    with pytest.raises(InputError, match=r"has no \[search\] table"):
        searched(Study.model_validate(raw_study()))


def test_the_effort_of_a_space_is_drawn_by_what_its_best_trial_was_worth(tmp_path):
    study = made(boundary="chip", max_joules=6e-3)
    found = search(study, (store := open_store(tmp_path / "s", create=True)), None, runner(store))
    drawing = search_effort(found.trials)

    assert [record["system"] for record in drawing.records] == [trial.name for trial in found.trials]
    lines = [line.get_ydata() for line in drawing.figure.axes[0].get_lines() if len(line.get_ydata()) > 1]
    of_cnn = [trial for trial in found.trials if trial.space == "cnn" and not trial.reason]
    assert max(max(line) for line in lines) <= 100
    assert any(line[-1] == pytest.approx(100 * max(trial.accuracy for trial in of_cnn)) for line in lines)
    assert all(later >= earlier for line in lines[:1] for earlier, later in pairwise(line))
