from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from studies.cell_files import plain
from studies.code_version import CodeVersion
from studies.grid import describe
from studies.report import write_report
from studies.results import load_results
from studies.running import make_plan
from studies.store import open_store
from tests.studies.fake_study import GROUND, fake_study, result_of
from tests.studies.synthetic_results import SPEAKERS, SYSTEMS, synthetic_results


def test_a_row_has_the_accuracy_of_every_speaker_averaged_over_seeds():
    results = synthetic_results()
    row = results.row("ds-cnn", "int8")
    by_hand = {}
    for speaker in SPEAKERS:
        shares = []
        for seed in (0, 1, 2):
            (result,) = (r for c, r in results.tests.items() if (c.system, c.fold, c.seed) == ("ds-cnn", speaker, seed))
            (run,) = (run for run in result.runs if run.backend == "int8")
            guesses = [max(range(10), key=lambda k, row=row: row[k]) for row in run.logits.tolist()]
            shares.append(sum(g == t for g, t in zip(guesses, result.targets.tolist(), strict=True)) / len(guesses))
        by_hand[speaker] = sum(shares) / 3

    assert row.interval.group_scores == pytest.approx(by_hand)
    assert row.interval.estimate == pytest.approx(sum(by_hand.values()) / 6)
    assert (row.n_cells, row.n_wanted, row.evidence) == (18, 18, "test")


def test_a_backend_that_ran_a_few_clips_gives_checks_and_no_accuracy():
    results = synthetic_results()

    assert results.row("convolutional-snn", "loihi-lava") is None
    (lava,) = (check for check in results.checks if check.name == "lava-equality")
    assert lava.passed
    assert lava.n_cells == 7  # one seed, six speakers and the official fold, under --confirm alone
    assert lava.details["entries_compared"] == 7 * 51_200


def test_without_test_cells_every_row_comes_from_validation_clips():
    results = synthetic_results(confirmed=False)

    assert not results.confirmed
    assert {row.evidence for row in results.rows} == {"validation"}
    assert results.looks == {}
    assert [gap.kind for gap in results.missing] == ["fit"]


def test_missing_cells_are_named_with_their_reason():
    gaps = synthetic_results().missing

    assert [(gap.kind, gap.cell.system, gap.reason) for gap in gaps] == [
        ("fit", "small-ast", "the loss is not finite in epoch 3"),
        ("test", "small-ast", "it was not fitted"),
    ]
    assert synthetic_results().row("small-ast").n_cells == 17


def test_every_system_has_one_headline_row():
    assert [row.system.name for row in synthetic_results().headline_rows] == list(SYSTEMS)
    assert synthetic_results().row("ds-cnn").run.backend.name == "int8"


def test_counts_of_a_row_are_the_mean_over_its_cells_and_are_priced():
    row = synthetic_results().row("ds-cnn")

    assert row.counts.total("mac_int8") == pytest.approx(2.6e6)
    assert {energy.deployment for energy in row.energies} >= {"cortex-m4", "cortex-m4+ndp9120"}
    assert row.confusion.sum() == pytest.approx(360)
    assert row.notes["n_parameters"] == 130_000


def test_rows_of_two_protocols_do_not_compare():
    results = synthetic_results()
    with pytest.raises(InputError, match="within one protocol"):
        results.compare(results.row("ds-cnn"), results.row("ds-cnn", protocol="official"))


def test_the_comparison_uses_what_both_systems_have():
    results = synthetic_results()
    a, b = results.row("small-ast"), results.row("ds-cnn")
    trials_without_the_gap = (b.trials.seeds != 2) | (b.trials.folds != "theo")
    theirs = np.mean(
        [
            b.trials.correct[trials_without_the_gap & (b.trials.seeds == s) & (b.trials.folds == "theo")].mean()
            for s in (0, 1)
        ]
    )

    difference = results.compare(a, b).differences["theo"]
    assert difference == pytest.approx(a.interval.group_scores["theo"] - theirs)


def test_what_was_not_run_is_counted_and_what_failed_is_named():
    results = synthetic_results()
    without = {cell: result for cell, result in results.tests.items() if cell.system not in ("dense-snn", "ds-cnn")}

    assert replace(results, tests=without).gaps == (
        "fit of small-ast, leave-one-group-out, theo, seed 2: the loss is not finite in epoch 3",
        "leave-one-group-out: 18 test cells not run of each of ds-cnn, dense-snn",
        "official: 3 test cells not run of each of ds-cnn, dense-snn",
    )


def test_only_systems_on_all_their_cells_are_ranked():
    results = synthetic_results()
    first_fold = {cell: result for cell, result in results.tests.items() if cell.fold == "george" and cell.seed == 0}

    assert "small-ast" not in {row.system.name for row in results.ranked_rows}
    assert len(results.ranked_rows) == len(SYSTEMS) - 1
    assert {row.n_cells for row in replace(results, tests=first_fold).ranked_rows} == {1}


def test_what_crosses_the_link_is_read_off_the_counts():
    row = synthetic_results().row("ds-cnn")
    (energy,) = (
        e
        for e in row.energies
        if (e.deployment, e.boundary, e.scenario) == ("cortex-m4+ndp9120", "system", "always-on")
    )

    assert energy.kind == "modelled"  # a lower bound without the bits
    assert energy.by_stage["link"] == pytest.approx(32 * 64 * 8 * 50e-12)  # 50 pJ per bit, the nominal price of SPI


def test_a_store_gives_back_what_was_committed(tmp_path):
    study = fake_study()
    store = open_store(tmp_path / "store", create=True)
    with patch("studies.grid.code_version", return_value=CodeVersion("f" * 64, {})):
        plan = make_plan(study, GROUND, store, confirm=True)
        for keyed in plan.cells[:40]:
            for kind, key in (("fit", keyed.fit_key), ("test", keyed.test_key)):
                given = result_of(keyed.cell, kind)
                about = {**describe(study, keyed, GROUND, kind), "specification": {"data": {"content_hash": "c0ffee"}}}
                store.commit(key, about, given, {"command": ["trichord", "run", "fake"], "git": {}})
    store.record_attempt(plan.cells[40].fit_key, {}, "the network is on fire", "Traceback")
    results = load_results(study, store, plan)

    assert len(results.fits) == len(results.tests) == 40
    assert len(results.missing) == 2 * 20
    assert [gap.reason for gap in results.missing if gap.reason and gap.kind == "fit"] == ["the network is on fire"]
    assert sum(results.looks.values()) == 40
    cell = plan.cells[0].cell
    again, given = results.tests[cell].runs[0].logits, result_of(cell, "test").runs[0].logits
    assert again.argmax(axis=1).tolist() == given.argmax(axis=1).tolist()
    assert write_report(results, tmp_path / "report").is_file()


def test_recordings_that_were_renamed_between_two_runs_are_the_same_clips(tmp_path):
    """Names are in no key; cells of a fold have its clips in one order."""
    study, store = fake_study(), open_store(tmp_path / "store", create=True)
    with patch("studies.grid.code_version", return_value=CodeVersion("f" * 64, {})):
        plan = make_plan(study, GROUND, store, confirm=True)
    for keyed in plan.cells:
        result = result_of(keyed.cell, "fit")
        if keyed.cell.system == "large":
            result = replace(result, clip_names=tuple(name.replace(".wav", ".flac") for name in result.clip_names))
        store.commit(keyed.fit_key, plain(describe(study, keyed, GROUND, "fit")), result, {})

    fits = load_results(study, store, plan).fits

    assert {result.clip_names for cell, result in fits.items() if cell.fold == "ben"} == {
        tuple(f"ben_{i}.wav" for i in range(12))
    }
