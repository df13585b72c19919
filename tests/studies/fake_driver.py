# tests/studies/fake_driver.py
"""Run the fake study in a process of its own: python -m tests.studies.fake_driver STORE [N_JOBS]."""

import sys
from pathlib import Path
from unittest.mock import patch

from studies.code_version import CodeVersion
from studies.executors.inline import STOPPED
from studies.progress import PlainProgress
from studies.running import make_plan, run_plan
from studies.store import open_store
from tests.studies.fake_study import GROUND, fake_study


def main() -> int:
    """Run what is missing, fit and test."""
    store = open_store(Path(sys.argv[1]), create=True)
    n_jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    limit = float(sys.argv[3]) if len(sys.argv) > 3 else 3600
    study = fake_study(cell_seconds_limit=limit)
    version = CodeVersion("f" * 64, {})  # these tests are about commits, not about the code of the real systems
    with (
        patch("studies.grid.code_version", return_value=version),
        patch("studies.running.code_version", return_value=version),
    ):
        plan = make_plan(study, GROUND, store, confirm=True)
        execution = run_plan(plan, store, None, n_jobs, PlainProgress(), pipeline="tests.studies.fake_study")
    if execution.interrupted:
        return STOPPED
    return 1 if execution.failed else 0


if __name__ == "__main__":
    sys.exit(main())
