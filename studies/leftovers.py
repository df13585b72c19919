# studies/leftovers.py
"""What stands in a store and serves no study: `trichord gc` lists it, and removes it where that is asked.

- half written files and cells, an hour old or more, of processes that were killed;
- attempts at cells that are committed by now;
- cells of older code that were computed again: the same specification is committed under the code as it stands;
- in the cache, which is no part of a store: pictures of varied sound that a run set aside, where nobody has written or
  read them for a day. A run removes its own when it ends, unless it is killed.

A cell of older code that was not computed again stays: a recheck may carry it (`recheck.py`), and `--accept-code` may
still read it. What was rechecked stays too, as evidence. The looks of the cells
that are dropped are written down first (`earlier_looks.py`), so that no look is ever forgotten, not even by a process
that dies halfway: a look whose cell still stands is counted as that cell.
"""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classical_baselines.data.cache import cache_folder
from studies.disk import n_bytes_of
from studies.earlier_looks import EarlierLook
from studies.index import CellSummary
from studies.store import KINDS_THAT_LOOK, Store

HALF_WRITTEN = "left half written by a process that was killed"
OLD_ATTEMPTS = "attempts at cells that are committed by now"
VARIED = "pictures of varied sound, set aside in the cache by a run that was killed"
VARIED_STALE_SECONDS = 86_400  # since they were last read: the epochs of a training read them again and again
REPLACED = "cells of older code that were computed again"


@dataclass(frozen=True)
class Leftover:
    """A file or a folder that serves no study."""

    path: Path
    why: str
    n_bytes: int
    cell: CellSummary | None = None  # where it is a cell


def leftovers(store: Store, study: str, code_versions: Mapping[str, str]) -> list[Leftover]:
    """What may go from this store (never from one behind it); `code_versions` are those of the study's systems."""
    found = [Leftover(path, HALF_WRITTEN, n_bytes_of(path)) for path in store.leftovers()]
    for key in sorted(store.attempted_keys() & store.keys()):
        path = store.path / "attempts" / key
        found.append(Leftover(path, OLD_ATTEMPTS, n_bytes_of(path)))
    found += [Leftover(path, VARIED, n_bytes_of(path)) for path in _varied_without_owner()]
    replaced, _ = older_cells(store, study, code_versions)
    return found + [Leftover(store.own_place(one.key), REPLACED, one.n_bytes, one) for one in replaced]


def older_cells(
    store: Store, study: str, code_versions: Mapping[str, str]
) -> tuple[list[CellSummary], list[CellSummary]]:
    """The fit and test cells of this store that other code made for the study's systems: those that were computed
    again, and those that were not."""
    current = {
        (one.kind, one.specification_key, one.code_version)
        for one in store.summaries().values()
        if one.specification_key is not None
    }
    replaced: list[CellSummary] = []
    others: list[CellSummary] = []
    for _, one in sorted(store.own_summaries().items()):
        code = code_versions.get(str(one.system))
        if one.study == study and one.kind in {"fit", "test"} and code not in {None, one.code_version}:
            (replaced if (one.kind, one.specification_key, code) in current else others).append(one)
    return replaced, others


def remove(store: Store, found: Sequence[Leftover]) -> list[Leftover]:
    """Write the looks down, then remove; return what could not be removed."""
    looks = [look_of(one.cell) for one in found if one.cell is not None and one.cell.kind in KINDS_THAT_LOOK]
    store.add_earlier_looks(looks)
    kept = [one for one in found if not (_removed(one.path) if one.why == VARIED else store.remove(one.path))]
    store.write_index()
    return kept


def _varied_without_owner() -> list[Path]:
    """Folders `varied-*` of the cache (`pictures.py`) that nobody has touched for a day."""
    latest = time.time() - VARIED_STALE_SECONDS
    return [folder for folder in sorted(cache_folder().glob("varied-*")) if _last_touched(folder) < latest]


def _last_touched(folder: Path) -> float:
    """When anything in a folder was last written or read; now, where it is going as one looks."""
    try:  # listing a folder reads it, so of folders only the writing counts
        files = [path.stat() for path in folder.rglob("*") if path.is_file()]
        return max(folder.stat().st_mtime, *(max(one.st_mtime, one.st_atime) for one in files), 0.0)
    except OSError:
        return time.time()


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def look_of(cell: CellSummary) -> EarlierLook:
    """The look of a cell whose kind looks, for when it is gone."""
    return EarlierLook(
        content_hash=str(cell.content_hash),
        protocol=str(cell.protocol),
        fold=str(cell.fold),
        configuration=f"{cell.study}: {cell.system}, seed {cell.seed}, code {str(cell.code_version)[:12]}",
        n=1,
        key=cell.key,
    )
