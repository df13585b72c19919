# studies/bench/harness.py
"""What the harness costs beside the work: seconds per cell of a study whose cells do nothing.

A cell that does nothing is still forked, watched, hashed, written, synced and renamed into place. One cell runs after
the other; the time of a cell is the median of those after the first. The first also waits for the executor to start:
the server that cells are forked from, and Ray before it, which has a row of its own. The peer is a limit, or inline.
"""

import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median

from studies.bench import no_work
from studies.bench.timing import BenchRow
from studies.cell import StudyCell
from studies.executors import EXECUTORS
from studies.executors.contract import Finished, Listener, Options
from studies.grid import Ground, KeyedCell
from studies.specification import Study
from studies.store import Store, open_store
from studies.worker import Task

N_CELLS = 21
LIMIT_SECONDS = 0.3
LIMIT, INLINE_START = "the limit of 0.3 s", "the start of inline's server"


def bench() -> list[BenchRow]:
    """A cell inline, a cell on Ray, and Ray's start beside that of the server that cells are forked from."""
    start_seconds, cell_seconds = _run("inline")
    rows = [BenchRow("harness, inline, per cell", cell_seconds, LIMIT, LIMIT_SECONDS, 1.0)]
    on_ray, ray_start = "harness, Ray, per cell", "harness, start of Ray and of its first cell"
    if find_spec("ray") is None:
        reason = "ray is not installed; `pip install 'trichord[cluster]'` does it"
        return [
            *rows,
            BenchRow(on_ray, None, LIMIT, None, 1.0, unavailable=reason),
            BenchRow(ray_start, None, INLINE_START, None, unavailable=reason),
        ]
    ray_start_seconds, ray_cell_seconds = _run("ray")
    return [
        *rows,
        BenchRow(on_ray, ray_cell_seconds, LIMIT, LIMIT_SECONDS, 1.0),
        BenchRow(ray_start, ray_start_seconds, INLINE_START, start_seconds),
    ]


def _run(executor: str) -> tuple[float, float]:
    """Seconds of the start, and of one cell after it."""
    ended: list[float] = []
    listener = Listener(began=_nothing, finished=lambda one: ended.append(_time_of(one)))
    with tempfile.TemporaryDirectory() as folder:
        tasks = _tasks(open_store(Path(folder) / "store", create=True))
        begun = time.perf_counter()
        EXECUTORS[executor]()(tasks, Options(n_jobs=1), listener)
    per_cell = median(after - before for before, after in pairwise(ended))
    return ended[0] - begun - per_cell, per_cell


def _time_of(one: Finished) -> float:
    if not one.ok:
        raise RuntimeError(f"a cell without work failed: {one.reason}")
    return time.perf_counter()


def _nothing(n_places: int, seconds: float | None) -> None:
    del n_places, seconds


def _tasks(store: Store) -> Sequence[Task]:
    study = Study.model_validate(
        {
            "schema": 1,
            "name": "no-work",
            "title": "No work",
            "question": "What does the harness cost?",
            "seeds": list(range(N_CELLS)),
            "baseline": "none",
            "data": {"name": "none"},
            "front_ends": [{"name": "none"}],
            "protocols": [{"name": "none"}],
            "systems": [
                {
                    "name": "none",
                    "family": "classical",
                    "classifier": {"name": "none"},
                    "runs": [{"backend": {"name": "none"}}],
                }
            ],
        }
    )
    ground = Ground(no_work.CONTENT_HASH, {"none": ("all",)})
    cells = [StudyCell("none", "none", "all", "none", seed) for seed in study.seeds]
    keys = [f"{seed:064x}" for seed in study.seeds]
    return [
        Task(study, KeyedCell(cell, "0" * 64, key, key), ("fit",), ground, store, None, {}, (), no_work.__name__)
        for cell, key in zip(cells, keys, strict=True)
    ]
