# classical_baselines/data/recordings.py
"""Decoded recordings of a data set, kept in shards of the cache: a set is never in memory as a whole.

    samples   [sample]             one clip as its file has it (or the part of it that the manifest names): its own
                                   rate, its own length
    windows   [clip, sample]       at one rate, cut at the end, or padded with zeros after a clip's own end

A shard holds clips end to end, in the order of the manifest: as many as come to 8 MiB of sound files, 512 at most. The
key is every clip's name, and its file's size and time; beside a shard stand each clip's length, rate and the SHA-256 of
its samples, which is all that the content hash of a set asks for.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.audio_file import read_audio
from classical_baselines.data.cache import cache_folder
from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow
from classical_baselines.data.shards import Floats, Made, Shards, complete_shards

CLIPS_PER_SHARD = 512
MOST_BYTES_PER_SECOND = 2 * 48_000  # of a part of a file: 16 bits at 48 kHz
SECONDS_OF_ROUNDING = 0.05  # by which publishers' tables pass the end of a recording
FILE_BYTES_PER_SHARD = 2**23  # of sound files; 16-bit samples take twice that as floats, more where they are compressed


@dataclass(frozen=True, eq=False)
class Recordings:
    """The clips of a manifest, in its order."""

    shards: Shards
    shard_of: NDArray[np.int64]  # [clip]
    starts: NDArray[np.int64]  # [clip], the place of its first sample in its shard
    n_samples: NDArray[np.int64]  # [clip]
    rates_hz: NDArray[np.int64]  # [clip]
    hashes: tuple[str, ...]  # [clip], SHA-256 of the samples, as 32-bit floats

    def lengths(self, rate_hz: int, n_window: int) -> NDArray[np.int64]:
        """[clip], the samples that are a clip's own in a window at this rate."""
        divisors = np.gcd(self.rates_hz, rate_hz)
        up, down = rate_hz // divisors, self.rates_hz // divisors
        return np.minimum(-(-self.n_samples * up // down), n_window)  # what the polyphase filter gives, rounded up

    def windows(self, clips: NDArray[np.int64], rate_hz: int, n_window: int) -> Floats:
        """[clip, sample] of the clips named; each shard is mapped once, and of it those clips are read alone."""
        made = np.zeros((len(clips), n_window), dtype=np.float32)
        for number in np.unique(self.shard_of[clips]):
            shard = self.shards.mapped(int(number))
            for row in np.flatnonzero(self.shard_of[clips] == number):
                clip = clips[row]
                own = shard[self.starts[clip] : self.starts[clip] + self.n_samples[clip]]
                samples = resampled(own, int(self.rates_hz[clip]), rate_hz)[:n_window]
                made[row, : len(samples)] = samples
        return made


def decoded_recordings(manifest: Manifest) -> Recordings:
    """The recordings of a manifest; what the cache does not have of them is decoded."""
    parts = portions([_bytes_of(manifest, row) for row in manifest.rows])

    def decoded(number: int) -> Made:
        read = lru_cache(maxsize=1)(read_audio)  # clips of one file stand side by side
        sounds = [
            _part_of(manifest, manifest.rows[clip], *read(manifest.path(manifest.rows[clip]))) for clip in parts[number]
        ]
        samples = [np.ascontiguousarray(one, dtype="<f4") for one, _ in sounds]
        said = {
            "n_samples": [len(one) for one in samples],
            "rates_hz": [int(rate) for _, rate in sounds],
            "hashes": [hashlib.sha256(one.tobytes()).hexdigest() for one in samples],
        }
        return np.concatenate(samples), said

    shards = complete_shards(cache_folder() / "decoded" / _key(manifest), len(parts), decoded)
    lengths = [np.array(facts["n_samples"], dtype=np.int64) for facts in shards.facts]
    return Recordings(
        shards=shards,
        shard_of=np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        starts=np.concatenate([np.cumsum(part) - part for part in lengths]),
        n_samples=np.concatenate(lengths),
        rates_hz=np.concatenate([np.array(facts["rates_hz"], dtype=np.int64) for facts in shards.facts]),
        hashes=tuple(one for facts in shards.facts for one in facts["hashes"]),
    )


def _bytes_of(manifest: Manifest, row: ManifestRow) -> int:
    """Of the file, or what its part can come to."""
    n_bytes = manifest.path(row).stat().st_size
    return n_bytes if row.part is None else min(n_bytes, math.ceil((row.part[1] - row.part[0]) * MOST_BYTES_PER_SECOND))


def _part_of(manifest: Manifest, row: ManifestRow, samples: Floats, rate_hz: int) -> tuple[Floats, int]:
    """The samples of the part that the row names, and their rate."""
    if row.part is None:
        return samples, rate_hz
    begin, end = (round(seconds * rate_hz) for seconds in row.part)
    if begin >= len(samples) or end > len(samples) + rate_hz * SECONDS_OF_ROUNDING:
        raise ManifestError(
            f"{manifest.path(row)} lasts {len(samples) / rate_hz:g} s, and its clip goes from {row.part[0]:g} to "
            f"{row.part[1]:g} s. Mend the row, or restore the file."
        )
    return samples[begin:end], rate_hz


def portions(n_bytes: Sequence[int]) -> list[range]:
    """Clips that share a shard: one after another, until the next would pass a limit.

    >>> portions([2**22, 2**22, 1, 2**24, 5])
    [range(0, 2), range(2, 3), range(3, 4), range(4, 5)]
    """
    made, first, held = [], 0, 0
    for clip, size in enumerate(n_bytes):
        if clip > first and (clip - first == CLIPS_PER_SHARD or held + size > FILE_BYTES_PER_SHARD):
            made.append(range(first, clip))
            first, held = clip, 0
        held += size
    return [*made, range(first, len(n_bytes))]


def resampled(samples: Floats, from_hz: int, to_hz: int) -> Floats:
    """The samples (last axis) at another rate, by scipy's polyphase filter."""
    if from_hz == to_hz:
        return samples
    from scipy.signal import resample_poly

    divisor = int(np.gcd(from_hz, to_hz))
    return np.asarray(resample_poly(samples, to_hz // divisor, from_hz // divisor, axis=-1), dtype=np.float32)


def _key(manifest: Manifest) -> str:
    digest = hashlib.sha256(b"decoded/2")
    for row in manifest.rows:
        stat = manifest.path(row).stat()
        digest.update(f"{row.name}\x1f{stat.st_size}\x1f{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
