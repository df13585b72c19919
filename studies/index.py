# studies/index.py
"""The index: what a plan needs to know of every cell, in one file beside the cells. It is derived, and never the truth.

    STORE/index.sqlite      a table `cells` with a row per cell, and at the file's end the SHA-256 of what stands before

Which cells there are is always read from their folders; a row saves opening the files of a cell, and counts only while
the folder is as old as the row says. A file that is missing, damaged or out of date therefore costs time alone. It is
written whole, aside, and renamed into place by whoever ran cells: no row is ever changed in place, so there is
nothing to lock, and it holds on a network disk. Any SQLite reader can query it.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from typing import Any

INDEX = "index.sqlite"
_SEAL_BYTES = 65  # of the digest in hexadecimal, and a line end


@dataclass(frozen=True)
class CellSummary:
    """What a plan, a status and a ledger of looks need of one committed cell."""

    key: str
    kind: str  # "fit", "test" or "probe"
    study: str | None  # None: its description does not say
    dataset: str | None
    protocol: str | None
    fold: str | None
    system: str | None
    seed: int | None
    content_hash: str | None
    specification_key: str | None
    code_version: str | None
    fit_key: str | None
    wall_seconds: float | None
    n_bytes: int
    changed_ns: int  # when the cell's folder last changed


_TYPES = {"seed": "INTEGER", "wall_seconds": "REAL", "n_bytes": "INTEGER", "changed_ns": "INTEGER"}
_COLUMNS = tuple(field.name for field in fields(CellSummary))


def summary_of(
    key: str, description: Mapping[str, Any], provenance: Mapping[str, Any], n_bytes: int, changed_ns: int
) -> CellSummary:
    """The summary of a cell, from its `cell.json` and `provenance.json`."""
    cell = description["cell"]
    return CellSummary(
        key=key,
        kind=description["kind"],
        study=description.get("study"),
        dataset=cell.get("dataset"),
        protocol=cell.get("protocol"),
        fold=cell.get("fold"),
        system=cell.get("system"),
        seed=cell.get("seed"),
        content_hash=description["specification"]["data"].get("content_hash"),
        specification_key=description.get("specification_key"),
        code_version=description.get("code_version"),
        fit_key=description.get("fit_key"),
        wall_seconds=provenance.get("wall_seconds"),
        n_bytes=n_bytes,
        changed_ns=changed_ns,
    )


def index_bytes(summaries: Iterable[CellSummary]) -> bytes:
    """The file's content."""
    columns = ", ".join(f"{name} {_TYPES.get(name, 'TEXT')}" for name in _COLUMNS)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE cells ({columns}, PRIMARY KEY (key)) WITHOUT ROWID")
        rows = (astuple(one) for one in sorted(summaries, key=lambda one: one.key))
        database.executemany(f"INSERT INTO cells VALUES ({', '.join('?' * len(_COLUMNS))})", rows)
        database.commit()
        content = database.serialize()
    return content + _seal(content)


def summaries_in(content: bytes) -> dict[str, CellSummary]:
    """The rows of a file's content, by key; ValueError where it is not what was written, or of another version."""
    body, seal = content[:-_SEAL_BYTES], content[-_SEAL_BYTES:]
    if _seal(body) != seal:
        raise ValueError("it is not what was written")
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.deserialize(body)
            rows = database.execute(f"SELECT {', '.join(_COLUMNS)} FROM cells").fetchall()
        except sqlite3.Error as error:
            raise ValueError(f"it has other columns ({error})") from error
    return {row[0]: CellSummary(*row) for row in rows}


def _seal(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n"
