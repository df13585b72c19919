# tests/studies/executors/tiny_driver.py
"""Run a small real study in one process, again and again: python -m ... STUDY.toml STORE=inline STORE=shards ...

Each store gets the whole study: `inline` in one run, `shards` in three runs, the last part first.
"""

import sys
from pathlib import Path

from studies.executors.contract import Options
from studies.grid import Shard, measured_ground
from studies.progress import PlainProgress
from studies.running import make_plan, run_plan, sharded
from studies.store import open_store
from studies.study_file import load_study


def main() -> None:
    """Run the study into every store."""
    study = load_study(sys.argv[1], {})
    ground = measured_ground(study, None)
    for argument in sys.argv[2:]:
        folder, _, way = argument.partition("=")
        store = open_store(Path(folder), create=True)
        plan = make_plan(study, ground, store, confirm=True)
        parts = {"inline": [plan], "shards": [sharded(plan, Shard(number, 3)) for number in (3, 1, 2)]}[way]
        for part in parts:
            assert not run_plan(part, store, None, PlainProgress(), Options(n_jobs=2)).failed


if __name__ == "__main__":
    main()
