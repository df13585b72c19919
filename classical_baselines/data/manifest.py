# classical_baselines/data/manifest.py
"""The manifest of a data set: which file has which label, fold and group. Its form is `meta.csv` in the set's folder.

    file, label, fold_or_split, speaker_or_group     and any further columns, which are left alone

`file` is relative to the folder, with forward slashes. All values are strings: `00000001` stays what it is.
The rows are kept in the order of their file names without the suffix, so a copy of a set in WAV has the same order as
one in FLAC.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from classical_baselines.harness.choices import InputError

MANIFEST_NAME = "meta.csv"
COLUMNS = ("file", "label", "fold_or_split", "speaker_or_group")
_MAX_BYTES = 256 * 2**20


class ManifestError(InputError):
    """A manifest that does not describe its folder; the message names the manifest, the row and the mend."""


@dataclass(frozen=True)
class ManifestRow:
    """One clip."""

    file: str
    label: str
    fold_or_split: str
    speaker_or_group: str


@dataclass(frozen=True)
class Manifest:
    """The clips of a folder, in the order that `Clips` has them."""

    folder: Path
    rows: tuple[ManifestRow, ...]
    warnings: tuple[str, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted({row.label for row in self.rows}))

    def path(self, row: ManifestRow) -> Path:
        """Where the sound of a row is."""
        return self.folder / row.file


def manifest_of_rows(
    folder: Path, rows: Sequence[ManifestRow], *, origin: str, warnings: tuple[str, ...] = ()
) -> Manifest:
    """Check rows and put them in order; `origin` names their source in a message."""
    if not rows:
        raise ManifestError(f"{origin} lists no clips. Add a row for each clip.")
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        _check_row(row, f"{origin}, clip {number}")
        if row.file in seen:
            raise ManifestError(f"{origin} lists {row.file!r} twice (clips {seen[row.file]} and {number}). Remove one.")
        seen[row.file] = number
    missing = [row.file for row in rows if not (folder / row.file).is_file()]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ManifestError(
            f"{origin} lists {missing[0]!r}{others}, which {folder} does not have. "
            f"Restore the files, or remove the rows."
        )
    if len({row.label for row in rows}) < 2:
        raise ManifestError(f"{origin} has one label only, {rows[0].label!r}; two or more are needed to tell apart.")
    ordered = sorted(rows, key=lambda row: (PurePosixPath(row.file).with_suffix("").as_posix(), row.file))
    return Manifest(folder, tuple(ordered), warnings)


def read_manifest(folder: Path) -> Manifest:
    """Read and check `meta.csv` of a folder."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise ManifestError(f"{folder} has no {MANIFEST_NAME}. Write one with the columns {', '.join(COLUMNS)}.")
    if path.stat().st_size > _MAX_BYTES:
        raise ManifestError(f"{path} has {path.stat().st_size} bytes; at most {_MAX_BYTES} are read. Split the set.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            absent = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
            if absent:
                raise ManifestError(
                    f"{path} has no column {', '.join(map(repr, absent))}. Its first line must name "
                    f"{', '.join(COLUMNS)}; leave a column empty where there is nothing to say."
                )
            rows = []
            for line in reader:
                values = [line[column] for column in COLUMNS]
                if any(value is None for value in values):
                    raise ManifestError(f"{path}, line {reader.line_num}: values are missing. Give all its columns.")
                rows.append(ManifestRow(*values))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path} is not a CSV file in UTF-8 ({error}). Save it as such.") from error
    except OSError as error:
        raise ManifestError(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    return manifest_of_rows(folder, rows, origin=str(path))


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest as `meta.csv`; one that is there already is never overwritten."""
    try:
        with path.open("x", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows((row.file, row.label, row.fold_or_split, row.speaker_or_group) for row in manifest.rows)
    except FileExistsError:
        raise ManifestError(f"{path} is there already and is kept. Remove it first to have it written anew.") from None
    except OSError as error:
        raise ManifestError(f"{path} cannot be written ({error.strerror}). Choose another folder.") from error


def _check_row(row: ManifestRow, place: str) -> None:
    if not row.file:
        raise ManifestError(f"{place}: the label {row.label!r} has no file. Name one, or remove the row.")
    if not row.label:
        raise ManifestError(f"{place}: {row.file!r} has no label. Give it one, or remove the row.")
    parts = PurePosixPath(row.file).parts
    # `..` and absolute names leave the folder; links inside it are the user's own choice.
    if row.file.startswith("/") or ".." in parts or "\\" in row.file or "\0" in row.file or ":" in parts[0]:
        raise ManifestError(f"{place}: {row.file!r} leads out of the folder. Use names relative to it, with '/'.")
