# studies/publishing.py
"""The cells of a study that are published: fit, test and probe cells of its plan, and what was imported."""

from pathlib import Path

from studies.grid import keep_ground
from studies.imported import read_imports
from studies.measurement import read_measurements
from studies.recheck import rechecks_of
from studies.running import Plan
from studies.specification import Study
from studies.store import Store, open_store


def published_keys(study: Study, plan: Plan, store: Store) -> set[str]:
    """The keys of those that are committed."""
    keys = {key for cell in plan.cells for key in (cell.fit_key, cell.test_key)}
    keys |= {cell.probe_key(study, probe) for cell, probe in plan.probed}
    keys |= {key for one in read_imports(study, store, plan.ground.content_hash) for key in one.keys.values()}
    return keys & store.keys()


def publish_study(study: Study, plan: Plan, store: Store, folder: Path) -> tuple[int, int]:
    """Copy them into the store at `folder`, without weights and pictures, with what was measured of them and the
    rechecks that carry them; return how many cells were added, and how many measurements there are."""
    measurements = read_measurements(store, (cell.fit_key for cell in plan.cells))
    records = [one.model_dump(mode="json") for one in measurements]
    rechecks = [one.model_dump(mode="json") for one in rechecks_of(plan.cells, store)]
    n_added = store.publish(published_keys(study, plan, store), folder, records, rechecks)
    keep_ground(study, plan.ground, open_store(folder))
    return n_added, len(measurements)
