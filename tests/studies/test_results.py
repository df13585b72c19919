import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
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
