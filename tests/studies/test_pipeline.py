"""One cell from recordings to outcomes, on a small part of the embedded corpus."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from classical_baselines.data.splits import SPLITTERS
from classical_baselines.data.synthetic import synthetic_clips
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.protocol import LeakError
from studies import pipeline
from studies.cell import StudyCell
from studies.specification import Study

CELL = StudyCell("synthetic", "official-split", "official", "one", 0)


def study(**system):
    return Study.model_validate(
        {
            "schema": 1,
            "name": "small",
            "title": "Small",
            "question": "Does a cell hold together?",
            "seeds": [0, 1],
            "baseline": "one",
            "data": {"name": "synthetic"},
            "front_ends": [{"name": "log-mel"}, {"name": "handcrafted"}],
            "protocols": [{"name": "official-split"}],
            "augmentation": {"speeds": [0.9, 1.0], "time_shift_frames": 3, "mixup_alpha": 0.2},
            "systems": [
                {
                    "name": "one",
                    "family": "classical",
                    "classifier": {"name": "linear-layer"},
                    "training": {"n_epochs": 2, "learning_rate": 1e-3},
                    "runs": [{"backend": {"name": "torch-float"}}],
                    **system,
                }
            ],
        }
    )


@pytest.fixture
def clips(monkeypatch, tmp_path):
    """A twelfth of the corpus, all voices in it; the cache is the test's own."""
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path))
    whole = synthetic_clips()
    part = whole.subset(range(0, len(whole), 12))

    def give(changed=part):
        monkeypatch.setattr(pipeline, "load_study_clips", lambda study, data_root: changed)
        return changed

    give()
    return give


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


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ({"classifier": {"name": "linear-layr"}}, "No classifier is called 'linear-layr'"),
        ({"classifier": {"name": "linear-layer", "options": {"width": 3}}}, "has no option 'width'"),
        ({"encoder": {"name": "latncy"}}, "No encoder is called 'latncy'"),
        ({"runs": [{"backend": {"name": "int9"}}]}, "No backend is called 'int9'"),
        ({"encoder": {"name": "none", "options": {"pool": [64, 1]}}}, "system 'one': pool .64, 1. is larger than the"),
        ({"encoder": {"name": "latency"}}, "system 'one': linear-layer reads intensities"),
        ({"encoder": {"name": "latency", "options": {"n_steps": "8"}}}, "n_steps should be a valid integer; got '8'"),
        ({"encoder": {"name": "latency", "options": {"pool": 2}}}, "pool should be a list; got 2"),
    ],
)
def test_a_wrong_name_or_option_is_refused_before_any_work(clips, system, message):
    with pytest.raises(InputError, match=message):
        pipeline.check_study(study(**system), None)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            "front end",
            r"study 'small', front end 'log-mel': it cannot take a clip of .* samples .too large for a C long.\. ",
        ),
        ("encoder", r"study 'small', system 'one': it cannot take a picture of .* .too large for a C long.\. "),
        ("classifier", r"study 'small', system 'one': it cannot take a picture of .* .too large for a C long.\. "),
    ],
)
def test_an_overflow_anywhere_in_the_dry_run_is_an_error_of_input(clips, monkeypatch, part, message):
    """Widths of 2**63 are refused by name; what no option checks comes to torch, which says it in its own way."""

    class Overflowing:
        gives = "decibels"

        def __call__(self, *given):
            raise OverflowError("too large for a C long\nException raised from THPUtils_unpackLong")

        shape = build = __call__

    whole = pipeline.build
    monkeypatch.setattr(pipeline, "build", lambda what, choice: Overflowing() if what == part else whole(what, choice))
    with pytest.raises(InputError, match=message):
        pipeline.check_study(study(), None)


@pytest.mark.parametrize("name", ["log-mel", "handcrafted"])
def test_an_option_of_a_front_end_beyond_64_bits_is_refused_before_any_work(clips, name):
    made = {**study().model_dump(by_alias=True), "front_ends": [{"name": name, "options": {"hop": 2**63}}]}
    with pytest.raises(InputError, match="hop must be greater than 0 and at most 65536; got 9223372036854775808"):
        pipeline.check_study(Study.model_validate(made), None)


def test_a_clip_shorter_than_a_frame_is_refused_with_the_front_end(clips):
    clips(replace(clips(), inputs={"waveform": clips().waveform[:, :100]}))
    with pytest.raises(InputError, match="front end 'log-mel': A clip of 100 samples is shorter than one frame"):
        pipeline.check_study(study(), None)


def test_what_a_layer_only_warns_of_does_not_reach_the_user(clips, monkeypatch, recwarn):
    whole = pipeline._one_picture

    def warning(*given):
        warnings.warn("Using padding='same' with even kernel lengths", stacklevel=1)
        return whole(*given)

    monkeypatch.setattr(pipeline, "_one_picture", warning)
    pipeline.check_study(study(), None)

    assert [str(told.message) for told in recwarn] == []


def test_pictures_are_kept_for_the_first_seed_alone(clips):
    first, second = (pipeline.fit_cell(study(), replace(CELL, seed=seed), None).result for seed in (0, 1))

    assert [picture.axis_names for picture in first.runs[0].pictures] == [("mel", "frame")]
    assert second.runs[0].pictures == ()
