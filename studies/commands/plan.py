# studies/commands/plan.py
"""`trichord plan`: the cells of a study and what is missing, before anything is run."""

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from studies.checks_before_work import check_before_work
from studies.commands.request import Request
from studies.grid import ground_of
from studies.progress import TimeLeft, spoken
from studies.resolution import PUBLISHED_SPREAD, Resolution, Spread, in_words, resolution_of, spread_between, typical
from studies.results import trials_of
from studies.running import Plan, jobs_or_default
from studies.specification import Study
from studies.statistics import Trials
from studies.store import Store

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips

MOST_CELLS_READ = 400  # for the spread: some seconds at most, however large the study


def plan(request: Request, confirm: bool, as_json: bool) -> int:
    """Print the plan."""
    study = request.open_study()
    store = request.open_store(study)
    check_before_work(study)
    from studies.dry_run import check_study

    clips = check_study(study, request.data_root)
    made = request.planned(study, store, confirm=confirm, ground=ground_of(study, clips))
    resolution = _resolution(study, clips, made, store)
    missing = Counter(cell.cell.system for cell, _ in made.missing)
    seconds = _seconds_to_come(made, store, jobs_or_default(None, study.threads_per_cell))
    if as_json:
        record = {
            "study": study.name,
            "cells": made.n_wanted,
            "committed": made.n_wanted - made.n_missing,
            "missing_by_system": dict(missing),
            "seconds_left": seconds,
            "resolution": asdict(resolution),
        }
        print(json.dumps(record))
        return 0
    print(f"{study.title}\n{study.question}\n")
    print(f"data      {study.data.name}, {made.ground.content_hash[:12]}")
    for name, folds in made.ground.folds.items():
        print(f"protocol  {name}: {len(folds)} folds ({', '.join(folds)})")
    print(f"seeds     {', '.join(map(str, study.seeds))}")
    finds, finer = in_words(resolution)
    print(f"finds     {finds}\n          {finer}")
    for system in study.systems:
        backends = ", ".join(run.backend.name for run in system.runs)
        print(f"system    {system.name} ({system.family}, {system.role}) on {backends}: {missing[system.name]} to run")
    print(f"\n{made.n_wanted} cells, {made.n_missing} to run; {spoken(seconds)}")
    if not confirm:
        print("Validation only: add --confirm to open the test clips.")
    return 0


def _seconds_to_come(made: Plan, store: Store, n_jobs: int) -> float | None:
    """From the times of this study's committed cells."""
    left = TimeLeft([cell.cell.system for cell in made.cells], n_jobs)
    waiting = {cell.fit_key for cell, _ in made.missing}
    for cell in made.cells:
        if cell.fit_key not in waiting:
            left.finished(cell.cell.system, store.provenance(cell.fit_key)["wall_seconds"])
    return left.seconds() if waiting else 0.0


def _resolution(study: Study, clips: "Clips", made: Plan, store: Store) -> Resolution:
    """What the headline protocol can tell, by the spread of the committed cells, or of a published study."""
    from studies.pipeline import folds_of

    tested = [index for fold in folds_of(study, study.headline_protocol.name, clips) for index in fold.test]
    groups = {clips.groups[index] for index in tested}
    grouped = "" not in groups and len(groups) < len(set(tested))
    n_units, unit = (len(groups), "group") if grouped else (len(set(tested)), "clip")
    spread = _seen(study, made, store) or PUBLISHED_SPREAD
    return resolution_of(n_units, unit, len(study.seeds), spread, study.equivalence_margin)


def _seen(study: Study, made: Plan, store: Store) -> Spread | None:
    """The spread of the headline runs against the baseline, from as many systems as a few hundred cells make up."""
    systems = sorted(study.systems, key=lambda system: system.name != study.baseline)
    trials: dict[str, Trials] = {}
    n_read = 0
    for system in systems:
        cells = [c for c in made.cells if c.cell.system == system.name]
        cells = [c for c in cells if c.cell.protocol == study.headline_protocol.name]
        tested = [(c.cell, c.test_key) for c in cells if store.has(c.test_key)]
        keys = tested or [(c.cell, c.fit_key) for c in cells if store.has(c.fit_key)]
        n_read += len(keys)
        if n_read > MOST_CELLS_READ:
            break
        results = [(cell, store.load(key)) for cell, key in keys]
        name = system.headline_run.backend.name
        members = [(cell, r, run) for cell, r in results for run in r.runs if run.backend == name]
        if members:
            trials[system.name] = trials_of(members)
    baseline = trials.pop(study.baseline, None)
    spreads = [spread_between(one, baseline) for one in trials.values()] if baseline is not None else []
    found = [spread for spread in spreads if spread is not None]
    return typical(found, f"by the median spread of {len(found)} systems against {study.baseline} in this store")
