# studies/commands/gc.py
"""`trichord gc`: list what a store keeps that serves no study, and remove it where that is asked."""

import sys
from collections import Counter

from studies.code_version import code_version
from studies.commands.request import Request, refuse_absent
from studies.leftovers import leftovers, older_cells, remove


def gc(request: Request, yes: bool) -> int:
    """Print what may go, and how large it is; with `yes` remove it. 1 where something could not be removed."""
    study = request.open_study()
    store = request.open_store(study)
    refuse_absent(store, named=True)
    versions = {system.name: code_version(study, system).digest for system in study.systems}
    found = leftovers(store, study.name, versions)
    n_bytes = Counter[str]()
    for one in found:
        n_bytes[one.why] += one.n_bytes
    for why, total in n_bytes.items():
        print(f"{sum(one.why == why for one in found):6}  {_spoken(total):>9}  {why}")
    _, others = older_cells(store, study.name, versions)
    if others:
        codes = ", ".join(sorted({str(one.code_version)[:12] for one in others}))
        print(
            f"{len(others)} cells of older code ({codes}) were not computed again and stay: `trichord recheck` "
            "carries them over where they are equal; --accept-code reads them."
        )
    if not found:
        print(f"Nothing in {store.path} is left over.")
        return 0
    if not yes:
        print(f"{_spoken(n_bytes.total())} in all. Nothing is removed: --yes does so.")
        return 0
    kept = remove(store, found)
    for one in kept:
        print(f"{one.path} could not be removed.", file=sys.stderr)
    print(f"{len(found) - len(kept)} removed from {store.path}.")
    return 1 if kept else 0


def _spoken(n_bytes: int) -> str:
    """A size as one says it.

    >>> _spoken(999), _spoken(51200), _spoken(3_000_000)
    ('999 B', '51.2 kB', '3.0 MB')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} B"
