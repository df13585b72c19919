"""A check that has passed is not made again, and is made again as soon as anything that it rests on has changed."""

import math
import os
import wave
from array import array

import pytest

from classical_baselines.harness.choices import InputError
from studies import checked_study as module
from studies.checked_study import checked_study
from tests.classical_baselines.data.small_sets import data_root
from tests.studies.small_study import study as small_study


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """Six recordings of three voices, of the same size and time whatever is in them."""
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "sounds"
    folder.mkdir()
    rows = [f"{label}_{voice}.wav,{label},,{voice}" for voice in ("anna", "ben", "cleo") for label in ("low", "high")]
    (folder / "meta.csv").write_text("file,label,fold_or_split,speaker_or_group\n" + "\n".join(rows) + "\n")
    for n, row in enumerate(rows):
        write_tone(folder / row.partition(",")[0], 300 + 100 * n)
    return folder


def write_tone(path, hertz):
    samples = array("h", (round(9000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(1600)))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 1600, "NONE", ""))
        file.writeframes(samples.tobytes())
    os.utime(path, (1e9, 1e9))


@pytest.fixture
def n_checks(monkeypatch):
    made, checked = [], module._checked
    monkeypatch.setattr(module, "_checked", lambda *given: made.append(1) or checked(*given))
    return made


def of(folder, **changes):
    raw = small_study().model_dump(by_alias=True)
    raw |= {"data": {"name": "own", "folder": str(folder), "clip_seconds": 0.2}}
    raw |= {"protocols": [{"name": "leave-one-group-out"}]} | changes
    return type(small_study()).model_validate(raw)


def test_a_second_look_at_the_same_study_opens_nothing_and_says_the_same(sounds, n_checks):
    first = checked_study(of(sounds), None)

    assert checked_study(of(sounds), None) == first
    assert checked_study(of(sounds, seeds=[7], title="Another title"), None) == first
    assert len(n_checks) == 1
    protocol = first.protocols["leave-one-group-out"]
    assert protocol.folds == ("anna", "ben", "cleo")
    assert (protocol.n_units, protocol.unit, protocol.n_training_clips) == (3, "group", 2)


def test_whatever_it_rests_on_makes_it_anew(sounds, n_checks, monkeypatch):
    first = checked_study(of(sounds), None)
    checked_study(of(sounds, data={"name": "own", "folder": str(sounds), "clip_seconds": 0.19}), None)
    assert len(n_checks) == 2
    write_tone(sounds / "low_anna.wav", 550)
    os.utime(sounds / "low_anna.wav", (1e9, 1e9 + 1))
    other = checked_study(of(sounds), None)
    assert len(n_checks) == 3
    assert other.content_hash != first.content_hash
    monkeypatch.setattr(module.metadata, "version", lambda name: "another version of " + name)
    checked_study(of(sounds), None)
    assert len(n_checks) == 4
    listing = sounds / "meta.csv"
    swapped = listing.read_text().replace("low_ben.wav,low", "low_ben.wav,high")
    listing.write_text(swapped.replace("high_ben.wav,high", "high_ben.wav,low"))
    assert checked_study(of(sounds), None).content_hash != other.content_hash


def test_a_study_that_cannot_be_run_is_refused_each_time(sounds, n_checks):
    system = small_study().systems[0].model_dump() | {"classifier": {"name": "linear-layr"}}
    for _ in range(2):
        with pytest.raises(InputError, match="No classifier is called 'linear-layr'"):
            checked_study(of(sounds, systems=[system]), None)
    (sounds / "low_anna.wav").unlink()
    with pytest.raises(InputError, match=r"low_anna\.wav"):
        checked_study(of(sounds), None)


def test_a_folder_that_is_not_there_is_named_with_the_study_and_the_remedy(tmp_path):
    with pytest.raises(InputError, match=r"data\.folder = '.*absent' is no folder.*--set data\.folder=FOLDER"):
        checked_study(of(tmp_path / "absent"), None)


def test_other_impulse_responses_are_other_recordings(tmp_path):
    root = data_root(tmp_path)
    study = small_study()
    study = study.model_copy(update={"data": study.data.model_copy(update={"name": "fsdd-binaural", "folder": None})})
    before = module._recordings(study, root)

    path = root / "SPATIAL_HRIR" / "ari_nh2.npz"
    os.utime(path, (1e9, 1e9))

    assert module._recordings(study, root) != before
