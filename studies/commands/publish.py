# studies/commands/publish.py
"""`trichord publish`: the study's cells, small enough to be cited: predictions, counts, provenance; no weights."""

from pathlib import Path

from studies.commands.request import Request, refuse_absent
from studies.grid import keep_ground
from studies.imported import read_imports
from studies.measurement import read_measurements
from studies.probe import probe_key
from studies.store import open_store


def publish(request: Request, folder: Path) -> int:
    """Copy what is committed of the study into the store at `folder`."""
    study = request.open_study()
    store = request.open_store(study)
    refuse_absent(store, named=request.store is not None)
    plan = request.planned(study, store, confirm=True)
    committed = store.keys()
    keys = {key for cell in plan.cells for key in (cell.fit_key, cell.test_key)}
    keys |= {probe_key(study, cell.cell, cell.fit_key, probe) for cell, probe in plan.probed}
    keys |= {key for one in read_imports(study, store, plan.ground.content_hash) for key in one.keys.values()}
    measurements = read_measurements(store, (cell.fit_key for cell in plan.cells))
    n_added = store.publish(keys & committed, folder, [one.model_dump(mode="json") for one in measurements])
    keep_ground(study, plan.ground, open_store(folder))
    n_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{n_added} cells added to {folder}, which holds {n_bytes / 1e6:.1f} MB")
    if measurements:
        print(f"{len(measurements)} measurements are among it.")
    if plan.n_missing:
        print(f"{plan.n_missing} cells of the study are not committed, and so not published.")
    return 0
