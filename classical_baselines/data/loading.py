# classical_baselines/data/loading.py
"""From a data set to `Clips`: decoded, brought to one rate and one length, hashed by content.

    waveform   [clip, sample]   float32 in [-1, 1] as recorded (a resampled peak may pass 1 a little); cut at the end,
                                or padded with zeros after a clip's own end

The content hash is over the samples as decoded, the labels, groups and folds: it does not depend on where the set lies
nor on its file format, so a WAV and its FLAC twin are the same recording. Decoded samples are kept in a cache folder
(TRICHORD_CACHE, or the user's), keyed by the manifest and every file's size and time; a cache that cannot be read or
written only costs time.
"""

import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from classical_baselines.data.audio_file import read_audio
from classical_baselines.data.catalogue import DATA_SETS, find_manifest
from classical_baselines.data.manifest import Manifest, read_manifest
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips


@dataclass(frozen=True)
class Recordings:
    """Decoded clips, end to end: clip i is samples[starts[i] : starts[i + 1]]."""

    samples: NDArray[np.float32]
    starts: NDArray[np.int64]  # [clip + 1]
    rates_hz: NDArray[np.int64]  # [clip]


def load_clips(
    name: str, data_root: Path | str | None, clip_seconds: float | None = None, sample_rate_hz: int | None = None
) -> Clips:
    """The clips of a catalogue set, or of a folder with a `meta.csv` (a name that is a path).

    `clip_seconds` and `sample_rate_hz` default to the catalogue's; a folder needs `clip_seconds`.
    """
    if name == "synthetic":
        from classical_baselines.data.synthetic import synthetic_clips

        return _refitted(synthetic_clips(), clip_seconds, sample_rate_hz)
    if name in DATA_SETS:
        entry = DATA_SETS[name]
        manifest = find_manifest(name, data_root)
        clip_seconds = clip_seconds or entry.clip_seconds
    else:
        folder = Path(name)
        if not folder.is_dir():
            known = ", ".join(sorted(DATA_SETS))
            raise InputError(f"{name!r} is neither a data set ({known}) nor a folder that is there.")
        manifest = read_manifest(folder)
        if clip_seconds is None:
            raise InputError(f"{folder}: say how long a clip is: clip_seconds in [data] of the study.")
    return _clips_of(manifest, _recordings(manifest), clip_seconds, sample_rate_hz)


def _clips_of(manifest: Manifest, found: Recordings, clip_seconds: float, sample_rate_hz: int | None) -> Clips:
    rows = manifest.rows
    rate_hz = sample_rate_hz or int(np.bincount(found.rates_hz).argmax())
    n_window = round(clip_seconds * rate_hz)
    waveform = np.zeros((len(rows), n_window), dtype=np.float32)
    n_samples = np.zeros(len(rows), dtype=np.int64)
    for index in range(len(rows)):
        samples = found.samples[found.starts[index] : found.starts[index + 1]]
        samples = resampled(samples, int(found.rates_hz[index]), rate_hz)[:n_window]
        waveform[index, : len(samples)] = samples
        n_samples[index] = len(samples)
    return Clips(
        inputs={"waveform": torch.from_numpy(waveform)},
        n_samples=torch.from_numpy(n_samples),
        targets=torch.tensor([manifest.label_names.index(row.label) for row in rows]),
        groups=tuple(row.speaker_or_group for row in rows),
        folds=tuple(row.fold_or_split for row in rows),
        names=tuple(row.file for row in rows),
        label_names=manifest.label_names,
        sample_rate_hz=rate_hz,
        content_hash=content_hash(manifest, found),
    )


def _refitted(clips: Clips, clip_seconds: float | None, sample_rate_hz: int | None) -> Clips:
    """Clips that are there already, at another length or rate."""
    rate_hz = sample_rate_hz or clips.sample_rate_hz
    n_window = round((clip_seconds or clips.waveform.shape[1] / clips.sample_rate_hz) * rate_hz)
    if (rate_hz, n_window) == (clips.sample_rate_hz, clips.waveform.shape[1]):
        return clips
    waveform = np.zeros((len(clips), n_window), dtype=np.float32)
    samples = resampled(clips.waveform.numpy(), clips.sample_rate_hz, rate_hz)[:, :n_window]
    waveform[:, : samples.shape[1]] = samples
    n_samples = torch.full((len(clips),), samples.shape[1])
    return replace(clips, inputs={"waveform": torch.from_numpy(waveform)}, n_samples=n_samples, sample_rate_hz=rate_hz)


def resampled(samples: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """The samples (last axis) at another rate, by scipy's polyphase filter."""
    if from_hz == to_hz:
        return samples
    from scipy.signal import resample_poly

    divisor = int(np.gcd(from_hz, to_hz))
    return np.asarray(resample_poly(samples, to_hz // divisor, from_hz // divisor, axis=-1), dtype=np.float32)


def content_hash(manifest: Manifest, found: Recordings) -> str:
    """SHA-256 over each clip's decoded samples, rate, label, group and fold, in order of the manifest."""
    digest = hashlib.sha256()
    for index, row in enumerate(manifest.rows):
        samples = np.ascontiguousarray(found.samples[found.starts[index] : found.starts[index + 1]], dtype="<f4")
        text = "\x1f".join([str(found.rates_hz[index]), row.label, row.speaker_or_group, row.fold_or_split])
        digest.update(text.encode() + b"\x1e" + hashlib.sha256(samples.tobytes()).digest())
    return digest.hexdigest()


def _recordings(manifest: Manifest) -> Recordings:
    """The decoded clips of a manifest, from the cache where it has them."""
    from classical_baselines.data.cache import cache_folder

    path = cache_folder() / "decoded" / f"{_cache_key(manifest)}.npz"
    cached = _read_cache(path, len(manifest.rows))
    if cached is not None:
        return cached
    decoded = [read_audio(manifest.path(row)) for row in manifest.rows]
    found = _joined([samples for samples, _ in decoded], [rate for _, rate in decoded])
    _write_cache(path, found)
    return found


def _joined(samples: Sequence[NDArray[np.float32]], rates_hz: Sequence[int]) -> Recordings:
    starts = np.concatenate([[0], np.cumsum([len(part) for part in samples])]).astype(np.int64)
    return Recordings(np.concatenate(samples), starts, np.array(rates_hz, dtype=np.int64))


def _cache_key(manifest: Manifest) -> str:
    digest = hashlib.sha256(b"decoded/1")
    for row in manifest.rows:
        stat = (manifest.folder / row.file).stat()
        digest.update(f"{row.file}\x1f{stat.st_size}\x1f{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _read_cache(path: Path, n_clips: int) -> Recordings | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = Recordings(stored["samples"], stored["starts"], stored["rates_hz"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    complete = len(found.starts) == n_clips + 1 and found.starts[-1] == len(found.samples)
    return found if complete and len(found.rates_hz) == n_clips else None


def _write_cache(path: Path, found: Recordings) -> None:
    arrays: dict[str, Any] = {"samples": found.samples, "starts": found.starts, "rates_hz": found.rates_hz}
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            partial = Path(file.name)
            np.savez(file, **arrays)
        partial.replace(path)
    except OSError:
        return
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
