"""One cell from recordings to outcomes, on a small part of the embedded corpus."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from classical_baselines.data.splits import SPLITTERS
from classical_baselines.harness.protocol import LeakError
from studies import pipeline
from studies.cell import StudyCell
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture

CELL = StudyCell("synthetic", "official-split", "official", "one", 0)


def altered(clips, part, content_hash):
    """The clips with noise in place of the clips of one part."""
    rows = [index for index, fold in enumerate(clips.folds) if fold == part]
    waveform = clips.waveform.clone()
    waveform[rows] = torch.rand(len(rows), waveform.shape[1], generator=torch.Generator().manual_seed(1)) - 0.5
    return replace(clips, inputs={"waveform": waveform}, content_hash=content_hash)


def same(one, other):
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def test_a_cell_is_a_pure_function_of_its_specification(clips):
    first, again = (pipeline.fit_cell(study(), CELL, None) for _ in range(2))
    other_seed = pipeline.fit_cell(study(), replace(CELL, seed=1), None)

    assert same(first.weights, again.weights)
    np.testing.assert_array_equal(first.result.runs[0].logits, again.result.runs[0].logits)
    assert not same(first.weights, other_seed.weights)


def test_fitting_never_sees_a_test_clip(clips):
    before = pipeline.fit_cell(study(), CELL, None)
    clips(altered(clips(), "test", "test clips replaced"))
    after = pipeline.fit_cell(study(), CELL, None)

    assert same(before.weights, after.weights)
    np.testing.assert_array_equal(before.result.runs[0].logits, after.result.runs[0].logits)


def test_the_weights_and_the_limits_of_intensity_never_see_a_validation_clip(clips):
    before = pipeline.fit_cell(study(), CELL, None)
    clips(altered(clips(), "val", "validation clips replaced"))
    after = pipeline.fit_cell(study(), CELL, None)

    assert same(before.weights, after.weights)
    assert not np.array_equal(before.result.runs[0].logits, after.result.runs[0].logits)


def test_a_test_cell_answers_for_the_test_clips_with_the_trained_weights(clips):
    given = clips()
    fitted = pipeline.fit_cell(study(), CELL, None)
    result = pipeline.test_cell(study(), CELL, fitted.weights, None)

    expected = [name for name, fold in zip(given.names, given.folds, strict=True) if fold == "test"]
    assert list(result.clip_names) == expected
    assert result.runs[0].logits.shape == (len(expected), len(given.label_names))
    assert {fitted.result.kind, result.kind} == {"fit", "test"}
    assert set(fitted.result.groups).isdisjoint(result.groups)


def test_a_trained_bench_has_the_trained_network_and_the_cells_own_clips_and_draws(clips):
    fitted = pipeline.fit_cell(study(), CELL, None)
    tested = pipeline.test_cell(study(), CELL, fitted.weights, None)

    bench, trained = pipeline.trained_bench(study(), CELL, fitted.weights, None)

    assert same(trained.classifier.state_dict(), fitted.weights) and not trained.classifier.training
    assert torch.equal(trained.calibration, bench.intensity[list(bench.fold.train)][: pipeline.N_CALIBRATION])
    test = list(bench.fold.test)
    (run,) = bench.system.runs
    outcome = pipeline.run_on(bench, trained, run.backend, bench.intensity[test])
    np.testing.assert_array_equal(outcome.logits.numpy(), tested.runs[0].logits)
    again = bench.intensity_of(bench.clips.waveform[test], bench.clips.n_samples[test])
    assert torch.equal(again, bench.intensity[test])


def test_the_front_end_is_in_the_counts_of_every_run(clips):
    record = pipeline.fit_cell(study(), CELL, None).result.runs[0]

    assert record.counts.stages()[0] == "front_end"
    assert record.counts.total("mac_fp32", stage="network") == 32 * 64 * 10


def test_every_run_is_charged_for_finding_the_largest_logit(clips):
    record = pipeline.fit_cell(study(), CELL, None).result.runs[0]

    assert record.counts.counts["readout", "decision", "compare_fp32"] == 9
    assert record.notes["n_parameters"] == 32 * 64 * 10 + 10


def test_handcrafted_features_reach_a_directly_fitted_model_unscaled(clips):
    made = study(front_end="handcrafted", classifier={"name": "linear-model"}, augment=False)
    fitted = pipeline.fit_cell(made, CELL, None)

    assert fitted.result.training["fitted"] == "directly"
    n_features = fitted.weights["weight"].shape[1]
    assert fitted.result.runs[0].notes["n_parameters"] == 10 * n_features + 10 + 2 * n_features
    assert (fitted.result.runs[0].logits.argmax(1) == fitted.result.targets).mean() > 0.2  # chance: 0.1


def test_a_leaking_fold_fails_the_cell(clips, monkeypatch):
    def leaking(given):
        fold = SPLITTERS["official-split"](given)[0]
        return [replace(fold, test=fold.test + fold.train[:1])]

    monkeypatch.setattr(pipeline, "SPLITTERS", {"official-split": leaking})
    with pytest.raises(LeakError, match="in the training and the test part"):
        pipeline.fit_cell(study(), CELL, None)


def test_pictures_are_kept_for_the_first_seed_alone(clips):
    first, second = (pipeline.fit_cell(study(), replace(CELL, seed=seed), None).result for seed in (0, 1))

    assert [picture.axis_names for picture in first.runs[0].pictures] == [("mel", "frame")]
    assert second.runs[0].pictures == ()
