# tests/classical_baselines/data/test_recordings.py
"""Recordings in shards: the same clips and the same content hash, whatever is held in memory and however it is cut."""

import hashlib

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import resample_poly

from classical_baselines.data import recordings
from classical_baselines.data.loading import load_clips
from classical_baselines.harness import streamed_rows
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.streamed_rows import StreamedRows
from tests.classical_baselines.data.small_sets import noise, table

N_CLIPS = 11
LENGTHS = [500 + 90 * clip for clip in range(N_CLIPS)]
RATES = [8000, 16000, 8000, 11025, *[8000] * 7]


@pytest.fixture
def folder(tmp_path):
    rows = [(f"{clip:02}.wav", "ab"[clip % 2], str(clip % 3), f"voice {clip}") for clip in range(N_CLIPS)]
    table(tmp_path / "set" / "meta.csv", "file,label,fold_or_split,speaker_or_group", rows)
    for clip in range(N_CLIPS):
        samples = noise(tmp_path / "set" / f"{clip:02}.wav", clip, LENGTHS[clip])
        soundfile.write(tmp_path / "set" / f"{clip:02}.wav", samples, RATES[clip])
    return tmp_path / "set"


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(recordings, "CLIPS_PER_SHARD", 4)


def expected_windows(folder, rate_hz, n_window):
    made = np.zeros((N_CLIPS, n_window), dtype=np.float32)
    for clip in range(N_CLIPS):
        samples, rate = soundfile.read(folder / f"{clip:02}.wav", dtype="float32")
        if rate != rate_hz:
            divisor = np.gcd(rate, rate_hz)
            samples = resample_poly(samples, rate_hz // divisor, rate // divisor)
        made[clip, : min(n_window, len(samples))] = samples[:n_window]
    return made


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("rate_hz", [None, 8000, 11025])
def test_windows_are_the_files_own_samples_brought_to_one_rate_and_length(
    folder, small_shards, monkeypatch, streams, rate_hz
):
    monkeypatch.setattr(streamed_rows, "IN_MEMORY_BYTES", 0 if streams else 2**28)
    clips = load_clips(str(folder), None, 0.1, rate_hz)
    expected = expected_windows(folder, rate_hz or 8000, round(0.1 * (rate_hz or 8000)))
    order = [7, 3, 3, 10, 0]

    assert isinstance(clips.waveform, StreamedRows) == streams
    assert clips.waveform.shape == expected.shape
    np.testing.assert_array_equal(clips.waveform[order], expected[order])
    np.testing.assert_array_equal(clips.subset(order).waveform[:], expected[order])
    own = [int(np.max(np.nonzero(row)[0])) + 1 for row in expected]
    assert (torch.abs(clips.n_samples - torch.tensor(own)) <= 1).all()  # a last sample may be zero
    for clip in range(N_CLIPS):
        _, rate = soundfile.read(folder / f"{clip:02}.wav")
        n_resampled = -(-LENGTHS[clip] * (rate_hz or 8000) // rate)
        assert clips.n_samples[clip] == min(n_resampled, expected.shape[1])


def test_the_content_hash_is_over_samples_and_labels_and_does_not_know_of_shards(folder, monkeypatch):
    digest = hashlib.sha256()
    for clip in range(N_CLIPS):
        samples, rate = soundfile.read(folder / f"{clip:02}.wav", dtype="float32")
        text = "\x1f".join([str(rate), "ab"[clip % 2], f"voice {clip}", str(clip % 3)])
        digest.update(text.encode() + b"\x1e" + hashlib.sha256(samples.tobytes()).digest())
    found = [load_clips(str(folder), None, 0.1).content_hash]
    monkeypatch.setattr(recordings, "CLIPS_PER_SHARD", 3)
    monkeypatch.setenv("TRICHORD_CACHE", str(folder / "another cache"))
    found.append(load_clips(str(folder), None, 0.1).content_hash)

    assert found == 2 * [digest.hexdigest()]
    assert len(list((folder / "another cache").rglob("*.f32"))) == 4


def test_a_damaged_shard_is_decoded_again_and_no_other(folder, own_cache, small_shards, monkeypatch):
    before = load_clips(str(folder), None, 0.1)
    read, names = recordings.read_audio, []
    (second,) = own_cache.rglob("1.f32")
    content = bytearray(second.read_bytes())
    content[100] ^= 1
    second.write_bytes(content)
    monkeypatch.setattr(recordings, "read_audio", lambda path: names.append(path.name) or read(path))

    after = load_clips(str(folder), None, 0.1)

    assert names == ["04.wav", "05.wav", "06.wav", "07.wav"]
    assert torch.equal(before.waveform, after.waveform)
    assert before.content_hash == after.content_hash


def test_parts_of_a_file_are_clips_of_their_own(tmp_path):
    samples = noise(tmp_path / "long.wav", 0, 8000)
    noise(tmp_path / "short.wav", 1, 800)
    rows = [
        ("long.wav", "a", "1", "p", "0.25", "0.5"),
        ("long.wav", "b", "1", "p", "0.5", "1.02"),
        ("short.wav", "b", "2", "q", "", ""),
    ]
    table(tmp_path / "meta.csv", "file,label,fold_or_split,speaker_or_group,from_seconds,to_seconds", rows)

    clips = load_clips(str(tmp_path), None, 0.6)

    assert clips.names == ("long.wav#0.25-0.5", "long.wav#0.5-1.02", "short.wav")
    assert clips.n_samples.tolist() == [2000, 4000, 800]  # the last 20 ms are not in the file
    written = soundfile.read(tmp_path / "long.wav", dtype="float32")[0]
    assert np.array_equal(clips.waveform[0, :2000].numpy(), written[2000:4000])
    assert np.array_equal(clips.waveform[1, :4000].numpy(), written[4000:])
    assert len(samples) == len(written)


def test_a_part_that_the_file_does_not_have_is_refused(tmp_path):
    noise(tmp_path / "long.wav", 0, 8000)
    rows = [("long.wav", "a", "1", "p", "0", "0.5"), ("long.wav", "b", "1", "p", "0.9", "1.2")]
    table(tmp_path / "meta.csv", "file,label,fold_or_split,speaker_or_group,from_seconds,to_seconds", rows)

    with pytest.raises(InputError, match=r"long\.wav lasts 1 s, and its clip goes from 0\.9 to 1\.2 s"):
        load_clips(str(tmp_path), None, 0.6)
