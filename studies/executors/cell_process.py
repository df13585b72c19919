# studies/executors/cell_process.py
"""One cell in a process of its own: started warm, watched against the study's limits, ended with all its children.

The process is forked from a server that has loaded torch and the pipeline, so it starts in milliseconds. The server
holds no CUDA context, so a process forked from it may open one.

    cell_seconds_limit       wall-clock seconds
    cell_memory_limit_gb     10^9 bytes that the process and its children hold in memory (resident set, looked at five
                             times a second), the libraries that they share counted for each. Address space is not
                             limited: torch reserves far more of it than it uses.

A process that passes a limit is killed. `ending` says what became of a process, and whether another try may go
differently; `ending_of` runs a cell to its end, the second try included.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from types import ModuleType

import psutil

from studies.executors.contract import Finished
from studies.specification import Study
from studies.worker import DONE, FAILED, WARM_DATA_VARIABLE, Task, run_in_own_process, thread_environment

N_TRIES = 2  # of a cell whose process died
LOOK_SECONDS = 0.2  # between two looks at a running process
GIGABYTE = 10**9


@dataclass(frozen=True)
class Ending:
    """What became of one process."""

    ok: bool
    seconds: float
    reason: str = ""  # of a failure, one line
    try_again: bool = False  # it died, and another try may go differently

    def of(self, task: Task) -> Finished:
        """The ending as that of `task`."""
        return Finished(task, self.ok, self.seconds, self.reason)


@dataclass
class CellProcess:
    """A running cell."""

    task: Task
    process: BaseProcess
    started: float  # by the monotonic clock
    n_try: int = 1
    passed_limit: str = ""  # which one, where it was killed for it

    @property
    def seconds(self) -> float:
        """Since it started."""
        return time.monotonic() - self.started

    def enforce_limits(self) -> None:
        """Kill the process where it has passed a limit."""
        study = self.task.study
        if self.passed_limit:
            return
        if self.seconds > study.cell_seconds_limit:
            self.passed_limit = f"the limit of {study.cell_seconds_limit:g} s (cell_seconds_limit in the study)"
        elif study.cell_memory_limit_gb is not None and self.process.pid is not None:
            used = resident_bytes(self.process.pid) / GIGABYTE
            if used > study.cell_memory_limit_gb:
                self.passed_limit = (
                    f"the memory limit of {study.cell_memory_limit_gb:g} GB (used {used:.2f} GB; "
                    "cell_memory_limit_gb in the study)"
                )
        if self.passed_limit:
            self.kill()

    def ending(self) -> Ending | None:
        """What became of it; None while it runs. A failure is kept as an attempt in the store."""
        code = self.process.exitcode
        if code is None:
            return None
        if code == DONE:
            return Ending(True, self.seconds)
        key = self.task.keys[0]
        if code == FAILED:
            return Ending(False, self.seconds, self.task.store.attempts(key)[-1].reason)
        if self.passed_limit:
            reason = f"passed {self.passed_limit}"
        else:
            reason = f"its process died with status {code}"
            if code == -signal.SIGKILL:
                reason += " (killed; out of memory?)"
        self.task.store.record_attempt(key, asdict(self.task.cell.cell), reason, "")
        return Ending(False, self.seconds, reason, try_again=not self.passed_limit and self.n_try < N_TRIES)

    def kill(self) -> None:
        """End the process and its children."""
        pid = self.process.pid
        if pid is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(pid) == pid:  # false until the process has made its own group
                os.killpg(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.join(5)


def cell_environment(study: Study) -> dict[str, str]:
    """The variables that a cell's process needs before it starts: its threads, and the data to have at hand."""
    return thread_environment(study.threads_per_cell) | {WARM_DATA_VARIABLE: study.data.name}


def warm_up(environment: Mapping[str, str], pipeline: str) -> None:
    """Say what the server has loaded that processes are forked from; it starts with the first of them."""
    os.environ.update(environment)
    get_context("forkserver").set_forkserver_preload(
        ["studies.worker", "studies.provenance", pipeline, "studies.warm_start"]
    )


def start(task: Task, n_try: int = 1) -> CellProcess:
    """Start the cell."""
    process = get_context("forkserver").Process(target=run_in_own_process, args=(task,), daemon=False)
    with _without_main_module():
        process.start()
    return CellProcess(task, process, time.monotonic(), n_try)


def ending_of(task: Task) -> Ending:
    """Run the cell to its end; where its process dies, once more."""
    n_try = 1
    while True:
        if task.is_committed():  # by another driver on this store, since the plan was made
            return Ending(True, 0.0)
        cell = start(task, n_try)
        try:
            while (ending := cell.ending()) is None:
                connection.wait([cell.process.sentinel], timeout=LOOK_SECONDS)
                cell.enforce_limits()
        finally:
            cell.kill()
        if not ending.try_again:
            return ending
        n_try += 1


def resident_bytes(pid: int) -> int:
    """What a process and its descendants hold in memory; 0 where it has ended."""
    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total


@contextmanager
def _without_main_module() -> Iterator[None]:
    """A process that is started meanwhile does not run the caller's main script again: a cell needs nothing of it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
