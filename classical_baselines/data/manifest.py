# classical_baselines/data/manifest.py
"""A data set as a table: which file, which label, which fold, which group.

`meta.csv` has the columns file (relative to its folder), label, fold_or_split and speaker_or_group; further columns are
kept as they are. All values are strings: the speaker `00000001` is not the number 1.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from classical_baselines.harness.choices import InputError

COLUMNS = ("file", "label", "fold_or_split", "speaker_or_group")


class ManifestError(InputError):
    """A manifest that does not describe its folder."""


@dataclass(frozen=True)
class ManifestRow:
    """One recording of a data set."""

    file: str  # relative to the folder of the manifest
    label: str
    fold: str = ""
    group: str = ""
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The recordings of one folder."""

    folder: Path
    rows: tuple[ManifestRow, ...]
    label_names: tuple[str, ...]


def read_manifest(folder: Path, labels: Iterable[str] | None = None) -> Manifest:
    """The manifest `meta.csv` of `folder`; `labels`, where given, must each have a clip."""
    path = folder / "meta.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise ManifestError(f"{path}: no column {', '.join(missing)}. The columns are: {', '.join(COLUMNS)}.")
            rows = [
                ManifestRow(
                    file=row["file"] or "",
                    label=row["label"] or "",
                    fold=row["fold_or_split"] or "",
                    group=row["speaker_or_group"] or "",
                    extras={name: value or "" for name, value in row.items() if name and name not in COLUMNS},
                )
                for row in reader
            ]
    except OSError as error:
        raise ManifestError(f"{path}: there is no readable manifest ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path}: not a CSV file in UTF-8 ({error}). Save it as such.") from error
    return make_manifest(folder, rows, labels)


def make_manifest(folder: Path, rows: Iterable[ManifestRow], labels: Iterable[str] | None = None) -> Manifest:
    """A checked manifest: every file named once, inside the folder, and there; every label with a clip."""
    rows = tuple(rows)
    where = folder / "meta.csv"
    if not rows:
        raise ManifestError(f"{where}: lists no clip. Give it one row per recording.")
    for number, row in enumerate(rows, start=2):
        if not row.file or not row.label:
            raise ManifestError(f"{where}, line {number}: the file or the label is empty. Fill it in.")
        if Path(row.file).is_absolute() or ".." in Path(row.file).parts:
            raise ManifestError(f"{where}, line {number}: {row.file!r} leaves the folder. Name files inside it.")
    twice = [name for name, count in Counter(row.file for row in rows).items() if count > 1]
    if twice:
        raise ManifestError(f"{where}: {twice[0]!r} stands in more than one row. Keep one.")
    present = {row.label for row in rows}
    label_names = tuple(labels) if labels is not None else tuple(sorted(present))
    without = sorted(set(label_names) - present)
    if without:
        raise ManifestError(f"{where}: label {without[0]!r} has no clip. Add clips, or take the label out of the list.")
    unknown = sorted(present - set(label_names))
    if unknown:
        raise ManifestError(f"{where}: label {unknown[0]!r} is not one of {', '.join(label_names)}. Mend the row.")
    if len(label_names) < 2:
        raise ManifestError(f"{where}: all clips have the label {label_names[0]!r}; a classifier needs at least two.")
    for row in rows:
        if not (folder / row.file).is_file():
            raise ManifestError(f"{folder / row.file}: named by {where} but not there. Copy it or remove its row.")
    return Manifest(folder, rows, label_names)


def write_manifest(path: Path, rows: Iterable[ManifestRow]) -> None:
    """Write `meta.csv`, extras included."""
    rows = list(rows)
    extras = sorted({name for row in rows for name in row.extras})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, *extras])
        for row in rows:
            writer.writerow([row.file, row.label, row.fold, row.group, *(row.extras.get(name, "") for name in extras)])
