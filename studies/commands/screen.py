# studies/commands/screen.py
"""`trichord run --screen`: a watermarked first answer in ten minutes."""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from statistics import fmean

from classical_baselines.harness.choices import InputError
from studies.commands.executor_options import executor_options
from studies.commands.report import written_report
from studies.commands.request import Request
from studies.executors.contract import Finished, Options
from studies.executors.inline import jobs_of_cores
from studies.grid import measured_ground
from studies.progress import Progress, cell_name, progress_for, spoken
from studies.running import Plan, make_plan, run_plan, store_of
from studies.screening import SECONDS, Expected, in_order, next_batch, screen_of
from studies.specification import Study
from studies.store import Store
from studies.worker import STOPPED


def screen(
    request: Request,
    executor: str,
    jobs: int | None,
    gpus_per_cell: float | None,
    confirm: bool,
    shard: str | None,
    as_json: bool,
) -> int:
    """Run what ten minutes hold, report it, and say where the report is."""
    if confirm:
        raise InputError("--screen opens no test clips: leave out --confirm. A result is `trichord run --confirm`.")
    if shard is not None:
        raise InputError("--screen is done by one machine: leave out --shard.")
    if executor != "inline":
        raise InputError(f"--screen runs inline: leave out --executor {executor}.")
    options = executor_options(executor, jobs, gpus_per_cell)
    started = time.monotonic()
    whole = request.open_study()
    study = screen_of(whole)
    n_jobs = options.n_jobs or jobs_of_cores(study.threads_per_cell)
    known = _seconds_of(whole, request.open_store(whole))
    ground = measured_ground(study, request.data_root)
    folder = None if request.store is None else request.store.with_name(f"{request.store.name}-screen")
    store = store_of(study, folder, create=True)
    plan = make_plan(study, ground, store, confirm=False, only=request.only)
    progress = _Once(progress_for(as_json=as_json), plan)
    expected = Expected(known, {})
    failed: list[Finished] = []
    progress.open(n_jobs)
    try:
        waiting = _waiting(plan)
        while batch := next_batch(waiting, expected, SECONDS - (time.monotonic() - started), n_jobs):
            execution = run_plan(
                _part(plan, batch, SECONDS - (time.monotonic() - started)),
                store,
                request.data_root,
                progress,
                Options(n_jobs),
                command=["trichord", *sys.argv[1:]],
            )
            if execution.interrupted:
                print("Interrupted. The same command goes on from here.", file=sys.stderr)
                return STOPPED
            failed += execution.failed
            for one in execution.finished:
                expected.took(one.task.cell.cell.system, one.seconds)
            waiting = [cell for cell in waiting if cell not in batch]
    finally:
        progress.end()
    for one in failed:
        print(f"FAILED {cell_name(one)}: {one.reason}", file=sys.stderr)
    report = written_report(study, store, plan)
    n_done = plan.n_wanted - len(waiting) - len(failed)
    if as_json:
        print(json.dumps({"event": "screen", "cells": n_done, "of": plan.n_wanted, "report": str(report)}))
    else:
        taken = spoken(time.monotonic() - started)
        print(f"SCREEN, no result: {n_done} of {plan.n_wanted} cells of one seed, a quarter of the epochs, {taken}.")
        print(f"Report: {report}")
    return 1 if failed else 0


def _seconds_of(study: Study, store: Store) -> dict[str, float]:
    """Mean seconds of the fit cells of the study itself that are committed, by system."""
    taken: dict[str, list[float]] = defaultdict(list)
    for one in store.summaries().values():
        if one.study == study.name and one.kind == "fit" and one.system and one.wall_seconds:
            taken[one.system].append(one.wall_seconds)
    return {system: fmean(seconds) for system, seconds in taken.items()}


def _waiting(plan: Plan) -> list[tuple[str, str]]:
    protocol = plan.study.headline_protocol.name
    cells = [(cell.cell.fold, cell.cell.system) for cell, _ in plan.missing]
    return in_order(plan.study, plan.ground.folds[protocol], cells)


def _part(plan: Plan, batch: list[tuple[str, str]], seconds_left: float) -> Plan:
    """The plan with a batch alone to run; no cell of it may take longer than is left."""
    missing = tuple(one for one in plan.missing if (one[0].cell.fold, one[0].cell.system) in batch)
    limit = min(plan.study.cell_seconds_limit, max(1.0, seconds_left))
    return replace(plan, study=plan.study.model_copy(update={"cell_seconds_limit": limit}), missing=missing)


class _Once:
    """A progress that several runs share: it is opened and closed once."""

    def __init__(self, shown: Progress, plan: Plan) -> None:
        self._shown, self._plan = shown, plan

    def open(self, n_jobs: int) -> None:
        """Say what there is to do."""
        systems = [cell.cell.system for cell, _ in self._plan.missing]
        self._shown.start(systems, self._plan.n_wanted - self._plan.n_missing, n_jobs)

    def end(self) -> None:
        """No cell comes any more."""
        self._shown.close()

    def start(
        self, systems: Iterable[str], n_committed: int, n_jobs: int, executor_seconds: float | None = None
    ) -> None:
        """A batch begins: nothing to say."""

    def finished(self, one: Finished) -> None:
        """A cell has ended."""
        self._shown.finished(one)

    def close(self) -> None:
        """A batch has ended: nothing to say."""
