# tests/studies/fake_driver.py
"""Run the fake study in a process of its own: python -m tests.studies.fake_driver STORE [--jobs N] ..."""

import argparse
import sys
from pathlib import Path
from unittest.mock import patch

from studies.code_version import CodeVersion
from studies.executors.contract import Options
from studies.grid import Shard
from studies.progress import PlainProgress
from studies.running import make_plan, run_plan, sharded
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
        execution = run_plan(plan, store, None, PlainProgress(), options, asked.executor, pipeline=PIPELINE)
    if execution.interrupted:
        return STOPPED
    return 1 if execution.failed else 0


if __name__ == "__main__":
    sys.exit(main())
