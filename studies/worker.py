# studies/worker.py
"""What one process does: fit a cell, test it where that is asked, and commit what came of it.

The exit status says how it went; everything else stands in the store, so nothing is lost with the process.

    0    committed (by this process, or by another that came first)
    3    an exception: kept as an attempt with its traceback; running again would give the same
    130  stopped on request, between commits
"""

import datetime
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass, replace
from multiprocessing import connection, parent_process
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from classical_baselines.harness.choices import InputError
from studies.cell import CellKind, CellResult
from studies.cell_files import rounded_logits
from studies.freed_memory import return_freed_memory
from studies.grid import Ground, KeyedCell, describe
from studies.plugins import load_plugins
from studies.probe import PROBING, Probe, describe_probe
from studies.specification import Study
from studies.store import Store

DONE, FAILED, STOPPED = 0, 3, 130
WARM_DATA_VARIABLE = "TRICHORD_WARM_DATA"  # the data set of the run, for the process that cells are forked from
PIPELINE = "studies.pipeline"
SPINS_OF_A_WAITING_THREAD = "10000"  # libgomp's GOMP_SPINCOUNT: some 0.2 ms in place of several


@dataclass(frozen=True)
class Task:
    """One cell to be worked on; picklable, small."""

    study: Study
    cell: KeyedCell
    kinds: tuple[CellKind, ...]  # what is missing: ("fit",), ("test",) or both
    ground: Ground
    store: Store
    data_root: Path | None
    code_modules: dict[str, str]
    command: tuple[str, ...] = ()
    pipeline: str = PIPELINE  # the module with `fit_cell` and `test_cell`
    probes: tuple[Probe, ...] = ()  # those that are missing

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that its cells are committed under, in the order in which they are."""
        return (*map(self.key, self.kinds), *map(self.probe_key, self.probes))

    def key(self, kind: CellKind) -> str:
        """The key that this kind of cell is committed under."""
        return self.cell.fit_key if kind == "fit" else self.cell.test_key

    def probe_key(self, probe: Probe) -> str:
        """The key that a probe is committed under."""
        return self.cell.probe_key(self.study, probe)

    def is_committed(self) -> bool:
        """Whether there is nothing left to do."""
        return all(map(self.store.has, self.keys))


class _Commits:
    """Holds a request to stop back while a cell is being committed."""

    def __init__(self) -> None:
        self.committing = False
        self.stop_asked = False

    def on_stop(self, signal_number: int, frame: FrameType | None) -> None:
        del signal_number, frame
        self.stop_asked = True
        if not self.committing:
            sys.exit(STOPPED)

    def __enter__(self) -> None:
        self.committing = True

    def __exit__(self, *error: object) -> None:
        self.committing = False
        if self.stop_asked:
            sys.exit(STOPPED)


def run_in_own_process(task: Task) -> None:
    """The target of a worker process: stop on SIGTERM between commits, end with the driver, exit with the status."""
    os.setsid()  # the terminal's Ctrl-C goes to the driver alone, and a limit ends the cell's own children with it
    commits = _Commits()
    signal.signal(signal.SIGTERM, commits.on_stop)
    threading.Thread(target=_end_with_driver, daemon=True).start()
    sys.exit(run(task, commits))


def run(task: Task, commits: _Commits | None = None) -> int:
    """Work on a task; return the exit status."""
    commits = commits or _Commits()
    try:
        _run(task, commits)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        task.store.record_attempt(task.keys[0], asdict(task.cell.cell), reason, traceback.format_exc())
        return FAILED
    return DONE


def _run(task: Task, commits: _Commits) -> None:
    _use_threads(task.study.threads_per_cell)
    return_freed_memory()
    load_plugins()
    pipeline = importlib.import_module(task.pipeline)
    _refuse_other_recordings(task, pipeline)
    fitted: Any = None
    if "fit" in task.kinds or not task.store.has_weights(task.cell.fit_key):
        started = _Clock()
        fitted = pipeline.fit_cell(task.study, task.cell.cell, task.data_root)
        if "fit" in task.kinds:
            description = describe(task.study, task.cell, task.ground, "fit")
            _commit(task, task.cell.fit_key, description, fitted.result, started, commits, fitted.weights)
    if not (task.probes or "test" in task.kinds):
        return
    description = describe(task.study, task.cell, task.ground, "test")
    weights = fitted.weights if fitted is not None else task.store.load_weights(task.cell.fit_key)
    if "test" in task.kinds:
        started = _Clock()
        result = pipeline.test_cell(task.study, task.cell.cell, weights, task.data_root)
        _commit(task, task.cell.test_key, description, result, started, commits, None)
    if task.probes:
        probing = importlib.import_module(PROBING)
        again = {} if fitted is None or "fit" in task.kinds else _fitted_again(task, fitted.result)
        for probe in task.probes:
            started = _Clock()
            result = probing.probe_cell(task.study, task.cell.cell, weights, probe, task.data_root)
            described = describe_probe(description, probe)
            _commit(task, task.probe_key(probe), described, replace(result, training=again), started, commits, None)


def _fitted_again(task: Task, result: CellResult) -> dict[str, Any]:
    """Weights that are not in the store were trained anew: do they answer as those of the committed cell did?"""
    committed = task.store.load(task.cell.fit_key)
    alike = all(
        np.array_equal(rounded_logits(ours.logits), theirs.logits)
        for ours, theirs in zip(result.runs, committed.runs, strict=True)
    )
    return {"fitted_again": True, "answers_as_committed": alike}


def _refuse_other_recordings(task: Task, pipeline: Any) -> None:
    """A cell answers for the recordings that its key names: those of the plan, not what has come in their place."""
    found = pipeline.load_study_clips(task.study, task.data_root).content_hash
    if found != task.ground.content_hash:
        raise InputError(
            f"the recordings have changed since the run began: their content is {found[:12]}, and was "
            f"{task.ground.content_hash[:12]}. Leave them as they are while a study runs, and run it again."
        )


def _commit(
    task: Task,
    key: str,
    description: dict[str, Any],
    result: CellResult,
    started: "_Clock",
    commits: _Commits,
    weights: dict[str, Any] | None,
) -> None:
    from studies.provenance import measured, provenance

    source = provenance(task.code_modules, task.cell.cell.seed, task.ground.content_hash, task.command)
    source |= measured(started.utc, started.elapsed_seconds())
    with commits:
        task.store.commit(key, description, result, source, weights)


class _Clock:
    def __init__(self) -> None:
        self.utc = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._started = time.monotonic()

    def elapsed_seconds(self) -> float:
        return time.monotonic() - self._started


def _use_threads(n_threads: int) -> None:
    """Bound the threads of this process; the variables for its own children were set before it started."""
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(n_threads)


def _end_with_driver() -> None:
    """Where the driver dies, its cells end too; what they had committed stays."""
    driver = parent_process()
    if driver is None:
        return
    connection.wait([driver.sentinel])
    os.killpg(0, signal.SIGKILL)


def thread_environment(n_threads: int) -> dict[str, str]:
    """The variables that bound the threads of the numerical libraries, for a process that has not loaded them.

    A thread of torch's that has run out of work gives its core up soon: kernels of ours run between torch's, on threads
    of their own (`neuro/lif_scan/threads.py`).
    """
    from studies.provenance import THREAD_VARIABLES

    return dict.fromkeys(THREAD_VARIABLES, str(n_threads)) | {"GOMP_SPINCOUNT": SPINS_OF_A_WAITING_THREAD}
