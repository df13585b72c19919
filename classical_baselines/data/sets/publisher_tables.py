# classical_baselines/data/sets/publisher_tables.py
"""The tables that publishers lay beside their recordings, line by line; what is wrong is told by file and line.

    headed_lines   the first line names the columns (CSV, or with tabs)
    bare_lines     no header: the fields stand in a known order

Empty lines are none. `manifest_of_lines` makes the manifest of rows that came from several such tables, so that a clip
that is missing or listed twice is told by the line that names it.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow, manifest_of_rows

_MAX_BYTES = 64 * 2**20  # the largest of these tables, of ASVspoof 2021, has some 10 MB
_COPY = "Copy it from the publisher's archive."


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    place: str  # "metadata/UrbanSound8K.csv, line 3"
    values: Mapping[str, str]  # column -> what stands there

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        """The value of a column, which must be one of those that the publisher names."""
        value = self.values[column]
        if value not in allowed:
            raise ManifestError(f"{self.place}: {column} {value!r} is none of {', '.join(allowed)}. {_COPY}")
        return value

    def seconds(self, column: str) -> float:
        """The value of a column as a time that is not negative."""
        value = self.values[column]
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            raise ManifestError(f"{self.place}: {column} {value!r} is no time in seconds, 0 or later. {_COPY}")
        return number


def headed_lines(path: Path, columns: Sequence[str], *, delimiter: str = ",") -> list[Line]:
    """The lines below the header, with the columns asked for; any others are left alone."""
    reader = csv.reader(io.StringIO(_text_of(path), newline=""), delimiter=delimiter, strict=True)
    lines = []
    try:
        header = next(reader, [])
        absent = [column for column in columns if column not in header]
        if absent:
            raise ManifestError(f"{path}, line 1: no column {', '.join(map(repr, absent))}. {_COPY}")
        begin = reader.line_num + 1
        for values in reader:
            if values and len(values) != len(header):
                raise ManifestError(
                    f"{path}, line {begin}: {len(values)} values stand there, for {len(header)} columns. {_COPY}"
                )
            if values:
                named = dict(zip(header, values, strict=True))
                lines.append(Line(f"{path}, line {begin}", {column: named[column] for column in columns}))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise ManifestError(
            f"{path}, line {reader.line_num}: it cannot be read as a table ({error}). {_COPY}"
        ) from error
    return lines


def bare_lines(path: Path, fields: Sequence[str], *, delimiter: str | None = None) -> list[Line]:
    """The lines of a table without a header; `delimiter` None: any white space."""
    lines = []
    for number, text in enumerate(_text_of(path).split("\n"), start=1):
        values = [value.strip() for value in text.split(delimiter)] if text.strip() else []
        if values and len(values) != len(fields):
            raise ManifestError(
                f"{path}, line {number}: {len(values)} values stand there; {', '.join(fields)} belong there. {_COPY}"
            )
        if values:
            lines.append(Line(f"{path}, line {number}", dict(zip(fields, values, strict=True))))
    return lines


def manifest_of_lines(folder: Path, listed: Sequence[tuple[str, ManifestRow]]) -> Manifest:
    """The manifest of rows, each with the place of the line that it is from."""
    first_at: dict[str, str] = {}
    missing: dict[str, str] = {}
    found: set[str] = set()
    for place, row in listed:
        if row.name in first_at:
            raise ManifestError(f"{place}: {row.name!r} is listed twice; first in {first_at[row.name]}. {_COPY}")
        first_at[row.name] = place
        if row.file not in found and row.file not in missing:
            if _is_file(folder / row.file):
                found.add(row.file)
            else:
                missing[row.file] = place
    if missing:
        name, place = next(iter(missing.items()))
        others = f" and {len(missing) - 1} more files" if len(missing) > 1 else ""
        raise ManifestError(
            f"{place}, lists {name!r}{others}, which {folder} does not have. Restore them from the publisher's archive."
        )
    return manifest_of_rows(folder, [row for _, row in listed], origin=str(folder))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long
        return False


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise ManifestError(f"{path}: not there. {_COPY}")
    try:
        n_bytes = path.stat().st_size
        if n_bytes > _MAX_BYTES:
            raise ManifestError(
                f"{path} has {n_bytes} bytes; at most {_MAX_BYTES} are read. Is this the table? {_COPY}"
            )
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ManifestError(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ManifestError(
            f"{path}, line {line}: the byte 0x{content[error.start]:02x} is no UTF-8. {_COPY}"
        ) from error
    if "\0" in text:
        raise ManifestError(f"{path}, line {text[: text.index(chr(0))].count(chr(10)) + 1}: a NUL byte. {_COPY}")
    return text
