# classical_baselines/data/wav.py
"""A bounded reader of WAV files: every limit is checked on the header, before a sample is decoded.

RIFF/WAVE with PCM of 8 (unsigned), 16, 24 or 32 bits, IEEE float of 32 or 64 bits, and WAVE_FORMAT_EXTENSIBLE around
either. Chunks are walked with bounded steps, unknown ones are skipped; a chunk that reaches past the end of the file is
an error, not a guess. Integers are divided by 2^(bits - 1), so samples lie in [-1, 1).

Reference: Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991); the EXTENSIBLE
format: mmreg.h.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError

PCM, FLOAT, EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
N_CHUNKS_LIMIT = 4096  # a real file has a handful


class AudioFileError(InputError):
    """A sound file that cannot be read; the message names the file and the mend."""


@dataclass(frozen=True)
class AudioLimits:
    """What a file may hold, checked before it is decoded."""

    n_bytes: int = 256 * 2**20
    n_channels: int = 8
    lowest_rate_hz: int = 1_000
    highest_rate_hz: int = 384_000
    seconds: float = 600.0


def read_wav(path: Path, limits: AudioLimits) -> tuple[NDArray[np.float32], int]:
    """Samples [sample, channel] in [-1, 1] and the rate in Hz; AudioFileError otherwise."""
    size = path.stat().st_size
    if size > limits.n_bytes:
        raise AudioFileError(f"{path}: {size} bytes; at most {limits.n_bytes} are read. Cut the recording.")
    content = path.read_bytes()
    layout, n_channels, rate_hz, data = _parse(path, content)
    _check_header(path, n_channels, rate_hz, limits)
    frame_bytes = layout.itemsize * n_channels if layout is not None else 3 * n_channels
    if len(data) % frame_bytes:
        raise AudioFileError(f"{path}: truncated: the last sample is incomplete. Copy the file again.")
    n_samples = len(data) // frame_bytes
    if n_samples == 0:
        raise AudioFileError(f"{path}: holds no sample (zero length). Remove the file or record it again.")
    if n_samples > limits.seconds * rate_hz:
        raise AudioFileError(f"{path}: {n_samples / rate_hz:.0f} s; at most {limits.seconds:.0f} s are read. Cut it.")
    samples = _decode(layout, data).reshape(n_samples, n_channels)
    if not np.isfinite(samples).all():
        raise AudioFileError(f"{path}: holds NaN or infinite samples. Export it again as 16-bit PCM.")
    if np.abs(samples).max() > 1e4:
        raise AudioFileError(f"{path}: samples of up to {np.abs(samples).max():.3g}; full scale is 1. Export it again.")
    return samples, rate_hz


def _parse(path: Path, content: bytes) -> tuple[np.dtype[Any] | None, int, int, memoryview]:
    """(sample layout or None for 24 bits, channels, rate, sample bytes) from the chunks of the file."""
    if len(content) < 12 or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise AudioFileError(f"{path}: not a WAV file (no RIFF/WAVE header). Convert it to WAV or FLAC.")
    header: tuple[np.dtype[Any] | None, int, int] | None = None
    place = 12
    for _ in range(N_CHUNKS_LIMIT):
        if place + 8 > len(content):
            break
        name, size = content[place : place + 4], struct.unpack_from("<I", content, place + 4)[0]
        body = place + 8
        if body + size > len(content):
            raise AudioFileError(
                f"{path}: truncated: chunk {name!r} names {size} bytes, {len(content) - body} follow. Copy it again."
            )
        if name == b"fmt ":
            header = _format(path, content[body : body + size])
        elif name == b"data":
            if header is None:
                raise AudioFileError(f"{path}: the samples come before the format. Convert the file again.")
            return (*header, memoryview(content)[body : body + size])
        place = body + size + size % 2  # chunks are padded to even length
    raise AudioFileError(f"{path}: no chunk of samples was found. Copy or convert the file again.")


def _format(path: Path, chunk: bytes) -> tuple[np.dtype[Any] | None, int, int]:
    if len(chunk) < 16:
        raise AudioFileError(
            f"{path}: the format chunk has {len(chunk)} bytes; at least 16 are needed. Convert it again."
        )
    code, n_channels, rate_hz, _, _, n_bits = struct.unpack_from("<HHIIHH", chunk)
    if code == EXTENSIBLE:
        if len(chunk) < 40:
            raise AudioFileError(
                f"{path}: an extensible format of {len(chunk)} bytes; 40 are needed. Convert it again."
            )
        code = struct.unpack_from("<H", chunk, 24)[0]
    layouts: dict[tuple[int, int], np.dtype[Any] | None] = {
        (PCM, 8): np.dtype("u1"),
        (PCM, 16): np.dtype("<i2"),
        (PCM, 24): None,
        (PCM, 32): np.dtype("<i4"),
        (FLOAT, 32): np.dtype("<f4"),
        (FLOAT, 64): np.dtype("<f8"),
    }
    if (code, n_bits) not in layouts:
        raise AudioFileError(
            f"{path}: format {code} with {n_bits} bits is not read; PCM of 8 to 32 bits and float are. "
            "Convert it to 16-bit PCM."
        )
    return layouts[code, n_bits], n_channels, rate_hz


def _check_header(path: Path, n_channels: int, rate_hz: int, limits: AudioLimits) -> None:
    if not 1 <= n_channels <= limits.n_channels:
        raise AudioFileError(f"{path}: {n_channels} channels; 1 to {limits.n_channels} are read. Mix it down.")
    if not limits.lowest_rate_hz <= rate_hz <= limits.highest_rate_hz:
        raise AudioFileError(
            f"{path}: a rate of {rate_hz} Hz; {limits.lowest_rate_hz} to {limits.highest_rate_hz} are read. Resample."
        )


def _decode(layout: np.dtype[Any] | None, data: memoryview) -> NDArray[np.float32]:
    if layout is None:  # 24 bits: three bytes, little-endian, into the upper part of 32
        raw = np.frombuffer(data, dtype="u1").reshape(-1, 3)
        wide = np.zeros((len(raw), 4), dtype="u1")
        wide[:, 1:] = raw
        return (wide.view("<i4")[:, 0] / np.float64(2**31)).astype(np.float32)
    raw = np.frombuffer(data, dtype=layout)
    if layout.kind == "f":
        return raw.astype(np.float32)
    if layout.itemsize == 1:
        return ((raw.astype(np.float32) - 128) / 128).astype(np.float32)
    return (raw / np.float64(2 ** (8 * layout.itemsize - 1))).astype(np.float32)
