# studies/commands/run.py
"""`trichord run`: run what is missing, then write the report and say where it is."""

import json
import sys

from studies.checked_study import checked_study
from studies.commands.executor_options import executor_options
from studies.commands.report import written_report
from studies.commands.request import Request
from studies.executors.contract import Execution, Finished
from studies.grid import Shard, ground_of
from studies.progress import cell_name, progress_for
from studies.running import run_plan, sharded
from studies.worker import STOPPED


def run(
    request: Request,
    executor: str,
    jobs: int | None,
    gpus_per_cell: float | None,
    confirm: bool,
    shard: str | None,
    as_json: bool,
) -> int:
    """Run, report, and return the exit code; a shard leaves the report to whoever has all of them."""
    part = None if shard is None else Shard.parsed(shard)
    options = executor_options(executor, jobs, gpus_per_cell)
    study = request.open_study()
    request.open_store(study)  # refuses a store that cannot be used before the recordings are read
    checked = checked_study(study, request.data_root)
    ground = ground_of(checked)
    if checked.near_duplicates:
        print(f"Warning: {checked.near_duplicates}", file=sys.stderr)
    for note in checked.notes:
        print(f"Note: {note}", file=sys.stderr)
    store = request.open_store(study, create=True)
    plan = request.planned(study, store, confirm=confirm, ground=ground)
    if part is not None:
        plan = sharded(plan, part)
    accepted = sorted({cell.accepted_code[:12] for cell in plan.cells if cell.accepted_code})
    if accepted and not as_json:
        print(f"Cells of older code are kept as asked: {', '.join(accepted)}.")
    rechecked = sorted({cell.rechecked_code[:12] for cell in plan.cells if cell.rechecked_code})
    if rechecked and not as_json:
        print(f"Cells of older code stand in after a recheck: {', '.join(rechecked)}.")
    command = ["trichord", *sys.argv[1:]]
    progress = progress_for(as_json=as_json)
    execution = run_plan(plan, store, request.data_root, progress, options, executor, command)
    if execution.interrupted:
        n_left = plan.n_missing - sum(len(one.task.keys) for one in execution.finished if one.ok)
        print(
            f"Interrupted; {n_left} cells are still to run. The same command goes on from here.",
            file=sys.stderr,
        )
        return STOPPED
    if execution.failed:
        _say_failures(execution.failed)
    if part is not None:
        _say_shard(part, execution, request.study, as_json=as_json)
        return 1 if execution.failed else 0
    report = written_report(study, store, plan)
    print(json.dumps({"event": "report", "path": str(report)}) if as_json else f"Report: {report}")
    return 1 if execution.failed else 0


def _say_shard(part: Shard, execution: Execution, study: str, *, as_json: bool) -> None:
    n_run = sum(len(one.task.keys) for one in execution.finished if one.ok)
    if as_json:
        print(json.dumps({"event": "shard", "shard": part.number, "of": part.count, "cells_run": n_run}))
    else:
        print(f"Shard {part.number} of {part.count}: {n_run} cells run.")
        print(f"When all are done: `trichord report {study}`, with the same --store and --set.")


def _say_failures(failed: list[Finished]) -> None:
    print(f"{len(failed)} cells failed:", file=sys.stderr)
    for one in failed:
        print(f"  {cell_name(one)}: {one.reason}", file=sys.stderr)
    print("`trichord status` shows where the tracebacks are; the same command tries again.", file=sys.stderr)
