# tests/studies/test_short_rechecking.py
"""Cells are carried over where trainings cut short by older and by present code are equal, and nowhere else."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from studies import short_rechecking
from studies.code_version import SOURCE, CodeVersion, code_version
from studies.rechecking import candidates
from studies.results import load_results
from studies.running import make_plan
from studies.short_rechecking import rechecked_in_short
from studies.short_trainings import ShortCells, fit_keys, run_by_command, short_cells, shortened
from studies.store import open_store
from studies.study_file import load_study
from studies.study_text import study_toml
from studies.tables import provenance_lines
from tests.studies import fake_study
from tests.studies.fake_study import GROUND
from tests.studies.recomputing import LOOKS, SOME, STUDY, code, planned, run_here
from tests.studies.tiny_study import STUDY as TINY

HEAD = ("network", "head", "mac_fp32")
TRUE_RESULT, TRUE_FIT = fake_study.result_of, fake_study.fit_cell


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("TRICHORD_FAKE_SECONDS", "0")


@contextmanager
def large(counts_of=None, training=None):
    """The code of `large` counts as `counts_of(cell)` says, or trains otherwise."""

    def result_of(cell, kind):
        result = TRUE_RESULT(cell, kind)
        if cell.system != "large":
            return result
        if counts_of is not None:
            counts = counts_of(cell)  # None: this cell is not run on the backend
            runs = () if counts is None else (replace(result.runs[0], counts=OperationCounts(counts)),)
            result = replace(result, runs=runs)
        return result if training is None else replace(result, training=training)

    with patch.object(fake_study, "result_of", result_of):
        yield


@pytest.fixture(autouse=True)
def no_git(monkeypatch):
    """The older code stands nowhere: whoever runs it is told so by its folder."""

    @contextmanager
    def checkout(revision, folder):
        yield folder, revision * 5

    monkeypatch.setattr(short_rechecking, "checkout", checkout)


def stored(tmp_path, counts_of=None, only=SOME, letter="a"):
    """Two folds of one seed, fit and test, of every system, computed by code `a`."""
    store = open_store(tmp_path / "store", create=True)
    with code(letter), large(counts_of):
        assert not run_here(planned(store, only=only), store).failed
    return store


def in_short(store, older=None, newer=None, *, study=STUDY, old_letter="a", training=None, disturbed=False):
    """What comes of the code `old_letter` against `b`, whose `large` counts as `older` and `newer` say."""

    def run_short(whole, short, cells, source, folder):
        made = open_store(folder / "store", create=True)
        present = source == SOURCE
        with code("b" if present else old_letter), large(newer if present else older, training if present else None):
            plan = make_plan(short, GROUND, made, confirm=False)
            wanted = [one for one in plan.missing if one[0].cell in cells]
            assert not run_here(replace(plan, missing=tuple(wanted)), made).failed
            version = CodeVersion(("b" if present else old_letter) * 64, {"studies.pipeline": str(present)})
            probing_modules = {"studies.pipeline": str(present), "studies.disturbance": str(present and disturbed)}
            versions = {system.name: version for system in whole.systems}
            return ShortCells(made, fit_keys(made), versions, CodeVersion("probing", probing_modules))

    with code("b"):
        plan = planned(store, study)
        found = candidates(study, plan, store)
        verdicts = rechecked_in_short(study, plan, store, found, "deadbeef", 2, None, run_short=run_short)
    return {one.system: one for one in verdicts}


def test_cells_of_a_code_that_trains_alike_are_carried_with_their_test_cells_and_no_look(tmp_path):
    store = stored(tmp_path)
    verdicts = in_short(store)
    with code("b"):
        plan = planned(store, only=SOME)
        lines = provenance_lines(load_results(STUDY, store, plan))

    assert plan.n_missing == 0
    assert {one.left for one in verdicts.values()} == {()}
    (record,) = verdicts["small"].records
    assert {one.kind for one in record.compared} == {"fit", "test"}
    assert (record.test_cells_recomputed, record.recounted) == (0, ())
    said = [line for line in lines if "cut short (to 2 epochs, by the code of revision deadbeefde and by this)" in line]
    assert len(said) == 3
    assert store.looks("c0ffee") == LOOKS
    assert store.verify() == []


def test_each_system_is_trained_for_a_few_epochs_in_two_cells_on_every_backend(tmp_path):
    raw = fake_study.raw_study(seeds=[0, 1, 2])
    for system in raw["systems"]:
        system["runs"] = [*system["runs"], {"backend": {"name": "int8"}, "test_only": True}]
    study = fake_study.fake_study(**{k: raw[k] for k in ("seeds", "systems")})

    short = shortened(study, 2, ["small", "large"])

    assert [one.name for one in short.systems] == ["small", "large"]
    assert {one.training.n_epochs for one in short.systems} == {2}
    assert [[run.backend.name for run in one.runs] for one in short.systems] == [["torch-float", "int8"]] * 2
    assert not any(run.test_only for one in short.systems for run in one.runs)
    assert {(one.fold, one.seed) for one in short_cells(short, GROUND)} == {("anna", 0), ("ben", 1)}
    once = shortened(fake_study.fake_study(systems=[{**raw["systems"][0], "training": {"n_epochs": 1}}]), 2, ["small"])
    assert once.systems[0].training.n_epochs == 1


def test_a_system_that_trains_otherwise_is_not_carried_and_the_others_are(tmp_path):
    store = stored(tmp_path)
    verdicts = in_short(store, training={"loss": [9.0]})
    with code("b"):
        missing = planned(store, only=SOME).missing

    assert {cell.cell.system for cell, _ in missing} == {"large"}
    assert verdicts["large"].records == ()
    assert "training" in str(verdicts["large"].differences[0][1])


def test_other_weights_are_a_difference_though_every_answer_is_the_same(tmp_path):
    store = stored(tmp_path)

    def fit_cell(study, cell, data_root):
        fitted = TRUE_FIT(study, cell, data_root)
        n_calls[cell] = n_calls.get(cell, 0) + 1
        fitted.weights = {"bias": torch.tensor([1.0 + (cell.system == "large" and n_calls[cell] > 1)])}
        return fitted

    n_calls = {}
    with patch.object(fake_study, "fit_cell", fit_cell):
        verdicts = in_short(store)

    assert verdicts["large"].differences[0][1].place.startswith("weights.")
    assert verdicts["small"].records


def test_counts_are_put_right_by_short_trainings(tmp_path):
    store = stored(tmp_path, lambda cell: {HEAD: 100.0})
    in_short(store, lambda cell: {HEAD: 100.0}, lambda cell: {HEAD: 90.0})
    with code("b"):
        results = load_results(STUDY, store, planned(store, only=SOME))

    cells = [*results.fits.items(), *results.tests.items()]
    counts = [dict(one.runs[0].counts) for cell, one in cells if cell.system == "large"]
    assert counts == [{HEAD: 90.0}] * 4


def test_a_probe_s_counts_are_summed_over_layers_as_probing_sums_them():
    from studies.probing import _small

    counts = OperationCounts({HEAD: 3.0, ("network", "stem", "mac_fp32"): 4.0, ("front_end", "mel", "mac_fp32"): 0.1})
    run = replace(TRUE_RESULT(short_cells(STUDY, GROUND)[0], "test").runs[0], counts=counts)

    assert short_rechecking.summed_over_layers(counts) == _small(run).counts


PROBES = {"snr_db": [10.0, 20.0], "systems": ["large"], "n_seeds": 1}


def test_probes_stay_where_code_changed_that_no_fit_cell_runs(tmp_path):
    study = fake_study.fake_study(seeds=[0, 1], probes=PROBES)
    store = open_store(tmp_path / "store", create=True)

    def probe_cell(study, cell, weights, probe, data_root):
        result = TRUE_RESULT(cell, "test")
        return replace(result, runs=result.runs * len(probe.values))

    with patch("studies.probe.probing_code", return_value="probing"):
        with patch("studies.probing.probe_cell", probe_cell), code("a"):
            assert not run_here(planned(store, study, only=SOME), store).failed
        verdict = in_short(store, study=study, disturbed=True)["large"]

    assert verdict.left == ("probes, whose own code changed in studies.disturbance",)
    assert {one.kind for record in verdict.records for one in record.compared} == {"fit", "test"}


def test_a_count_that_one_short_training_alone_shows_is_left(tmp_path):
    raw = fake_study.raw_study(seeds=[0, 1])
    raw["systems"][2]["runs"] = [{"backend": {"name": "torch-float"}, "first_seed_only": True}]
    study = fake_study.fake_study(seeds=[0, 1], systems=raw["systems"])
    store = open_store(tmp_path / "store", create=True)
    with code("a"), large(lambda cell: {HEAD: 100.0}):
        run_here(planned(store, study, only=SOME), store)

    older, newer = ((lambda cell, n=n: None if cell.seed else {HEAD: n}) for n in (100.0, 90.0))
    verdict = in_short(store, older, newer, study=study)["large"]

    assert verdict.records == ()
    assert "on a backend that not all short trainings are run on" in verdict.left[0]


def test_counts_of_probes_are_put_right_by_their_sums(tmp_path):
    study = fake_study.fake_study(seeds=[0, 1], probes=PROBES)
    counts = {HEAD: 100.0, ("network", "stem", "mac_fp32"): 7.0}
    store = open_store(tmp_path / "store", create=True)
    probe_counts = OperationCounts.of("network", "all", mac_fp32=107.0)

    def probe_cell(study, cell, weights, probe, data_root):
        result = TRUE_RESULT(cell, "test")
        return replace(result, runs=tuple(replace(result.runs[0], counts=probe_counts) for _ in probe.values))

    with patch("studies.probe.probing_code", return_value="probing"):
        with patch("studies.probing.probe_cell", probe_cell), code("a"), large(lambda cell: counts):
            assert not run_here(planned(store, study, only=SOME), store).failed
        in_short(store, lambda cell: counts, lambda cell: {**counts, HEAD: 90.0}, study=study)
        with code("b"):
            plan = planned(store, study, only=SOME)
            results = load_results(study, store, plan)

    assert plan.n_missing == 0
    assert len(results.probes) == 2
    assert {run.counts.total("mac_fp32") for one in results.probes.values() for run in one.runs} == {97.0}


def test_stored_counts_that_follow_what_was_learnt_are_left(tmp_path):
    learnt = {"anna": 100.0, "ben": 101.0}
    store = stored(tmp_path, lambda cell: {HEAD: learnt[cell.fold]})
    verdict = in_short(store, lambda cell: {HEAD: 100.0}, lambda cell: {HEAD: 90.0})["large"]
    with code("b"):
        assert planned(store, only=SOME).n_missing == 4

    assert verdict.records == ()
    assert all("follow what was learnt" in reason for reason in verdict.left) and verdict.left


@pytest.mark.parametrize("who", ["older", "newer"])
def test_counts_on_which_two_short_trainings_disagree_are_a_difference(tmp_path, who):
    def learnt(cell):
        return {HEAD: 100.0 + (cell.fold == "ben")}

    store = stored(tmp_path)
    counts = [learnt, lambda cell: {HEAD: 90.0}] if who == "older" else [lambda cell: {HEAD: 90.0}, learnt]
    verdict = in_short(store, *counts)["large"]

    assert verdict.differences and verdict.records == ()


def test_cells_of_another_code_than_the_revision_s_are_left(tmp_path):
    store = stored(tmp_path, letter="z")
    verdicts = in_short(store)
    with code("b"):
        assert planned(store, only=SOME).n_missing == 12

    assert {one.records for one in verdicts.values()} == {()}
    assert all("code zzzzzzzzzzzz, which is not that of the revision" in text for text in verdicts["small"].left)


def test_cells_that_records_lead_to_the_revision_s_code_are_carried_on(tmp_path):
    from tests.studies.recomputing import rechecked

    store = stored(tmp_path, letter="z")
    with code("a"):
        rechecked(store, tmp_path / "aside")
    in_short(store)
    with code("b"):
        plan = planned(store, only=SOME)

    assert plan.n_missing == 0
    assert {len(one.rechecks) for one in plan.cells} == {2}


@pytest.mark.parametrize("answers_alike", [True, False])
def test_a_backend_of_test_cells_alone_is_compared_on_validation_clips(tmp_path, monkeypatch, answers_alike):
    raw = fake_study.raw_study(seeds=[0, 1])
    raw["systems"][0]["runs"] = [{"backend": {"name": "torch-float"}}, {"backend": {"name": "int8"}, "test_only": True}]
    study = fake_study.fake_study(seeds=[0, 1], systems=raw["systems"])
    store = open_store(tmp_path / "store", create=True)
    short, n_made, true_result = [], [], TRUE_RESULT

    def result_of(cell, kind):
        result = true_result(cell, kind)
        if cell.system != "small" or (kind == "fit" and not short):
            return result
        n_made.append(1)
        moved = 0.0 if answers_alike else float(len(n_made))
        return replace(result, runs=(*result.runs, replace(result.runs[0], logits=result.runs[0].logits + moved)))

    monkeypatch.setattr(sys.modules[__name__], "TRUE_RESULT", result_of)
    with code("a"), large():
        assert not run_here(planned(store, study, only=SOME), store).failed
    short.append(True)
    verdicts = in_short(store, study=study)
    with code("b"):
        missing = planned(store, study, only=SOME).missing

    assert bool(verdicts["small"].differences) is not answers_alike
    assert verdicts["small"].left == ()
    left = set() if answers_alike else {("small", ("fit", "test"))}
    assert {(cell.cell.system, kinds) for cell, kinds in missing} == left
    assert store.looks("c0ffee") == LOOKS


def test_the_same_code_of_another_folder_trains_alike(tmp_path, monkeypatch):
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    (tmp_path / "tiny.toml").write_text(TINY)
    study = shortened(load_study(str(tmp_path / "tiny.toml"), {}), 1, ["linear-layer"])
    (tmp_path / "again.toml").write_text(study_toml(study))
    assert load_study(str(tmp_path / "again.toml"), {}) == study
    ground = replace(GROUND, folds={"official-split": ("official",)})
    run_short = run_by_command(None)
    cells = short_cells(study, ground)

    one, other = (run_short(study, study, cells, SOURCE, tmp_path / name) for name in ("one", "other"))

    assert set(one.keys) == set(other.keys) == set(cells)
    assert one.versions == other.versions and one.probing == other.probing
    assert one.versions["linear-layer"] == code_version(study, study.systems[0])
    for cell in cells:
        logits = [made.store.load(made.keys[cell]).runs[0].logits for made in (one, other)]
        assert np.array_equal(*logits)


def test_a_code_that_cannot_run_the_study_says_why(tmp_path):
    study = fake_study.fake_study()

    with pytest.raises(InputError, match=r"cannot run the shortened study: .*'ds-cnn' has no option 'size'"):
        run_by_command(None)(study, study, short_cells(study, GROUND), SOURCE, tmp_path / "folder")


@pytest.fixture
def checkout(tmp_path):
    """A git checkout of the packages of its own, and how `trichord` is asked in it."""
    source = tmp_path / "source"
    for package in ("classical_baselines", "neuro", "quantum", "studies"):
        shutil.copytree(SOURCE / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tiny.toml").write_text(TINY)
    git = ["git", "-C", str(source), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "as it was"]):
        subprocess.run([*git, *words], check=True)

    def ask(*words):
        environment = {**os.environ, "PYTHONPATH": str(source), "TRICHORD_CACHE": str(tmp_path / "cache")}
        command = [sys.executable, "-m", "studies.cli", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return source, ask


def test_the_command_compares_the_code_of_a_revision_with_the_code_as_it_stands(checkout):
    source, ask = checkout
    assert ask("run", "tiny.toml", "--confirm", "--shard", "1/1", "--jobs", "1").returncode == 0
    counting = source / "classical_baselines" / "harness" / "layer_operations.py"
    counting.write_text(
        counting.read_text() + "\n\n_linear_before = COUNTERS[nn.Linear]\nCOUNTERS[nn.Linear] = "
        "lambda *call: {**_linear_before(*call), 'compare_fp32': 5.0}\n"
    )

    refused = ask("recheck", "tiny.toml", "--from-revision", "no-such")
    idle = ask("recheck", "tiny.toml", "--from-revision", "HEAD", "--cells", "2")
    done = ask("recheck", "tiny.toml", "--from-revision", "HEAD", "--json")

    assert refused.returncode == 2 and "--from-revision no-such: git says" in refused.stderr
    assert idle.returncode == 2 and "--cells of whole cells do nothing with --from-revision" in idle.stderr
    assert done.returncode == 0, done.stderr
    (said,) = [json.loads(line) for line in done.stdout.splitlines() if '"recheck"' in line]
    (record,) = said["records"]
    assert record["changed_modules"] == ["classical_baselines.harness.layer_operations"]
    changes = {(one["operation"], one["new"] - one["old"]) for made in record["recounted"] for one in made["changes"]}
    assert changes == {("compare_fp32", 5.0)}
    assert "0 to run" in ask("plan", "tiny.toml", "--confirm").stdout
    # a change of what finds recordings needs no training: both codes read the same clips
    git = ["git", "-C", str(source), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "commit", "-qam", "counted otherwise"], check=True)
    known = source / "classical_baselines" / "data" / "sets" / "synthetic.py"
    known.write_text(known.read_text().replace('licence="Apache-2.0', 'licence="The Apache-2.0'))
    assert "0 to run" not in ask("plan", "tiny.toml", "--confirm").stdout
    found = ask("recheck", "tiny.toml", "--from-revision", "HEAD", "--json")
    (said,) = [json.loads(line) for line in found.stdout.splitlines() if '"recheck"' in line]
    assert [one["changed_modules"] for one in said["records"]] == [["classical_baselines.data.sets.synthetic"]]
    assert said["records"][0]["same_clips"]["clips"] and said["records"][0]["shortened"] is None
    assert "0 to run" in ask("plan", "tiny.toml", "--confirm").stdout
    worktrees = subprocess.run(
        ["git", "-C", str(source), "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(worktrees.stdout.splitlines()) == 1
