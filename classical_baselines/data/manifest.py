# classical_baselines/data/manifest.py
r"""The manifest of a data set: which file has which label, fold and group. Its form is `meta.csv` in the set's folder.

    file, label, fold_or_split, speaker_or_group     and any further columns, which are left alone

A file that holds several clips has a row for each, with the columns `from_seconds` and `to_seconds`: the clip is that
part of the file. `file` is relative to the folder, with forward slashes. All values are strings: `00000001` stays what
it is. A label is one line of text that can name a folder on every system: without `/`, `\`, `:`, and no space at its
ends. The rows are kept in the order of their file names without the suffix, so a copy of a set in WAV has the same
order as one in FLAC.
"""

import csv
import math
import os
import unicodedata
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TextIO

from classical_baselines.harness.choices import InputError

MANIFEST_NAME = "meta.csv"
COLUMNS = ("file", "label", "fold_or_split", "speaker_or_group")
PART_COLUMNS = ("from_seconds", "to_seconds")
_MAX_BYTES = 256 * 2**20
_MAX_LINE = 65_536  # characters; a field may have no more than csv's own limit of 131072 either
_NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}  # Unicode's control characters, surrogates, ends of lines and of paragraphs


class ManifestError(InputError):
    """A manifest that does not describe its folder; the message names the manifest, the row and the mend."""


@dataclass(frozen=True)
class ManifestRow:
    """One clip."""

    file: str
    label: str
    fold_or_split: str
    speaker_or_group: str
    part: tuple[float, float] | None = None  # from and to, in seconds of the file; None: all of it

    @property
    def name(self) -> str:
        """What tells the clip from every other of its set.

        >>> ManifestRow("a.wav", "dog", "", "").name, ManifestRow("a.wav", "dog", "", "", (0.5, 2.25)).name
        ('a.wav', 'a.wav#0.5-2.25')
        """
        return self.file if self.part is None else f"{self.file}#{self.part[0]:.9g}-{self.part[1]:.9g}"


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
    folder: Path,
    rows: Sequence[ManifestRow],
    *,
    origin: str,
    warnings: tuple[str, ...] = (),
    lines: Sequence[int] | None = None,
) -> Manifest:
    """Check rows and put them in order; `origin` names their source in a message, `lines` where each stands in it."""
    if not rows:
        raise ManifestError(f"{origin} lists no clips. Add a row for each clip.")
    unit, numbers = ("clip", range(1, len(rows) + 1)) if lines is None else ("line", lines)
    seen: dict[str, int] = {}
    missing: dict[str, int] = {}
    found: set[str] = set()
    checked = []
    for number, given in zip(numbers, rows, strict=True):
        _check_row(given, f"{origin}, {unit} {number}")
        row = replace(given, file=PurePosixPath(given.file).as_posix())  # ./a.wav is a.wav
        if row.name in seen:
            raise ManifestError(
                f"{origin} lists {row.name!r} twice ({unit}s {seen[row.name]} and {number}). Remove one."
            )
        seen[row.name] = number
        if row.file not in found and row.file not in missing:
            if _is_file(folder / row.file):
                found.add(row.file)
            else:
                missing[row.file] = number
        checked.append(row)
    if missing:
        name, number = next(iter(missing.items()))
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        is_folder = f"{name!r} is a folder; a row names one file. " if _is_folder(folder / name) else ""
        raise ManifestError(
            f"{origin}, {unit} {number}, lists {name!r}{others}, which {folder} does not have. "
            f"{is_folder}Restore the files, or remove the rows."
        )
    if len({row.label for row in checked}) < 2:
        raise ManifestError(f"{origin} has one label only, {rows[0].label!r}; two or more are needed to tell apart.")
    checked.sort(key=lambda row: (PurePosixPath(row.file).with_suffix("").as_posix(), row.file, row.part or ()))
    return Manifest(folder, tuple(checked), warnings)


def read_manifest(folder: Path) -> Manifest:
    """Read and check `meta.csv` of a folder."""
    path = folder / MANIFEST_NAME
    try:
        if not path.is_file():
            raise ManifestError(f"{folder} has no {MANIFEST_NAME}. Write one with the columns {', '.join(COLUMNS)}.")
        n_bytes = path.stat().st_size
        if n_bytes > _MAX_BYTES:
            raise ManifestError(f"{path} has {n_bytes} bytes; at most {_MAX_BYTES} are read. Split the set.")
        # Bytes that are no UTF-8 become surrogates, so that the line they stand in can be named.
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            rows, lines = _read_rows(file, path)
    except OSError as error:
        raise ManifestError(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    return manifest_of_rows(folder, rows, origin=str(path), lines=lines)


def _read_rows(file: TextIO, path: Path) -> tuple[list[ManifestRow], list[int]]:
    """The rows, and the line that each begins in."""
    reader = csv.reader(_text_lines(file, path), strict=True)
    rows, lines, begin = [], [], 1
    try:
        header = next(reader, [])
        where = _columns(header, path)
        begin = reader.line_num + 1
        for values in reader:
            if values and len(values) != len(header):  # an empty line has none, and is no row
                wrong = "values are missing" if len(values) < len(header) else "there are too many values"
                raise ManifestError(
                    f"{path}, line {begin}: {wrong}: {len(values)}, for {len(header)} columns. "
                    f"Give one for each, and put one that holds a comma in double quotes."
                )
            if values:
                rows.append(_row(values, where, f"{path}, line {begin}"))
                lines.append(begin)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise ManifestError(
            f"{path}, line {begin}: it is not a CSV file in UTF-8 ({error}). Save it as such."
        ) from error
    return rows, lines


def _row(values: Sequence[str], where: Sequence[int], place: str) -> ManifestRow:
    """A row of the table; its last two columns may say which part of the file it is."""
    file, label, fold, group, *rest = (values[column] for column in where)
    given = [one.strip() for one in rest]
    if not any(given):
        return ManifestRow(file, label, fold, group)
    try:
        begin, end = map(float, given)
    except ValueError:
        raise ManifestError(
            f"{place}: from_seconds {given[0]!r} and to_seconds {given[1]!r} must both be numbers of seconds, or both "
            "empty for the whole file."
        ) from None
    return ManifestRow(file, label, fold, group, (begin, end))


def _text_lines(file: TextIO, path: Path) -> Iterator[str]:
    """The lines of a file of text, one of them in memory at a time."""
    number = 0
    while line := file.readline(_MAX_LINE + 1):
        number += 1
        if len(line) > _MAX_LINE:
            raise ManifestError(
                f"{path}, line {number}: it has more than {_MAX_LINE} characters, and a row has one line. "
                f"Is this the manifest? Save it as CSV in UTF-8 with line ends."
            )
        if "\0" in line or _has_surrogate(line):
            found = "a NUL byte" if "\0" in line else "a byte that is no UTF-8"
            raise ManifestError(f"{path}, line {number}: it is not a CSV file in UTF-8 ({found}). Save it as such.")
        yield line


def _columns(header: list[str], path: Path) -> list[int]:
    """Where the columns that are read stand in a row."""
    absent = [column for column in COLUMNS if column not in header]
    if absent:
        raise ManifestError(
            f"{path} has no column {', '.join(map(repr, absent))}. Its first line must name "
            f"{', '.join(COLUMNS)}; leave a column empty where there is nothing to say."
        )
    repeated = [column for column, n_times in Counter(header).items() if column and n_times > 1]
    if repeated:
        raise ManifestError(
            f"{path}, line 1: the column {repeated[0]!r} stands there {header.count(repeated[0])} times. "
            f"Every column has a name of its own; remove or rename the others."
        )
    parts = [column for column in PART_COLUMNS if column in header]
    if len(parts) == 1:
        other = next(column for column in PART_COLUMNS if column not in parts)
        raise ManifestError(f"{path} has the column {parts[0]!r} and no column {other!r}. Add it, or remove the other.")
    return [header.index(column) for column in (*COLUMNS, *parts)]


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest as `meta.csv`, whole or not at all; one that is there already is kept."""
    for number, row in enumerate(manifest.rows, start=1):
        _check_row(row, f"{path}, clip {number}")
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        try:
            with aside.open("x", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                has_parts = any(row.part for row in manifest.rows)
                writer.writerow((*COLUMNS, *PART_COLUMNS) if has_parts else COLUMNS)
                for row in manifest.rows:
                    told = (row.file, row.label, row.fold_or_split, row.speaker_or_group)
                    writer.writerow((*told, *(map(repr, row.part) if row.part else ("", ""))) if has_parts else told)
                file.flush()
                os.fsync(file.fileno())
            if path.exists() or path.is_symlink():
                raise ManifestError(f"{path} is there already and is kept. Remove it first to have it written anew.")
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise ManifestError(f"{path} cannot be written ({error.strerror}). Choose another folder.") from error


def _check_row(row: ManifestRow, place: str) -> None:
    if not row.file:
        raise ManifestError(f"{place}: the label {row.label!r} has no file. Name one, or remove the row.")
    if not row.label:
        raise ManifestError(f"{place}: {row.file!r} has no label. Give it one, or remove the row.")
    if row.label != row.label.strip() or not _is_text(row.label) or any(mark in row.label for mark in "/\\:"):
        raise ManifestError(
            f"{place}: the label {row.label!r} of {row.file!r} cannot be taken. A label is one line of text without "
            f"'/', '\\', ':' or control characters, and without a space at its ends. Rename it."
        )
    if not _is_text(row.file):
        raise ManifestError(
            f"{place}: {row.file!r} has a character that no text can hold: a control character, or a byte that is no "
            f"UTF-8. Rename the file."
        )
    if row.part is not None and not 0 <= row.part[0] < row.part[1] < math.inf:
        raise ManifestError(
            f"{place}: from {row.part[0]:g} to {row.part[1]:g} seconds is no part of {row.file!r}: it must begin at 0 "
            "or later and end after it begins."
        )
    if _has_surrogate(row.fold_or_split + row.speaker_or_group):
        raise ManifestError(
            f"{place}: the fold {row.fold_or_split!r} or the group {row.speaker_or_group!r} of {row.file!r} has a "
            f"character that no text can hold. Choose another name for it."
        )
    parts = PurePosixPath(row.file).parts
    if not parts:
        raise ManifestError(f"{place}: {row.file!r} is the folder itself. Name a file in it, or remove the row.")
    # `..` and absolute names leave the folder; links inside it are the user's own choice.
    if row.file.startswith("/") or ".." in parts or "\\" in row.file or ":" in parts[0]:
        raise ManifestError(
            f"{place}: {row.file!r} leads out of the folder. Use names relative to it, with '/', without '..', "
            f"'\\' or a drive (':')."
        )


def _has_surrogate(text: str) -> bool:
    """Whether the text cannot be written as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _is_text(name: str) -> bool:
    """Whether a name stays one line wherever it is written."""
    return name.isprintable() or not any(unicodedata.category(character) in _NO_TEXT for character in name)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
