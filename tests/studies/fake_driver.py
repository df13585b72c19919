# tests/studies/fake_driver.py
"""Run the fake study in a process of its own: python -m tests.studies.fake_driver STORE [--jobs N] ..."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from studies.code_version import CodeVersion
from studies.executors import EXECUTORS
from studies.executors.contract import Listener, Options
from studies.grid import Shard
from studies.progress import PlainProgress
from studies.running import make_plan, run_plan, sharded, tasks_of
from studies.store import open_store
from studies.worker import STOPPED
from tests.studies.fake_study import GROUND, fake_study

PIPELINE = "tests.studies.fake_study"


def main() -> int:
    """Run what is missing, fit and test."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store", type=Path)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--executor", default="inline")
    parser.add_argument("--gpus-per-cell", type=float, default=0.0)
    parser.add_argument("--shard", type=Shard.parsed)
    parser.add_argument("--only")
    parser.add_argument("--exclusive", help="the system whose cells are to run alone")
    parser.add_argument("--seconds-limit", type=float, default=3600)
    parser.add_argument("--memory-limit", type=float)
    asked = parser.parse_args()
    store = open_store(asked.store, create=True)
    study = fake_study(cell_seconds_limit=asked.seconds_limit, cell_memory_limit_gb=asked.memory_limit)
    version = CodeVersion("f" * 64, {})  # these tests are about commits, not about the code of the real systems
    with (
        patch("studies.grid.code_version", return_value=version),
        patch("studies.running.code_version", return_value=version),
    ):
        plan = make_plan(study, GROUND, store, confirm=True, only=asked.only)
        if asked.shard is not None:
            plan = sharded(plan, asked.shard)
        options = Options(asked.jobs, asked.gpus_per_cell)
        if asked.exclusive is None:
            execution = run_plan(plan, store, None, PlainProgress(), options, asked.executor, pipeline=PIPELINE)
        else:
            tasks = tasks_of(plan, store, None, pipeline=PIPELINE)
            tasks = [replace(task, exclusive=task.cell.cell.system == asked.exclusive) for task in tasks]
            execution = EXECUTORS[asked.executor]()(tasks, options, Listener(lambda *_: None, lambda _: None))
    if execution.interrupted:
        return STOPPED
    return 1 if execution.failed else 0


if __name__ == "__main__":
    sys.exit(main())
