# studies/commands/plan.py
"""`trichord plan`: the cells of a study and what is missing, before anything is run."""

import json
from collections import Counter

from studies.commands.request import Request
from studies.grid import measured_ground
from studies.progress import TimeLeft, spoken
from studies.running import Plan, jobs_or_default
from studies.store import Store


def plan(request: Request, confirm: bool, as_json: bool) -> int:
    """Print the plan."""
    study = request.open_study()
    store = request.open_store(study)
    made = request.planned(study, store, confirm=confirm, ground=measured_ground(study, request.data_root))
    missing = Counter(cell.cell.system for cell, _ in made.missing)
    seconds = _seconds_to_come(made, store, jobs_or_default(None, study.threads_per_cell))
    if as_json:
        record = {
            "study": study.name,
            "cells": made.n_wanted,
            "committed": made.n_wanted - made.n_missing,
            "missing_by_system": dict(missing),
            "seconds_left": seconds,
        }
        print(json.dumps(record))
        return 0
    print(f"{study.title}\n{study.question}\n")
    print(f"data      {study.data.name}, {made.ground.content_hash[:12]}")
    for name, folds in made.ground.folds.items():
        print(f"protocol  {name}: {len(folds)} folds ({', '.join(folds)})")
    print(f"seeds     {', '.join(map(str, study.seeds))}")
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
