# tests/studies/test_analysis_frames.py
"""What lies between two frames, and clips that no frame fits into, are refused wherever the frame is said."""

import json
from dataclasses import replace

import pytest
import torch

from classical_baselines.harness.choices import InputError
from studies.analysis_frames import analysis_frames, check_short_clips
from studies.checks_before_work import check_before_work
from studies.commands.plan import plan
from studies.commands.request import Request
from studies.dry_run import check_study
from studies.registries import build
from studies.specification import Choice, Study
from studies.study_file import catalogue, load_study
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture


def reading(front_end, **system):
    """The small study with this front end."""
    whole = study(**system).model_dump(by_alias=True)
    return Study.model_validate({**whole, "front_ends": [front_end], "augmentation": {}})


def learnt(name, **options):
    inside = {"sample_rate_hz": 8000, "front_end": name, "front_end_options": options}
    return reading({"name": "waveform"}, classifier={"name": "front-end-cnn", "options": inside})


def pair(**views):
    first = {"name": "log-mel", "options": {"hop": 128}}
    return reading({"name": "paired-views", "options": {"first": first, "second": dict(first), **views}})


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (reading({"name": "log-mel", "options": {"hop": 600}}), "front end 'log-mel': a hop of 600 .* n_fft = 256 "),
        (reading({"name": "handcrafted", "options": {"hop": 300}}), "front end 'handcrafted': a hop of 300 samples"),
        (learnt("log-mel", hop=600), "system 'one': a hop of 600 .* frame of log-mel's n_fft = 256 samples"),
        (learnt("leaf", hop=600), "system 'one': a hop of 600 .* leaf's window_seconds = 201 samples"),
        (learnt("efficient-leaf", hop=1000), "a hop of 1000 .* efficient-leaf's window_seconds = 201 samples"),
        (learnt("multi-resolution", hop=1000), "a hop of 1000 .* shortest of windows = 100 samples"),
        (learnt("multi-resolution", hop=128, windows=[64, 256]), "a hop of 128 .* shortest of windows = 64 samples"),
        (learnt("differentiable-stft", hop=1000), "a hop of 1000 .* shortest = 128 samples"),
        (learnt("differentiable-stft", hop=128, shortest=32.0), "a hop of 128 .* shortest = 32 samples"),
        (learnt("differentiable-stft", learn_hop=True), "a hop of 256 .* shortest = 128 samples"),  # it may grow so far
        (
            reading({"name": "part-of-clip", "options": {"of": {"name": "log-mel", "options": {"hop": 600}}}}),
            "'part-of-clip': a hop of 600 .* the part's n_fft = 256",
        ),
        (
            pair(second={"name": "log-mel", "options": {"hop": 512}}),
            "'paired-views': a hop of 512 .* the first view's n_fft = 256",
        ),
        (  # of a view with a short hop only some frames are kept
            pair(first={"name": "log-mel", "options": {"n_fft": 64, "hop": 64}}),
            "a hop of 128 .* the first view's n_fft = 64 samples",
        ),
    ],
)
def test_a_hop_beyond_the_frame_is_refused_wherever_it_is_said(made, message):
    with pytest.raises(InputError, match=message):
        check_before_work(made)


@pytest.mark.parametrize(
    "made",
    [
        reading({"name": "log-mel", "options": {"hop": 256}}),
        learnt("leaf", hop=201),
        learnt("multi-resolution"),
        learnt("differentiable-stft"),
        learnt("differentiable-stft", learn_hop=True, hop=64),
        pair(first={"name": "log-mel", "options": {"n_fft": 128, "hop": 64}}),
    ],
)
def test_a_hop_of_a_whole_frame_passes_and_so_do_the_defaults(made):
    check_before_work(made)


def test_a_view_that_is_not_shown_is_not_asked():
    alone = pair(second={"name": "log-mel", "options": {"n_fft": 64, "hop": 64}})
    options = {**alone.front_ends[0].options, "only": "first"}

    assert [one.place for one in analysis_frames(build("front end", Choice(name="paired-views", options=options)))] == [
        "the first view's n_fft"
    ]


@pytest.mark.parametrize(
    ("name", "options", "samples"),
    [
        ("stft", {"win_length": 200}, 200),
        ("rmmse", {}, 128),
        ("kaldi-fbank", {}, 200),  # 25 ms at 8 kHz
        ("ast-fbank", {}, 200),
        ("band-statistics", {}, 512),
    ],
)
def test_the_frame_of_a_front_end_is_what_its_window_covers(name, options, samples):
    (frame,) = analysis_frames(build("front end", Choice(name=name, options=options)), 8000)
    assert frame.n_samples == samples


def test_the_first_frame_of_a_part_ends_a_frame_after_the_part_begins():
    part = {"of": {"name": "stft", "options": {"win_length": 200}}, "from_seconds": 0.1, "to_seconds": 0.125}
    (frame,) = analysis_frames(build("front end", Choice(name="part-of-clip", options=part)), 8000)

    assert (frame.place, frame.n_samples) == ("the part's win_length", 800 + 200)
    shorter = build("front end", Choice(name="part-of-clip", options={**part, "to_seconds": 0.12}))
    with pytest.raises(InputError, match=r"from 0\.1 to 0\.12 s has 160 samples, fewer .* the part's win_length = 200"):
        analysis_frames(shorter, 8000)


@pytest.mark.parametrize("name", ["waveform", "events", "kalman-ar", "instantaneous-frequency"])
def test_what_follows_every_sample_has_no_frame(name):
    assert analysis_frames(build("front end", Choice(name=name)), 8000) == []


def lasting(whole, lengths):
    """The clips with these lengths of their own, silent beyond."""
    n_samples = torch.tensor(lengths)
    own = torch.arange(whole.waveform.shape[1]) < n_samples[:, None]
    return replace(whole, n_samples=n_samples, inputs={"waveform": whole.waveform * own})


GATED = {"name": "prepared-log-mel", "options": {"gating_n_fft": 8192}}


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            study(),
            "front end 'log-mel': all {n} clips are shorter than the 256 samples of n_fft; the longest has 100",
        ),
        (learnt("leaf"), "system 'one': all {n} clips are shorter than the 201 samples of leaf's window_seconds"),
        (GATED, "front end 'prepared-log-mel': all {n} clips are shorter than the 256 samples of n_fft"),
    ],
)
def test_a_set_of_clips_that_are_all_shorter_than_a_frame_is_refused(clips, made, message):
    made = reading(made) if isinstance(made, dict) else made
    whole = clips()
    clips(lasting(whole, [100] * len(whole)))

    with pytest.raises(InputError, match=message.format(n=len(whole))):
        check_study(made, None)


def test_a_gate_that_no_clip_can_fill_is_refused_and_one_that_some_cannot_is_noted(clips):
    whole = clips()
    n = len(whole)
    clips(lasting(whole, [4000] * n))
    with pytest.raises(
        InputError,
        match=f"all {n} clips are shorter than the 16384 samples that its gate needs .2 gating_n_fft.; the longest has "
        '4000, at 8000 Hz. Choose a smaller gating_n_fft, or gating = "none"',
    ):
        check_study(reading(GATED), None)

    small = reading({"name": "prepared-log-mel", "options": {"gating_n_fft": 1024}})
    assert check_study(small, None).notes == ()
    clips(lasting(whole, [1000] * 3 + [4000] * (n - 3)))
    assert check_study(small, None).notes == (
        f"front end 'prepared-log-mel': 3 of {n} clips are shorter than the 2048 samples that its gate needs "
        "(2 gating_n_fft) and are not gated",
    )
    check_study(reading({"name": "prepared-log-mel", "options": {"gating": "none", "band_hz": [60, 3000]}}), None)


def padding(made):
    return made.model_copy(update={"short_clips": "pad"})


def test_a_clip_that_is_shorter_than_a_frame_is_refused_by_name(clips):
    whole = clips()
    clips(lasting(whole, [4000, 200, 100] + [4000] * (len(whole) - 3)))

    with pytest.raises(
        InputError,
        match=f"front end 'log-mel': 2 of {len(whole)} clips are shorter than the 256 samples of n_fft; the shortest, "
        f"'{whole.names[2]}', has 100, at 8000 Hz. Choose a shorter frame, leave them out of the recordings, or take "
        'them with the silence behind them: short_clips = "pad" in the study',
    ):
        check_study(study(), None)


def test_a_clip_of_exactly_one_frame_passes(clips):
    whole = clips()
    clips(lasting(whole, [256] + [4000] * (len(whole) - 1)))
    assert check_study(study(), None).notes == ()


def test_short_clips_that_are_padded_are_noted_by_the_plan_unless_all_are(clips, capsys, tmp_path, monkeypatch):
    whole = clips()
    given = clips(lasting(whole, [100] * 2 + [4000] * (len(whole) - 2)))
    said, _ = notes = check_short_clips(padding(study()), given)  # of both front ends
    assert said == (
        f"front end 'log-mel': 2 of {len(whole)} clips are shorter than the 256 samples of n_fft and are seen beside "
        "the silence behind them"
    )
    monkeypatch.setattr(Request, "open_study", lambda request: padding(study()))

    assert plan(Request("small", tmp_path / "store"), confirm=False, energy=False, as_json=False) == 0
    assert f"note {said}" in " ".join(capsys.readouterr().out.split())
    assert plan(Request("small", tmp_path / "store"), confirm=False, energy=False, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == notes

    with pytest.raises(InputError, match=f"all {len(whole)} clips are shorter"):
        check_short_clips(padding(study()), lasting(whole, [100] * len(whole)))


def test_no_study_of_the_catalogue_has_a_window_shorter_than_its_hop():
    for name in catalogue():
        made = load_study(name)
        for system in made.systems:
            for frame in analysis_frames(build("classifier", system.classifier)):
                assert frame.hop is None or frame.hop <= frame.n_samples, (name, system.name)
