# studies/recheck_record.py
"""The record of a recheck, as it is written down: what was found, beside where, when and by which code it was found."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studies.cell import StudyCell
from studies.provenance import git_state, machine, versions, without_paths
from studies.recheck import ComparedCell, Recheck, Recount, SameClips, Shortened


def compared_cell(cell: StudyCell, key: str, kind: str, configuration: str) -> ComparedCell:
    """A stored cell as a record names it."""
    return ComparedCell(
        key=key,
        kind=kind,
        configuration=configuration,
        protocol=cell.protocol,
        fold=cell.fold,
        seed=cell.seed,
    )


def record_of(
    study: str,
    system: str,
    codes: tuple[str, str],
    changed_modules: Iterable[str] | None,
    compared: Sequence[ComparedCell],
    recounted: Iterable[Recount],
    stored_on: Iterable[str],
    command: Sequence[str],
    *,
    test_cells_recomputed: int = 0,
    shortened: Shortened | None = None,
    same_clips: SameClips | None = None,
) -> Recheck:
    """A record made here and now; `codes` are the older and the newer."""
    return Recheck(
        study=study,
        system=system,
        old_code=codes[0],
        new_code=codes[1],
        changed_modules=None if changed_modules is None else tuple(sorted(changed_modules)),
        compared=tuple(compared),
        recounted=tuple(recounted),
        shortened=shortened,
        same_clips=same_clips,
        test_cells_recomputed=test_cells_recomputed,
        cpu=machine()["cpu"],
        torch=versions()["torch"],
        stored_on=tuple(sorted(set(stored_on))),
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        git=git_state(),
        command=tuple(map(without_paths, command)),
    )


def computed_on(provenance: Mapping[str, Any]) -> str:
    """Processor and torch of a stored cell."""
    return on((provenance.get("machine") or {}).get("cpu"), (provenance.get("versions") or {}).get("torch"))


def computed_here() -> str:
    """The processor and torch of this machine, as `stored_on` says it."""
    return on(machine()["cpu"], versions()["torch"])


def on(cpu: Any, torch: Any) -> str:
    """In words.

    >>> on("AMD EPYC", None)
    'AMD EPYC, torch unknown'
    """
    return f"{cpu or 'an unknown processor'}, torch {torch or 'unknown'}"
