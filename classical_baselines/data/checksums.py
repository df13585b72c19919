# classical_baselines/data/checksums.py
"""Is this copy of a data set the one that results were computed on? Each clip's decoded samples are compared.

The sum of a clip is the SHA-256 of its samples as little-endian int16, so the copy may be WAV or FLAC. The table
`fsdd_sha256.csv` has the sums of the Free Spoken Digit Dataset at commit 26eb9aaf, keyed by the publisher's file names.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from classical_baselines.data.audio_file import read_audio
from classical_baselines.data.audio_limits import AudioError
from classical_baselines.data.catalogue import data_set, find_manifest
from classical_baselines.data.manifest import Manifest
from classical_baselines.harness.choices import InputError

TABLES: Mapping[str, str] = {"fsdd": "fsdd_sha256.csv"}


@dataclass(frozen=True)
class DataSetCheck:
    """What was found; `problems` is empty where all is well."""

    name: str
    folder: Path
    n_clips: int
    n_verified: int  # clips whose sum stands in the table and is equal; 0 where the set has no table
    has_table: bool
    problems: tuple[str, ...]


def samples_sha256(samples: np.ndarray[Any, Any]) -> str:
    """The sum of 16-bit samples given as float (x / 32768)."""
    return hashlib.sha256(np.round(np.asarray(samples, dtype=np.float64) * 32768).astype("<i2").tobytes()).hexdigest()


def published_sums(name: str) -> dict[str, str]:
    """File name of the publisher -> sum; empty where no table is kept."""
    if name not in TABLES:
        return {}
    with Path(__file__).with_name(TABLES[name]).open(newline="", encoding="utf-8") as file:
        return {row["file"]: row["sha256"] for row in csv.DictReader(file)}


def check_data_set(name: str, data_root: Path | str | None) -> DataSetCheck:
    """Read every clip of a data set and compare its samples with the table."""
    if data_set(name).makes is not None:
        raise InputError(f"{name} is generated, so there are no files of its own to check.")
    return check_manifest(name, find_manifest(name, data_root), published_sums(name))


def check_manifest(name: str, manifest: Manifest, sums: Mapping[str, str]) -> DataSetCheck:
    """As `check_data_set`, with the manifest and the table given."""
    expected = {PurePosixPath(file).stem: sha256 for file, sha256 in sums.items()}
    problems = []
    n_verified = 0
    for row in manifest.rows:
        stem = PurePosixPath(row.file).stem
        try:
            samples, _ = read_audio(manifest.path(row))
        except AudioError as error:
            problems.append(str(error))
            continue
        if not expected:
            continue
        if stem not in expected:
            problems.append(f"{row.file} is not among the published clips. Remove it, or use it as a set of your own.")
        elif samples_sha256(samples) != expected[stem]:
            problems.append(f"{row.file} differs from the published recording. Fetch it again.")
        else:
            n_verified += 1
    absent = sorted(set(expected) - {PurePosixPath(row.file).stem for row in manifest.rows})
    problems += [f"{stem} is published and missing here. Fetch the set again." for stem in absent]
    return DataSetCheck(name, manifest.folder, len(manifest.rows), n_verified, bool(expected), tuple(problems))


def describe(name: str, data_root: Path | str | None) -> dict[str, Any]:
    """What the catalogue says of a set and, where it is found, what its manifest holds; ready for JSON."""
    entry = data_set(name)
    told: dict[str, Any] = {
        "name": name,
        "title": entry.title,
        "licence": entry.licence,
        "citation": entry.citation,
        "source": entry.source,
        "sample_rate_hz": entry.sample_rate_hz,
        "clip_seconds": entry.clip_seconds,
        "protocols": list(entry.protocols),
        "warnings": list(entry.warnings),
    }
    if entry.makes is not None:
        return {**told, "made_from": list(entry.made_from)} if entry.made_from else told
    try:
        manifest = find_manifest(name, data_root)
    except InputError as error:
        return {**told, "folder": None, "not_found": str(error)}
    columns = {
        "labels": Counter(row.label for row in manifest.rows),
        "folds": Counter(row.fold_or_split for row in manifest.rows),
        "groups": Counter(row.speaker_or_group for row in manifest.rows),
    }
    counts = {column: dict(sorted(clips.items())) for column, clips in columns.items()}
    return {**told, "folder": str(manifest.folder), "n_clips": len(manifest.rows), "clips_per": counts}
