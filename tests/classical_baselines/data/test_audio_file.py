# tests/classical_baselines/data/test_audio_file.py
"""Sound files of every kind, and a decoder that hangs, dies or lies."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from classical_baselines.data.audio_file import read_audio
from classical_baselines.data.audio_limits import AudioError, AudioLimits
from classical_baselines.data.decoding import WORKER_COMMAND, WatchedDecoder


@pytest.fixture
def decoder():
    made = []

    def with_worker(program: str | None = None) -> WatchedDecoder:
        made.append(WatchedDecoder(WORKER_COMMAND if program is None else (sys.executable, "-c", program)))
        return made[-1]

    yield with_worker
    for one in made:
        one.close()


def tone(n_samples: int, n_channels: int = 1) -> np.ndarray:
    phase = np.arange(n_samples)[:, None] * (0.1 + 0.05 * np.arange(n_channels))
    return np.round(np.sin(phase) * 20_000).astype(np.int16)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_lossless_files_give_the_integers_that_were_written(tmp_path, suffix, n_channels):
    written = tone(4001, n_channels)
    soundfile.write(tmp_path / f"a.{suffix}", written, 8000, subtype="PCM_16")

    samples, rate = read_audio(tmp_path / f"a.{suffix}")

    assert (rate, samples.dtype) == (8000, np.float32)
    np.testing.assert_allclose(samples * 32768, written.mean(axis=1), rtol=0, atol=1e-3)


def test_ogg_is_read_as_soundfile_reads_it(tmp_path):
    soundfile.write(tmp_path / "a.ogg", tone(8000) / 32768, 16000)
    expected, _ = soundfile.read(tmp_path / "a.ogg", dtype="float32")

    np.testing.assert_array_equal(read_audio(tmp_path / "a.ogg")[0], expected)


def test_the_kind_of_a_file_is_read_from_its_bytes_not_its_name(tmp_path):
    soundfile.write(tmp_path / "a.flac", tone(100), 8000)
    (tmp_path / "a.flac").rename(tmp_path / "a.wav")

    assert len(read_audio(tmp_path / "a.wav")[0]) == 100


def refused(tmp_path, content: bytes, limits: AudioLimits | None = None, name: str = "a.flac") -> str:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError) as error:
        read_audio(path, limits)
    assert str(path) in str(error.value)
    return str(error.value)


def test_what_is_no_sound_file_is_refused(tmp_path):
    assert "is empty (0 bytes)" in refused(tmp_path, b"", name="a.wav")
    assert "is no WAV, FLAC or OGG file" in refused(tmp_path, b"ID3\x04 an mp3", name="a.wav")
    assert "at most 10 are read" in refused(tmp_path, b"RIFF" + b"\0" * 40, AudioLimits(max_file_bytes=10))
    assert "cannot be decoded" in refused(tmp_path, b"fLaC" + b"\0" * 200)
    assert "cannot be decoded" in refused(tmp_path, b"OggS" + b"\xff" * 200, name="a.ogg")
    with pytest.raises(AudioError, match="is not there"):
        read_audio(tmp_path / "absent.wav")


def test_the_limits_hold_for_flac_too(tmp_path):
    soundfile.write(tmp_path / "b.flac", tone(16000, 2), 8000)
    content = (tmp_path / "b.flac").read_bytes()

    assert "2 channels" in refused(tmp_path, content, AudioLimits(max_channels=1))
    assert "lasts 2.0 s; at most 1 s" in refused(tmp_path, content, AudioLimits(max_seconds=1))
    assert "sample rate of 8000 Hz" in refused(tmp_path, content, AudioLimits(min_sample_rate_hz=16000))


def test_a_flac_file_that_is_cut_off_is_refused(tmp_path):
    soundfile.write(tmp_path / "b.flac", np.random.default_rng(1).uniform(-1, 1, 40_000), 8000)
    content = (tmp_path / "b.flac").read_bytes()

    message = refused(tmp_path, content[: len(content) // 2])

    assert "cut off" in message or "cannot be decoded" in message


def test_a_worker_that_hangs_is_stopped_and_the_next_file_gets_another(tmp_path, decoder):
    soundfile.write(tmp_path / "a.flac", tone(100), 8000)
    watched = decoder("import time; time.sleep(60)")
    watched._start_seconds = 0.3

    with pytest.raises(AudioError, match=r"a\.flac: the decoder took longer than its time limit and was stopped"):
        watched.decode(tmp_path / "a.flac", AudioLimits(worker_seconds=0.3))
    watched._command, watched._start_seconds = WORKER_COMMAND, 60

    assert len(watched.decode(tmp_path / "a.flac", AudioLimits())[0]) == 100


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "died"),
        ("input(); print('no json')", "an answer that is none"),
        ("""input(); print('{"n_bytes": 99999999999}')""", "more samples than the limits allow"),
        ("""input(); print('{"n_bytes": 100, "sample_rate_hz": 8000}')""", "died"),
        ("""input(); print('{"n_bytes": 1, "sample_rate_hz": 8000}' + chr(10) + 'xyz')""", "more than it announced"),
        ("input(); print('x' * 100000); input()", "an answer that is none"),
    ],
)
def test_a_worker_that_dies_or_talks_nonsense_costs_one_file(tmp_path, decoder, program, message):
    soundfile.write(tmp_path / "a.flac", tone(100), 8000)

    with pytest.raises(AudioError, match=message):
        decoder(program).decode(tmp_path / "a.flac", AudioLimits())


def test_one_worker_serves_file_after_file_and_is_replaced_when_killed(tmp_path, decoder):
    soundfile.write(tmp_path / "a.flac", tone(100), 8000)
    watched = decoder()
    watched.decode(tmp_path / "a.flac", AudioLimits())
    first = watched._process
    watched.decode(tmp_path / "a.flac", AudioLimits())
    assert watched._process is first

    first.kill()
    first.wait()
    assert len(watched.decode(tmp_path / "a.flac", AudioLimits())[0]) == 100
    assert watched._process is not first


# RLIMIT_AS is what caps the worker, and macOS takes the call and ignores it; CI is Linux, where this runs.
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its address space")
def test_a_file_that_needs_more_memory_than_the_cap_is_refused(tmp_path, decoder):
    soundfile.write(tmp_path / "a.flac", np.zeros(60_000_000, dtype=np.int16), 192_000)  # silence packs well
    limits = AudioLimits(max_seconds=1000, worker_bytes=320 * 2**20)
    watched = decoder()

    with pytest.raises(AudioError, match=r"a\.flac(:| cannot be decoded)"):
        watched.decode(tmp_path / "a.flac", limits)


def test_threads_share_the_worker_without_mixing_their_answers(tmp_path, decoder):
    for n_samples in (100, 200, 300, 400):
        soundfile.write(tmp_path / f"{n_samples}.flac", tone(n_samples), 8000)
    watched = decoder()
    found: dict[int, set[int]] = {100: set(), 200: set(), 300: set(), 400: set()}

    def decode_often(n_samples: int) -> None:
        for _ in range(20):
            found[n_samples].add(len(watched.decode(tmp_path / f"{n_samples}.flac", AudioLimits())[0]))

    threads = [threading.Thread(target=decode_often, args=(n,)) for n in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {n: {n} for n in found}


def test_the_worker_imports_neither_torch_nor_scipy():
    program = "import classical_baselines.data.decode_worker, sys; print({'torch', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
