# studies/commands/publish.py
"""`trichord publish`: the study's cells, small enough to be cited: predictions, counts, provenance; no weights."""

from pathlib import Path

from studies.commands.request import Request
from studies.publishing import publish_study


def publish(request: Request, folder: Path) -> int:
    """Copy what is committed of the study into the store at `folder`."""
    study, store = request.opened()
    plan = request.planned(study, store, confirm=True)
    n_added, n_measurements = publish_study(study, plan, store, folder)
    n_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{n_added} cells added to {folder}, which holds {n_bytes / 1e6:.1f} MB")
    if n_measurements:
        print(f"{n_measurements} measurements are among it.")
    if plan.n_missing:
        print(f"{plan.n_missing} cells of the study are not committed, and so not published.")
    return 0
