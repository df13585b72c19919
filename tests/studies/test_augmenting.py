# tests/studies/test_augmenting.py
"""What augmentation makes of a clip, on a small part of the embedded corpus."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from studies import augmenting, pipeline
from studies.commands.augment import augment
from studies.commands.request import Request
from studies.study_text import study_toml
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture


@pytest.fixture
def path(clips, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def write(**system):
        file = tmp_path / "small.toml"
        file.write_text(study_toml(study(**system)))
        return str(file)

    return write


def asked(path, **options):
    return augment(Request(path), **({"systems": None, "clip": None, "n_drawn": 3, "out": None} | options))


def test_the_figure_shows_the_clip_and_its_drawings_with_the_shares_of_its_classes(clips, path, capsys, tmp_path):
    given = clips()
    made = study(augmentation={"specmix_bands": 2})
    (one,) = augmenting.augmented(made, ["one"], None, 3, None)

    first = given.names.index(one.clip)
    assert given.folds[first] == "train"
    assert one.label == given.label_names[given.targets[first]]
    assert len(one.drawn) == len(one.shares) == 3
    assert any((drawn != one.picture).any() for drawn in one.drawn)
    assert all(
        one.label in share for drawn, share in zip(one.drawn, one.shares, strict=True) if (drawn == one.picture).any()
    )
    assert asked(path(augmentation={"specmix_bands": 2})) == 0
    assert f"{one.clip} ({one.label}), a training clip, under 1 augmentations" in capsys.readouterr().out
    assert (tmp_path / "reports/small/augmentations.png").read_bytes().startswith(b"\x89PNG")


def test_the_numbers_behind_the_figure_are_the_pictures(path, tmp_path):
    asked(path(augmentation={"level_jitter": 0.1}), out=tmp_path / "a.csv", n_drawn=1)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    (one,) = augmenting.augmented(study(augmentation={"level_jitter": 0.1}), ["one"], None, 1, None)

    values = np.array([float(row["intensity"]) for row in rows]).reshape(2, *one.picture.shape)
    np.testing.assert_allclose(values, [one.picture, one.drawn[0]], atol=1e-4)


@pytest.mark.parametrize(
    "system, options, reason",
    [
        ({}, {"clip": "nowhere.wav"}, "No training clip of the fold official is called 'nowhere.wav'. There are"),
        ({"augment": False}, {}, "No system of 'small' that is asked for augments pictures"),
        ({"front_end": "handcrafted"}, {}, "augments pictures"),
        ({}, {"n_drawn": 0}, "--draw 0: give 1 to 20"),
        (
            {},
            {"systems": ","},
            "--system ',' names nothing. Give A or A,B; without --system it is every system that aug",
        ),
        ({}, {"systems": "ones"}, "No system is called 'ones'"),
        (
            {"augmentation": {"room_rt60_seconds": [0.5]}},
            {},
            "study 'small', system 'one': augmentation: room_rt60_sec",
        ),
        ({}, {"out": "small.toml/a.png"}, "--out small.toml/a.png: "),
        ({}, {"out": "a.bmp"}, "ends in .svg, .pdf or .png, or in .csv"),
    ],
)
def test_what_cannot_be_drawn_is_said(path, system, options, reason):
    options = {name: Path(value) if name == "out" else value for name, value in options.items()}
    with pytest.raises(InputError, match=re.escape(reason)):
        asked(path(**system), **options)


@pytest.mark.parametrize("options", [{"n_drawn": 0}, {"out": Path("a.bmp")}, {"systems": ","}, {"systems": "ones"}])
def test_what_can_be_refused_at_once_waits_for_no_recording(path, monkeypatch, options):
    monkeypatch.setattr(augmenting, "augmented", lambda *given: pytest.fail("recordings were opened"))

    with pytest.raises(InputError):
        asked(path(), **options)


def test_nothing_is_said_to_be_done_where_the_figure_cannot_be_written(path, monkeypatch, capsys):
    def full(out, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studies.report.write_file", full)
    with pytest.raises(InputError, match="No space left"):
        asked(path())
    assert capsys.readouterr().out == ""


def test_systems_that_read_the_same_pictures_are_prepared_once_and_drawn_as_if_alone(clips, monkeypatch):
    plain = study(augmentation={"level_jitter": 0.1})
    masked = study(augmentation={"time_mask_frames": 8}).systems[0].model_copy(update={"name": "two"})
    both = plain.model_copy(update={"systems": (*plain.systems, masked)})
    alone = [augmenting.augmented(both, [name], None, 2, None)[0] for name in ("one", "two")]
    prepare, prepared = augmenting.bench_of, []
    monkeypatch.setattr(augmenting, "bench_of", lambda *given: prepared.append(given) or prepare(*given))
    together = augmenting.augmented(both, ["one", "two"], None, 2, None)

    assert len(prepared) == 1
    assert [one.system.name for one in together] == ["one", "two"]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.drawn, other.drawn)


def test_a_study_that_a_plan_refuses_is_refused_here_too_and_clips_are_loaded_once(clips, path, monkeypatch):
    given = clips()
    silent = clips(replace(given, n_samples=given.n_samples.clamp_max(100)))
    with pytest.raises(InputError, match=f"all {len(silent)} clips are shorter than the 256 samples of n_fft"):
        asked(path())
    equal = {"name": "few-groups", "options": {"n_groups": 11, "n_draws": 2}}
    clips(given)
    raw = {**study().model_dump(by_alias=True), "protocols": [equal]}
    with pytest.raises(InputError, match="its folds draw-1 and draw-2, of 2, are the same clips"):
        augmenting.augmented(type(study()).model_validate(raw), ["one"], None, 1, None)

    one = study(augmentation={"level_jitter": 0.1})
    augmenting.augmented(one, ["one"], None, 1, None)  # the check is remembered
    loaded = []
    monkeypatch.setattr(pipeline, "load_study_clips", lambda study, data_root: loaded.append(1) or given)
    augmenting.augmented(one, ["one"], None, 1, None)
    assert loaded == [1]
