# studies/commands/recheck.py
"""`trichord recheck`: does the present code compute what older code has stored? If so, the cells stay in use."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from classical_baselines.harness.choices import InputError
from studies.commands.executor_options import executor_options
from studies.commands.request import Request
from studies.grid import measured_ground
from studies.progress import progress_for
from studies.recheck import SHOWN_CODE, Recheck
from studies.rechecking import (
    Candidate,
    Outcome,
    Verdict,
    as_run_computes,
    candidates,
    elsewhere,
    from_nothing,
    recheck_system,
)
from studies.running import Plan
from studies.same_clips import carried_by_clips
from studies.short_rechecking import ShortVerdict, rechecked_in_short
from studies.specification import Study
from studies.store import Store
from studies.worker import STOPPED

DRAWN = ("fold", "seed")
SHORT_EPOCHS = 2


def recheck(
    request: Request,
    cells: int | None,
    jobs: int | None,
    as_json: bool,
    from_revision: str | None = None,
    epochs: int | None = None,
) -> int:
    """Compute a sample of every system anew and compare it; 1 where a cell differs or could not be computed."""
    _refuse_idle(cells=cells, jobs=jobs, from_revision=from_revision, epochs=epochs)
    n_cells, n_epochs = (1 if cells is None else cells), (SHORT_EPOCHS if epochs is None else epochs)
    for name, n in (("--cells", n_cells), ("--epochs", n_epochs)):
        if n < 1:
            raise InputError(f"{name} must be 1 or more; got {n}.")
    named = {part.partition("=")[0].strip() for part in (request.only or "").split(",")}
    if chosen := sorted(named & set(DRAWN)):
        raise InputError(
            f"--only {request.only}: recheck draws {' and '.join(DRAWN)} itself, so that nobody chooses which cells "
            f"are compared. Leave {' and '.join(chosen)} out; system and protocol may be named."
        )
    options = executor_options("inline", jobs)
    study, store = request.opened()
    ground = measured_ground(study, request.data_root)
    plan = request.planned(study, store, confirm=True, ground=ground)
    found = candidates(study, plan, store)
    if not found:
        if plan.n_missing == plan.n_wanted:
            raise InputError(
                f"{store.path} holds no cell of the study as it stands, by whatever code: there is nothing to recheck. "
                "Give the --set and --seeds that it was run with, or `trichord run` it."
            )
        if not as_json:
            print("Every committed cell is of the present code already, computed or rechecked: nothing to recheck.")
        return 0
    store = request.open_store(study, create=True)
    command = ["trichord", *sys.argv[1:]]
    if from_revision is not None:
        store.refuse_unwritable(0)
        return _recheck_in_short(study, plan, store, found, request, from_revision, n_epochs, command, as_json=as_json)
    recompute = as_run_computes(request.data_root, progress_for(as_json=as_json), options, command)
    store.refuse_unwritable(0)
    verdicts: list[Verdict] = []
    with from_nothing() as folder:
        for system, choices in found.items():
            verdict = recheck_system(study, ground, store, choices, n_cells, folder / system, recompute, command)
            if verdict.interrupted:
                kept = f"what was found of {len(verdicts)} systems is kept. The same command goes on from here."
                print(f"Interrupted; {kept}", file=sys.stderr)
                return STOPPED
            verdicts.append(verdict)
            if as_json:
                print(json.dumps({"event": "recheck", **_record(verdict)}, ensure_ascii=False))
            else:
                _say(system, verdict)
    n_carried = sum(bool(one.records) for one in verdicts)
    if not as_json:
        print(f"\n{n_carried} of {len(verdicts)} systems are equal bit for bit, and carried over to the present code.")
    return 0 if n_carried == len(verdicts) else 1


def _refuse_idle(*, from_revision: str | None, epochs: int | None, **of_whole_cells: int | None) -> None:
    """Refuse options of the other way to recheck, which would do nothing."""
    idle = [f"--{name}" for name, n in of_whole_cells.items() if n is not None] if from_revision else []
    if idle:
        raise InputError(f"{' and '.join(idle)} of whole cells do nothing with --from-revision. Leave them out.")
    if epochs is not None and from_revision is None:
        raise InputError("--epochs is of trainings cut short. Give --from-revision too, or leave it out.")


def _recheck_in_short(
    study: Study,
    plan: Plan,
    store: Store,
    found: Mapping[str, Sequence[Candidate]],
    request: Request,
    revision: str,
    epochs: int,
    command: Sequence[str],
    *,
    as_json: bool,
) -> int:
    carried = carried_by_clips(study, store, found, revision, request.data_root, command)
    verdicts = [ShortVerdict(system, (), (), records) for system, records in carried.items()]
    others = {system: choices for system, choices in found.items() if system not in carried}
    if others:
        verdicts += rechecked_in_short(study, plan, store, others, revision, epochs, request.data_root, command)
    for one in verdicts:
        if as_json:
            print(json.dumps({"event": "recheck", **_short_record(one)}, ensure_ascii=False))
            continue
        for record in one.records:
            _say_record(record)
        for cell, difference in one.differences:
            print(f"differs  {cell.system} · {cell.protocol} · {cell.fold} · seed {cell.seed}\n         {difference}")
        for reason in one.left:
            print(f"left     {one.system}: {reason}")
    n_carried = sum(bool(one.records) and not one.left for one in verdicts)
    if not as_json:
        print(f"\n{n_carried} of {len(verdicts)} systems are alike, and are carried over to the present code.")
    return 0 if n_carried == len(verdicts) else 1


def _short_record(verdict: ShortVerdict) -> dict[str, Any]:
    return {
        "system": verdict.system,
        "carried": bool(verdict.records),
        "records": [one.model_dump(mode="json") for one in verdict.records],
        "left": verdict.left,
        "cells": [{**asdict(cell), "difference": asdict(difference)} for cell, difference in verdict.differences],
    }


def _say_record(record: Recheck) -> None:
    print(f"equal    {record.said}")
    for recount in record.recounted:
        print(f"         {recount.said}")
    if record.changed_modules is not None:
        print(f"         code that changed: {', '.join(record.changed_modules) or 'that of probes alone'}")


def _say(system: str, verdict: Verdict) -> None:
    for record in verdict.records:
        _say_record(record)
    for reason in verdict.failures:
        print(f"failed   {reason}")
    for one in verdict.differing:
        print(f"differs  {_cell_text(one)}\n         {one.difference}")
        if said := elsewhere(one):
            print(f"         {said}")
    if not verdict.records:
        n_equal = len(verdict.outcomes) - len(verdict.differing)
        print(f"         {system} is not carried over; {n_equal} of {len(verdict.outcomes)} cells were equal.")


def _cell_text(one: Outcome) -> str:
    cell, stored = one.candidate.cell.cell, one.stored
    kind = f"probe {stored.probe.name}" if stored.probe else stored.kind
    codes = f"code {stored.old_code[:SHOWN_CODE]} -> {stored.new_code[:SHOWN_CODE]}"
    return f"{cell.system} · {cell.protocol} · {cell.fold} · seed {cell.seed}, {kind}, {codes}"


def _record(verdict: Verdict) -> dict[str, Any]:
    return {
        "system": verdict.system,
        "carried": bool(verdict.records),
        "records": [one.model_dump(mode="json") for one in verdict.records],
        "failed": verdict.failures,
        "cells": [
            {
                **asdict(one.candidate.cell.cell),
                "kind": one.stored.kind,
                "key": one.stored.key,
                "old_code": one.stored.old_code,
                "new_code": one.stored.new_code,
                "difference": asdict(one.difference) if one.difference else None,
                "stored_on": one.stored_on,
            }
            for one in verdict.outcomes
        ],
    }
