# tests/classical_baselines/data/test_loading.py
"""Clips: cut, padded, resampled; one content hash wherever the set lies; a cache that only saves time."""

import os
import time

import numpy as np
import pytest
import soundfile
import torch

from classical_baselines.data import recordings
from classical_baselines.data.loading import load_clips
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.data.small_sets import manifest_set, noise, public_fsdd, table


@pytest.fixture
def folder(tmp_path):
    table(
        tmp_path / "set" / "meta.csv",
        "file,label,fold_or_split,speaker_or_group",
        [("long.wav", "a", "1", "x"), ("short.wav", "b", "2", "y")],
    )
    noise(tmp_path / "set" / "long.wav", 1, 1000)
    noise(tmp_path / "set" / "short.wav", 2, 300)
    return tmp_path / "set"


def test_a_long_clip_is_cut_and_a_short_one_padded_with_zeros(folder):
    long, _ = soundfile.read(folder / "long.wav", dtype="float32")
    short, _ = soundfile.read(folder / "short.wav", dtype="float32")

    clips = load_clips(str(folder), None, clip_seconds=0.1)

    assert (clips.names, clips.n_samples.tolist()) == (("long.wav", "short.wav"), [800, 300])
    expected = np.zeros((2, 800), dtype=np.float32)
    expected[0], expected[1, :300] = long[:800], short
    assert torch.equal(clips.waveform, torch.from_numpy(expected))


def test_resampling_keeps_a_tone_where_it_is(folder):
    seconds = np.arange(16000) / 16000
    soundfile.write(folder / "long.wav", 0.5 * np.sin(2 * np.pi * 440 * seconds), 16000)

    clips = load_clips(str(folder), None, clip_seconds=1.0, sample_rate_hz=8000)

    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    assert clips.n_samples.tolist() == [8000, 300]
    np.testing.assert_allclose(clips.waveform[0, 100:-100], expected[100:-100], atol=2e-3)


def test_the_synthetic_set_can_be_cut_and_resampled_too():
    whole = load_clips("synthetic", None)
    half = load_clips("synthetic", None, clip_seconds=0.5)
    slow = load_clips("synthetic", None, sample_rate_hz=4000)

    assert torch.equal(half.waveform, whole.waveform[:, :4000])
    assert half.n_samples.unique().tolist() == [4000]
    assert (slow.waveform.shape[1], slow.sample_rate_hz) == (4032, 4000)
    assert whole.content_hash == half.content_hash == slow.content_hash


def test_the_content_hash_does_not_depend_on_place_name_or_container(tmp_path):
    public_fsdd(tmp_path / "one" / "FSDD")
    public_fsdd(tmp_path / "two" / "free-spoken-digit-dataset")
    here = load_clips("fsdd", tmp_path / "one")
    there = load_clips("fsdd", tmp_path / "two")

    rows = []
    for name, fold, group, target in zip(here.names, here.folds, here.groups, here.targets.tolist(), strict=True):
        samples, rate = soundfile.read(tmp_path / "one" / "FSDD" / name, dtype="int16")
        flac = name.replace("recordings", "audio").replace(".wav", ".flac")
        (tmp_path / "three" / "FSDD" / "audio").mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "three" / "FSDD" / flac, samples, rate)
        rows.append((flac, here.label_names[target], fold, group))
    table(tmp_path / "three" / "FSDD" / "meta.csv", "file,label,fold_or_split,speaker_or_group", rows[::-1])
    flacs = load_clips("fsdd", tmp_path / "three")

    assert here.content_hash == there.content_hash == flacs.content_hash
    assert torch.equal(here.waveform, flacs.waveform)


@pytest.mark.parametrize("changed", ["samples", "label", "fold", "group"])
def test_the_content_hash_sees_every_change(folder, changed):
    before = load_clips(str(folder), None, 0.1).content_hash
    if changed == "samples":
        noise(folder / "short.wav", 3, 300)
    else:
        old, new = {"label": ("b,2", "c,2"), "fold": ("b,2", "b,3"), "group": ("2,y", "2,z")}[changed]
        text = (folder / "meta.csv").read_text(encoding="utf-8")
        (folder / "meta.csv").write_text(text.replace(old, new), encoding="utf-8")

    assert load_clips(str(folder), None, 0.1).content_hash != before


def test_what_lies_beyond_the_cut_is_part_of_the_content_hash(folder):
    before = load_clips(str(folder), None, 0.01)
    samples, _ = soundfile.read(folder / "long.wav", dtype="int16")
    samples[-1] += 1
    soundfile.write(folder / "long.wav", samples, 8000)
    after = load_clips(str(folder), None, 0.01)

    assert torch.equal(before.waveform, after.waveform)
    assert before.content_hash != after.content_hash


def test_the_second_load_decodes_nothing(folder, monkeypatch):
    first = load_clips(str(folder), None, 0.1)

    def no_reading(path):
        raise AssertionError(f"{path} was decoded again")

    monkeypatch.setattr(recordings, "read_audio", no_reading)
    second = load_clips(str(folder), None, 0.1)

    assert torch.equal(first.waveform, second.waveform)
    assert first.content_hash == second.content_hash


def test_a_file_that_changes_is_decoded_again(folder):
    load_clips(str(folder), None, 0.1)
    other = noise(folder / "short.wav", 9, 300)
    later = time.time_ns() + 10**9
    os.utime(folder / "short.wav", ns=(later, later))

    assert (load_clips(str(folder), None, 0.1).waveform[1, :300] * 32768).tolist() == other.tolist()


@pytest.mark.parametrize("suffix", ["f32", "json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "text", "empty", "folder", "missing"])
def test_a_damaged_cache_costs_time_and_changes_nothing(folder, own_cache, damage, suffix):
    first = load_clips(str(folder), None, 0.1)
    (cached,) = (own_cache / "decoded").rglob(f"*.{suffix}")
    content = bytearray(cached.read_bytes())
    content[len(content) // 2] ^= 1
    cached.unlink()
    if damage == "folder":
        cached.mkdir()
    elif damage != "missing":
        cached.write_bytes({"flip": bytes(content), "cut": content[:90], "text": b"hello", "empty": b""}[damage])

    second = load_clips(str(folder), None, 0.1)

    assert torch.equal(first.waveform, second.waveform)
    assert first.content_hash == second.content_hash
    assert not list((own_cache / "decoded").rglob("*.part"))


def test_a_cache_that_cannot_be_written_changes_nothing(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "file" / "cache"))

    assert len(load_clips(str(folder), None, 0.1)) == 2


def test_a_bad_clip_is_named_and_nothing_of_its_set_is_cached(tmp_path, own_cache):
    manifest_set(tmp_path / "set", "ab", "12", ("x", "y"), suffix="wav")
    bad = tmp_path / "set" / "audio" / "b_x.wav"
    bad.write_bytes(bad.read_bytes()[:-3])

    with pytest.raises(InputError, match=r"audio/b_x\.wav: its 'data' chunk claims"):
        load_clips(str(tmp_path / "set"), None, 0.1)
    assert not list(own_cache.rglob("*.f32"))


def test_a_folder_needs_a_clip_length(folder):
    with pytest.raises(InputError, match="say how long a clip is"):
        load_clips(str(folder), None)
