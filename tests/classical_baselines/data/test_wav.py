# tests/classical_baselines/data/test_wav.py
"""WAV files: samples against soundfile and sums on paper, limits before decoding, hostile bytes."""

import io
import struct
import time
import tracemalloc

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.audio_limits import AudioError, AudioLimits
from classical_baselines.data.wav import read_wav
from classical_baselines.harness.choices import InputError

LIMITS = AudioLimits()


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def fmt(tag=1, n_channels=1, rate=8000, n_bits=16, frame_bytes=None) -> tuple[bytes, bytes]:
    frame_bytes = n_channels * n_bits // 8 if frame_bytes is None else frame_bytes
    return b"fmt ", struct.pack("<HHIIHH", tag, n_channels, rate, rate * frame_bytes % 2**32, frame_bytes, n_bits)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_every_coding_is_read_as_soundfile_reads_it(subtype, container, n_channels):
    written = np.random.default_rng(7).uniform(-1, 1, (101, n_channels))
    file = io.BytesIO()
    soundfile.write(file, written, 11025, subtype=subtype, format=container)
    file.seek(0)
    expected, _ = soundfile.read(file, dtype="float64", always_2d=True)

    samples, rate = read_wav(file.getvalue(), "a.wav", LIMITS)

    assert (samples.dtype, rate) == (np.float32, 11025)
    np.testing.assert_allclose(samples, expected.mean(axis=1), atol=1e-7)


def test_sixteen_bit_samples_are_divided_by_32768():
    data = struct.pack("<4h", -32768, 0, 16384, 32767)

    samples, _ = read_wav(riff(fmt(), (b"data", data)), "a.wav", LIMITS)

    assert samples.tolist() == [-1, 0, 0.5, 32767 / 32768]


def test_chunks_of_odd_length_are_stepped_over_with_their_padding():
    content = riff((b"LIST", b"odd"), fmt(), (b"junk", b"x"), (b"data", struct.pack("<2h", 1, 2)), (b"tail", b"?"))

    assert (read_wav(content, "a.wav", LIMITS)[0] * 32768).tolist() == [1, 2]


SOUND = (b"data", struct.pack("<8h", *range(8)))
FLOAT = fmt(tag=3, n_bits=32)
HOSTILE = {
    "is not a RIFF WAVE file": b"RIFX" + b"\0" * 60,
    "no format": riff((b"LIST", b"abcd")),
    r"no sound \(no data chunk\)": riff(fmt()),
    "comes before its format": riff(SOUND, fmt()),
    "two format chunks": riff(fmt(), fmt(), SOUND),
    "'data' chunk claims 16 bytes, of which 15": riff(fmt(), SOUND)[:-1],
    "claims 4294967295 bytes": riff(fmt(), SOUND).replace(struct.pack("<I", 16) + SOUND[1], b"\xff" * 4 + SOUND[1]),
    "ends inside a sample": riff(fmt(n_channels=2), (b"data", b"\0" * 10)),
    r"no sound \(0 samples\)": riff(fmt(), (b"data", b"")),
    "format chunk has 14 bytes": riff((b"fmt ", fmt()[1][:14]), SOUND),
    "format 0x0002 with 16 bits": riff(fmt(tag=2), SOUND),
    "with 12 bits": riff(fmt(n_bits=12), SOUND),
    "0 channels": riff(fmt(n_channels=0), SOUND),
    "do not make the 3 bytes": riff(fmt(frame_bytes=3), SOUND),
    "9 channels; 1 to 8": riff(fmt(n_channels=9, n_bits=8), (b"data", b"\0" * 18)),
    "rate of 0 Hz": riff(fmt(rate=0), SOUND),
    "rate of 4294967295 Hz": riff(fmt(rate=2**32 - 1), SOUND),
    "names no known coding": riff((b"fmt ", fmt(tag=0xFFFE)[1] + b"\0" * 24), SOUND),
    r"NaN or infinite samples \(the first at 1\)": riff(FLOAT, (b"data", struct.pack("<2f", 0, np.nan))),
    "NaN or infinite": riff(fmt(tag=3, n_bits=64), (b"data", struct.pack("<2d", -np.inf, 0))),
    "samples of up to 3e": riff(FLOAT, (b"data", struct.pack("<2f", 0, 3e4))),
    "lasts 0.2 s; at most 0.1 s": riff(fmt(), (b"data", b"\0" * 3200)),
}


@pytest.mark.parametrize("message", HOSTILE)
def test_a_file_that_cannot_be_taken_is_refused_by_name_and_with_a_mend(message):
    limits = AudioLimits(max_seconds=0.1)

    with pytest.raises(InputError, match=message) as refused:
        read_wav(HOSTILE[message], "bad.wav", limits)

    assert str(refused.value).startswith("bad.wav")
    assert any(mend in str(refused.value) for mend in ("Write it", "etch it", "eave it out", " first."))


def test_a_header_that_announces_much_costs_no_memory():
    content = riff(fmt(n_channels=8, n_bits=32), (b"data", b"\0" * 2**20))
    tracemalloc.start()
    with pytest.raises(AudioError, match="at most"):
        read_wav(content, "a.wav", AudioLimits(max_seconds=0.01))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 100_000


def test_a_file_of_nothing_but_empty_chunks_is_given_up_soon():
    content = riff(fmt(), *[(b"junk", b"")] * 200_000)
    start = time.perf_counter()

    with pytest.raises(AudioError, match="1024 chunks"):
        read_wav(content, "a.wav", LIMITS)

    assert time.perf_counter() - start < 1


VALID = riff((b"LIST", b"abc"), fmt(n_channels=2, n_bits=24), (b"data", bytes(range(60))), (b"cue ", b"\0" * 4))


@given(
    st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(VALID)),
    st.sampled_from([VALID, riff(fmt(tag=3, n_bits=32), (b"data", bytes(range(64))))]),
)
@settings(max_examples=600, deadline=1000)
def test_mutated_bytes_give_sound_within_the_limits_or_the_one_error(changes, length, valid):
    mutated = bytearray(valid)
    for position, value in changes:
        mutated[position % len(valid)] = value
    try:
        samples, rate = read_wav(bytes(mutated[:length] if length % 3 == 0 else mutated), "fuzz.wav", LIMITS)
    except AudioError as error:
        assert "fuzz.wav" in str(error)
    else:
        assert 0 < len(samples) <= len(valid)
        assert LIMITS.min_sample_rate_hz <= rate <= LIMITS.max_sample_rate_hz
        assert np.isfinite(samples).all()


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=1000)
def test_random_bytes_after_a_true_beginning_are_refused_or_read(tail):
    try:
        samples, _ = read_wav(b"RIFF\0\0\0\0WAVE" + tail, "fuzz.wav", LIMITS)
    except AudioError:
        return
    assert np.isfinite(samples).all()
