# classical_baselines/data/loading.py
"""From a data set to `Clips`: decoded, brought to one rate and one length, hashed by content.

    waveform   [clip, sample]   float32 in [-1, 1] as recorded (a resampled peak may pass 1 a little); cut at the end,
                                or padded with zeros after a clip's own end

The content hash is over the samples as decoded, the labels, groups and folds: it does not depend on where the set lies
nor on its file format, so a WAV and its FLAC twin are the same recording. Decoded samples are kept in shards of the
cache (`recordings`). A set that is small enough is held in memory; of a larger one, windows are read when they are
asked for (`harness.streamed_rows`). Both are the same numbers.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch

from classical_baselines.data.catalogue import find_manifest, known_data_set
from classical_baselines.data.event_recordings import event_clips, event_files
from classical_baselines.data.manifest import Manifest, read_manifest
from classical_baselines.data.recordings import Recordings, decoded_recordings
from classical_baselines.data.sets import DATA_SETS
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.streamed_rows import Rows, StreamedRows, fits_in_memory


def load_clips(
    name: str, data_root: Path | str | None, clip_seconds: float | None = None, sample_rate_hz: int | None = None
) -> Clips:
    """The clips of a catalogue set, or of a folder with a `meta.csv` or event recordings (a name that is a path).

    `clip_seconds` and `sample_rate_hz` default to the catalogue's; a folder needs `clip_seconds`.
    """
    entry = known_data_set(name)
    if entry is not None and entry.makes is not None:
        return entry.makes(data_root, clip_seconds, sample_rate_hz)
    if entry is not None:
        manifest = find_manifest(name, data_root)
        clip_seconds = clip_seconds or entry.clip_seconds
    else:
        folder = Path(name)
        if not folder.is_dir():
            known = ", ".join(sorted(DATA_SETS))
            raise InputError(f"{name!r} is neither a data set ({known}) nor a folder that is there.")
        if event_files(folder):
            return event_clips(folder, clip_seconds, sample_rate_hz)
        manifest = read_manifest(folder)
        if clip_seconds is None:
            raise InputError(f"{folder}: say how long a clip is: clip_seconds in [data] of the study.")
    return _clips_of(manifest, decoded_recordings(manifest), clip_seconds, sample_rate_hz)


def _clips_of(manifest: Manifest, found: Recordings, clip_seconds: float, sample_rate_hz: int | None) -> Clips:
    rows, label_names = manifest.rows, manifest.label_names
    number_of = {label: number for number, label in enumerate(label_names)}
    rate_hz = sample_rate_hz or int(np.bincount(found.rates_hz).argmax())
    n_window = round(clip_seconds * rate_hz)
    return Clips(
        inputs={"waveform": _windows(found, rate_hz, n_window)},
        n_samples=torch.from_numpy(found.lengths(rate_hz, n_window)),
        targets=torch.tensor([number_of[row.label] for row in rows]),
        groups=tuple(row.speaker_or_group for row in rows),
        folds=tuple(row.fold_or_split for row in rows),
        names=tuple(row.name for row in rows),
        label_names=label_names,
        sample_rate_hz=rate_hz,
        content_hash=content_hash(manifest, found),
    )


def _windows(found: Recordings, rate_hz: int, n_window: int) -> Rows:
    """[clip, sample] of all clips: in memory, or read when they are asked for."""
    shape = (len(found.hashes), n_window)
    streamed = StreamedRows(lambda clips: torch.from_numpy(found.windows(clips.numpy(), rate_hz, n_window)), shape)
    return streamed[:] if fits_in_memory(shape) else streamed


def content_hash(manifest: Manifest, found: Recordings) -> str:
    """SHA-256 over each clip's decoded samples, rate, label, group and fold, in order of the manifest."""
    digest = hashlib.sha256()
    for index, row in enumerate(manifest.rows):
        text = "\x1f".join([str(found.rates_hz[index]), row.label, row.speaker_or_group, row.fold_or_split])
        digest.update(text.encode() + b"\x1e" + bytes.fromhex(found.hashes[index]))
    return digest.hexdigest()
