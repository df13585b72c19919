# tests/studies/test_large_set.py
"""A set that is larger than the memory it is given goes through a cell, and its cell is that of a set in memory."""

import pytest

from studies.bench import large_set
from studies.bench.large_set import LIMIT_BYTES, N_CLIPS, Measured, measured_in_own_process, write_large_set
from studies.commands.bench import bench

EVERYTHING = 2**40
N_FEW = 3000


def grown(measured: Measured) -> int:
    """Bytes by which the process grew over the set; a library's pages that it touches there are in it too."""
    return measured.peak_bytes - measured.start_bytes


def test_waveforms_and_pictures_of_a_streamed_set_are_not_in_memory(tmp_path):
    write_large_set(tmp_path / "set", N_FEW)
    streamed = measured_in_own_process(tmp_path, "0")
    held = measured_in_own_process(tmp_path, str(EVERYTHING))

    assert streamed.held_bytes == held.held_bytes > 115 * 10**6
    assert grown(held) - grown(streamed) > 0.75 * held.held_bytes
    assert streamed.weights_sha256 == held.weights_sha256


@pytest.mark.slow
def test_100_000_clips_stay_under_2_gb(tmp_path):
    write_large_set(tmp_path / "set", N_CLIPS)
    empty, full = (measured_in_own_process(tmp_path) for _ in range(2))

    assert empty.n_clips == full.n_clips == N_CLIPS
    assert max(empty.peak_bytes, full.peak_bytes) < LIMIT_BYTES < empty.held_bytes
    assert empty.weights_sha256 == full.weights_sha256


def test_the_bench_prints_what_it_measured(monkeypatch, capsys):
    passes = iter([Measured(200, 1.5, 8.5, 3 * 10**8, 5 * 10**8, 9, "a"), Measured(200, 0.5, 1.5, 1, 2, 9, "a")])
    monkeypatch.setattr(large_set, "N_CLIPS", 200)
    monkeypatch.setattr(large_set, "measured_in_own_process", lambda folder: next(passes))

    assert bench(["large-set"], as_json=False) == 0
    words = capsys.readouterr().out.split()

    assert [words[at + 1] for at, word in enumerate(words) if word == "clips_per_second"] == ["20", "100"]
    assert [words[at + 1] for at, word in enumerate(words) if word == "peak_resident_bytes"] == ["500,000,000", "2"]
    assert int(words[words.index("wav_bytes") + 1].replace(",", "")) > 200 * 2 * large_set.N_SAMPLES
