# classical_baselines/data/event_recordings.py
"""Recordings that are address events already, in the layout of the Spiking Heidelberg Digits and Speech Commands.

    FOLDER/shd_train.h5, shd_test.h5    one HDF5 file per part: its name ends in train, valid or test
    spikes/times     per clip a list of seconds
    spikes/units     per clip the unit of each event, 0 ... n_units - 1
    labels           [clip], whole numbers
    extra/speaker    [clip], where there are any
    extra/keys       names of the labels, where there are any

A study names the folder: `folder = "path/to/SHD"` in [data], with `clip_seconds`, and with `sample_rate_hz` as the
steps per second: an event at t seconds falls into step floor(t * sample_rate_hz), and what falls after `clip_seconds`
is cut.

    events   [clip, step * unit]   how many events fell; as `Clips` hold samples: sample = step * n_units + unit, so
                                   that their sample_rate_hz is n_units times the steps per second

The front end `events` gives the two axes back, and the encoder `events` hands the events on as spikes. A clip is read
when it is asked for; n_units is one more than the largest unit of all parts.

Reference: Cramer, Stradmann, Schemmel & Zenke, IEEE TNNLS 33 (2022), 2744-2757.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from classical_baselines.data.manifest import ManifestError
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.streamed_rows import StreamedRows, fits_in_memory

PARTS: Mapping[str, str] = {"train": "train", "valid": "val", "test": "test"}  # end of a file's name: part of the split
MOST_STEPS_PER_SECOND = 100_000
MOST_UNITS = 2**16


def event_files(folder: Path) -> dict[str, Path]:
    """The files of a folder by part, train first; empty where it holds no event recordings."""
    found: dict[str, Path] = {}
    for ending, part in PARTS.items():
        paths = sorted([*folder.glob(f"*{ending}.h5"), *folder.glob(f"*{ending}.hdf5")])
        if len(paths) > 1:
            raise ManifestError(f"{folder}: {paths[0].name} and {paths[1].name} are both of the part {part}. Keep one.")
        if paths:
            found[part] = paths[0]
    return found


def event_clips(folder: Path, clip_seconds: float | None, steps_per_second: int | None) -> Clips:
    """All clips of a folder of event recordings, binned to steps."""
    if clip_seconds is None or steps_per_second is None:
        raise InputError(
            f"{folder} holds event recordings: say how long a clip is and how many steps a second has, by clip_seconds "
            "and sample_rate_hz in [data] of the study (1.0 and 100: a hundred steps of 10 ms)."
        )
    if not 1 <= steps_per_second <= MOST_STEPS_PER_SECOND:
        raise InputError(f"sample_rate_hz of events must be 1 to {MOST_STEPS_PER_SECOND}; got {steps_per_second}.")
    n_steps = round(clip_seconds * steps_per_second)
    if n_steps < 1:
        raise InputError(
            f"clip_seconds of {clip_seconds} hold no step of 1 / {steps_per_second} s. Choose longer ones."
        )
    parts = [_Part(part, path) for part, path in event_files(folder).items()]
    n_units = 1 + max(part.largest_unit for part in parts)
    labels = np.concatenate([part.labels for part in parts])
    numbers = np.unique(labels)
    first = np.cumsum([0, *(len(part.labels) for part in parts)])

    def read(indices: Tensor) -> Tensor:
        rows = np.zeros((len(indices), n_steps * n_units), dtype=np.float32)
        for row, index in zip(rows, indices.tolist(), strict=True):
            number = int(np.searchsorted(first, index, side="right")) - 1
            parts[number].add_to(row, index - int(first[number]), n_units, steps_per_second)
        return torch.from_numpy(rows)

    events = StreamedRows(read, (len(labels), n_steps * n_units))
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.name}\x1f{part.path.name}\x1e".encode())
        with part.path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return Clips(
        inputs={"waveform": events[:] if fits_in_memory(events.shape) else events},
        n_samples=torch.full((len(labels),), n_steps * n_units),
        targets=torch.from_numpy(np.searchsorted(numbers, labels)),
        groups=tuple(speaker for part in parts for speaker in part.speakers),
        folds=tuple(part.name for part in parts for _ in part.labels),
        names=tuple(f"{part.path.name}#{clip}" for part in parts for clip in range(len(part.labels))),
        label_names=tuple(parts[0].label_names.get(number, str(number)) for number in numbers.tolist()),
        sample_rate_hz=n_units * steps_per_second,
        content_hash=digest.hexdigest(),
    )


class _Part:
    """One file: checked when it is opened, its events read clip by clip."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        h5py = _h5py()
        try:
            with h5py.File(path, "r") as file:
                absent = [key for key in ("spikes/times", "spikes/units", "labels") if key not in file]
                if absent:
                    raise ManifestError(
                        f"{path} has no {absent[0]}. Event recordings have spikes/times, spikes/units and labels."
                    )
                self.labels = np.asarray(file["labels"][:]).astype(np.int64)
                n_clips = {len(self.labels), len(file["spikes/times"]), len(file["spikes/units"])}
                if len(n_clips) > 1 or not len(self.labels):
                    raise ManifestError(
                        f"{path}: labels, spikes/times and spikes/units must be of equally many clips, at least one; "
                        f"got {len(self.labels)}, {len(file['spikes/times'])} and {len(file['spikes/units'])}."
                    )
                self.speakers = self._speakers(file)
                keys = [_text(key) for key in file["extra/keys"][:]] if "extra/keys" in file else []
                self.largest_unit = max(self._checked(file, clip) for clip in range(len(self.labels)))
        except OSError as error:
            raise ManifestError(f"{path} is not readable as HDF5 ({error}). Copy it from its archive.") from error
        self.label_names = dict(enumerate(keys))
        self._file: Any = None

    def _speakers(self, file: Any) -> tuple[str, ...]:
        if "extra/speaker" not in file:
            return ("",) * len(self.labels)
        speakers = file["extra/speaker"][:]
        if len(speakers) != len(self.labels):
            raise ManifestError(f"{self.path}: extra/speaker has {len(speakers)} entries for {len(self.labels)} clips.")
        return tuple(_text(speaker) for speaker in speakers)

    def _checked(self, file: Any, clip: int) -> int:
        """The largest unit of a clip, -1 where it is silent."""
        times, units = file["spikes/times"][clip], file["spikes/units"][clip]
        if len(times) != len(units):
            raise ManifestError(f"{self.path}, clip {clip}: {len(times)} times and {len(units)} units.")
        if not len(times):
            return -1
        if not (np.isfinite(times).all() and times.min() >= 0):
            raise ManifestError(f"{self.path}, clip {clip}: a time is negative or not finite. Mend or remove the clip.")
        units = units.astype(np.int64)
        if units.min() < 0 or units.max() >= MOST_UNITS:
            raise ManifestError(f"{self.path}, clip {clip}: units must be 0 to {MOST_UNITS - 1}; got {units.max()}.")
        return int(units.max())

    def add_to(self, row: Any, clip: int, n_units: int, steps_per_second: int) -> None:
        """Count the events of a clip into its row [step * unit]."""
        if self._file is None:
            self._file = _h5py().File(self.path, "r")
        steps = np.floor(np.asarray(self._file["spikes/times"][clip], np.float64) * steps_per_second).astype(np.int64)
        places = steps * n_units + self._file["spikes/units"][clip].astype(np.int64)
        np.add.at(row, places[places < len(row)], 1)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None}  # another process opens the file for itself


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise InputError("Event recordings are HDF5 files: install h5py (the extra `events`).") from error
    return h5py
