# studies/publishing.py
"""The cells of a study that are published: fit, test and probe cells of its plan, and what was imported."""

from pathlib import Path

from studies.grid import keep_ground
from studies.imported import read_imports
from studies.leftovers import look_of
from studies.measurement import read_measurements
from studies.recheck import rechecks_of
from studies.running import Plan
from studies.specification import Study
from studies.store import KINDS_THAT_LOOK, Store, open_store


def published_keys(study: Study, plan: Plan, store: Store) -> set[str]:
    """The keys of those that are committed."""
    keys = {key for cell in plan.cells for key in (cell.fit_key, cell.test_key)}
    keys |= {cell.probe_key(study, probe) for cell, probe in plan.probed}
    keys |= {key for one in read_imports(study, store, plan.ground.content_hash) for key in one.keys.values()}
    return keys & store.keys()


def publish_study(study: Study, plan: Plan, store: Store, folder: Path) -> tuple[int, int]:
    """Copy them into the store at `folder`, without weights and pictures, with what was measured of them and the
    rechecks that carry them; return how many cells were added, and how many measurements there are.

    What else in the store looked at these recordings (a configuration that the study has no more) stays a look, and is
    written down beside the cells.
    """
    measurements = read_measurements(store, (cell.fit_key for cell in plan.cells))
    records = [one.model_dump(mode="json") for one in measurements]
    rechecks = [one.model_dump(mode="json") for one in rechecks_of(plan.cells, store)]
    published = published_keys(study, plan, store)
    n_added = store.publish(published, folder, records, rechecks)
    target = open_store(folder)
    keep_ground(study, plan.ground, target)
    target.add_earlier_looks(
        look_of(one)
        for key, one in store.summaries().items()
        if one.kind in KINDS_THAT_LOOK and one.content_hash == plan.ground.content_hash and key not in published
    )
    return n_added, len(measurements)
