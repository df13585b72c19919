"""A study is tried on one clip before any work; what is wrong is an error of input, with its place."""

import warnings
from dataclasses import replace

import pytest

from classical_baselines.harness.choices import InputError
from studies import dry_run
from studies.dry_run import check_study
from studies.specification import Study
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture


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
        check_study(study(**system), None)


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

    whole = dry_run.build
    monkeypatch.setattr(dry_run, "build", lambda what, choice: Overflowing() if what == part else whole(what, choice))
    with pytest.raises(InputError, match=message):
        check_study(study(), None)


@pytest.mark.parametrize("name", ["log-mel", "handcrafted"])
def test_an_option_of_a_front_end_beyond_64_bits_is_refused_before_any_work(clips, name):
    made = {**study().model_dump(by_alias=True), "front_ends": [{"name": name, "options": {"hop": 2**63}}]}
    with pytest.raises(InputError, match="hop must be greater than 0 and at most 65536; got 9223372036854775808"):
        check_study(Study.model_validate(made), None)


def test_a_clip_shorter_than_a_frame_is_refused_with_the_front_end(clips):
    clips(replace(clips(), inputs={"waveform": clips().waveform[:, :100]}))
    with pytest.raises(InputError, match="front end 'log-mel': A clip of 100 samples is shorter than one frame"):
        check_study(study(), None)


def test_what_a_layer_only_warns_of_does_not_reach_the_user(clips, monkeypatch, recwarn):
    whole = dry_run._one_picture

    def warning(*given):
        warnings.warn("Using padding='same' with even kernel lengths", stacklevel=1)
        return whole(*given)

    monkeypatch.setattr(dry_run, "_one_picture", warning)
    check_study(study(), None)

    assert [str(told.message) for told in recwarn] == []


def test_an_encoder_that_takes_intensities_alone_is_tried_on_one(clips):
    """The limits of the decibels are fitted when a cell runs; until then a clip is silence."""
    check_study(study(family="neuro", encoder={"name": "latency"}, classifier={"name": "dense-snn"}), None)


def learnt(sample_rate_hz):
    whole = study(classifier={"name": "front-end-cnn", "options": {"sample_rate_hz": sample_rate_hz}})
    return Study.model_validate({**whole.model_dump(by_alias=True), "front_ends": [{"name": "waveform"}]})


def test_a_classifier_that_is_told_another_sample_rate_than_the_clips_have_is_refused(clips):
    assert clips().sample_rate_hz == 8000
    check_study(learnt(8000), None)

    with pytest.raises(InputError, match="system 'one': its classifier 'front-end-cnn' is told sample_rate_hz = 16000"):
        check_study(learnt(16000), None)
