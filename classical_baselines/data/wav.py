# classical_baselines/data/wav.py
"""A bounded reader of RIFF WAVE files: every limit is checked on the header, before a sample is decoded.

    PCM of 8 (unsigned), 16, 24, 32 bit; IEEE float of 32, 64 bit; plain or WAVE_FORMAT_EXTENSIBLE
    integer x of b bits becomes x / 2^(b-1); 8-bit PCM is (x - 128) / 128; floats stay as they are
    channels are mixed down by their mean

The size field of the RIFF header is ignored (many writers leave it wrong); the sizes of the chunks are not.
Chunks that are not `fmt ` or `data` are stepped over unread.

Reference: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991); Multiple channel
audio data and WAVE files (Microsoft, 2001) for WAVE_FORMAT_EXTENSIBLE.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from classical_baselines.data.audio_limits import AudioError, AudioLimits

Samples = np.ndarray[Any, np.dtype[np.float32]]

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # of KSDATAFORMAT_SUBTYPE_*, after the format tag
_MAX_CHUNKS = 1024
_MEND = "Write it again as 16-bit PCM WAV or as FLAC"


@dataclass(frozen=True)
class WavFormat:
    """What the `fmt ` chunk says."""

    is_float: bool
    n_channels: int
    sample_rate_hz: int
    n_bits: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.n_channels * self.n_bits // 8


def read_wav(content: bytes, name: str, limits: AudioLimits) -> tuple[Samples, int]:
    """Decode the bytes of one WAV file to mono samples in float32 and their rate; `name` is for the message."""
    wav_format, data = _find_chunks(content, name)
    if len(data) % wav_format.frame_bytes:
        raise AudioError(
            f"{name}: the sound ends inside a sample ({len(data)} bytes, {wav_format.frame_bytes} bytes a sample), "
            f"so the file is cut off or damaged. Fetch it again, or leave it out."
        )
    n_frames = len(data) // wav_format.frame_bytes
    limits.check_sound(name, wav_format.n_channels, wav_format.sample_rate_hz, n_frames)
    samples = _decode(data, wav_format).reshape(n_frames, wav_format.n_channels)
    mono = samples[:, 0] if wav_format.n_channels == 1 else samples.mean(axis=1)
    return limits.check_samples(name, mono), wav_format.sample_rate_hz


def _find_chunks(content: bytes, name: str) -> tuple[WavFormat, memoryview]:
    """The format and the bytes of the data chunk."""
    if len(content) < 12 or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise AudioError(f"{name} is not a RIFF WAVE file. {_MEND}.")
    view = memoryview(content)
    wav_format: WavFormat | None = None
    position = 12
    for _ in range(_MAX_CHUNKS):
        if position + 8 > len(content):
            break
        chunk, size = struct.unpack_from("<4sI", content, position)
        begin, end = position + 8, position + 8 + size
        if end > len(content):
            raise AudioError(
                f"{name}: its {chunk.decode('latin-1')!r} chunk claims {size} bytes, of which {len(content) - begin} "
                f"are there. The file is cut off or damaged: fetch it again, or leave it out."
            )
        if chunk == b"fmt ":
            if wav_format is not None:
                raise AudioError(f"{name} has two format chunks. {_MEND}.")
            wav_format = _parse_format(content[begin:end], name)
        elif chunk == b"data":
            if wav_format is None:
                raise AudioError(f"{name}: the sound comes before its format. {_MEND}.")
            return wav_format, view[begin:end]
        position = end + size % 2  # chunks start at even bytes
    missing = "sound (no data chunk)" if wav_format else "format (no fmt chunk)"
    raise AudioError(f"{name} has no {missing} among its first {_MAX_CHUNKS} chunks. {_MEND}.")


def _parse_format(chunk: bytes, name: str) -> WavFormat:
    if len(chunk) < 16:
        raise AudioError(f"{name}: its format chunk has {len(chunk)} bytes; 16 or more are needed. {_MEND}.")
    tag, n_channels, rate, _bytes_per_second, frame_bytes, n_bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE:
        if len(chunk) < 40 or chunk[26:40] != _SUBFORMAT_TAIL:
            raise AudioError(f"{name}: its extensible format names no known coding. {_MEND}.")
        (tag,) = struct.unpack_from("<H", chunk, 24)
    if (tag, n_bits) not in {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}:
        raise AudioError(
            f"{name} is coded as format {tag:#06x} with {n_bits} bits; read are PCM of 8, 16, 24 or 32 bits and "
            f"float of 32 or 64. {_MEND}."
        )
    if n_channels < 1 or frame_bytes != n_channels * n_bits // 8:
        raise AudioError(
            f"{name}: {n_channels} channels of {n_bits} bits do not make the {frame_bytes} bytes a sample that its "
            f"header states. {_MEND}."
        )
    return WavFormat(tag == _FLOAT, n_channels, rate, n_bits)


def _decode(data: memoryview, wav_format: WavFormat) -> np.ndarray[Any, Any]:
    """All samples of all channels, interleaved."""
    if wav_format.is_float:
        return np.frombuffer(data, dtype=f"<f{wav_format.n_bits // 8}")
    if wav_format.n_bits == 8:
        return (np.frombuffer(data, dtype=np.uint8).astype(np.float32) - 128) / 128
    if wav_format.n_bits == 24:
        padded = np.zeros((len(data) // 3, 4), dtype=np.uint8)  # the low byte is 0: a 32-bit sample
        padded[:, 1:] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        return padded.view("<i4")[:, 0] / np.float64(2**31)
    integers = np.frombuffer(data, dtype=f"<i{wav_format.n_bits // 8}")
    return integers / np.float64(2 ** (wav_format.n_bits - 1))
