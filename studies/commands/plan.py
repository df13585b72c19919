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
from studies.resolution import (
    ASSUMED_CLIP_SPREAD,
    PUBLISHED_SPREAD,
    Resolution,
    in_words,
    observed_spread,
    resolution_of,
    sample_of,
)
from studies.running import Plan, jobs_or_default
from studies.specification import Study
from studies.store import Store

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips


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
    """What the headline protocol can tell, by the spread of the committed cells, or an assumed one."""
    from studies.pipeline import folds_of

    tested = {index for fold in folds_of(study, study.headline_protocol.name, clips) for index in fold.test}
    n_units, unit = sample_of([clips.groups[index] for index in tested])
    assumed = PUBLISHED_SPREAD if unit == "group" else ASSUMED_CLIP_SPREAD
    spread = observed_spread(made, store) or assumed
    return resolution_of(n_units, unit, len(study.seeds), spread, study.equivalence_margin)
