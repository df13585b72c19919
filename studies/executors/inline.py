# studies/executors/inline.py
"""Run cells on this machine: a fresh process per cell, so that no cell can harm another or the driver.

Processes are forked from a server that has loaded torch and the pipeline, so that a cell starts in milliseconds. A
process that dies (killed, out of memory) is a failed attempt and its cell is tried once more; one that passes the
study's wall-clock limit is ended with all its children; an exception is not retried, as it would come again.

The first interrupt ends the cells that are not committing, waits for those that are, and returns; the second one
ends everything at once. Killing the driver loses only what was not committed: its cells end with it.
"""

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from types import FrameType

from studies.worker import (
    DONE,
    FAILED,
    STOPPED,
    WARM_DATA_VARIABLE,
    Task,
    run_in_own_process,
    thread_environment,
)

N_TRIES = 2  # of a cell whose process died
GRACE_SECONDS = 15.0  # given to a commit after an interrupt


@dataclass(frozen=True)
class Finished:
    """What became of one task."""

    task: Task
    ok: bool
    seconds: float
    reason: str = ""  # of a failure, one line


@dataclass
class Execution:
    """What became of all tasks."""

    finished: list[Finished] = field(default_factory=list)
    interrupted: bool = False

    @property
    def failed(self) -> list[Finished]:
        """The tasks that came to nothing."""
        return [one for one in self.finished if not one.ok]


@dataclass
class _Running:
    task: Task
    process: BaseProcess
    n_try: int
    started: float
    ended_by_limit: bool = False


def execute(tasks: Sequence[Task], n_jobs: int, report: Callable[[Finished], None]) -> Execution:
    """Run the tasks, `n_jobs` at a time, in order; `report` is called as each ends."""
    execution = Execution()
    if not tasks:
        return execution
    os.environ.update(thread_environment(tasks[0].study.threads_per_cell))
    context = get_context("forkserver")
    os.environ[WARM_DATA_VARIABLE] = tasks[0].study.data.name
    context.set_forkserver_preload(
        ["__main__", "studies.worker", "studies.provenance", tasks[0].pipeline, "studies.warm_start"]
    )
    waiting = deque((task, 1) for task in tasks)
    running: list[_Running] = []
    with _interrupts() as interrupts:
        try:
            while waiting or running:
                if interrupts:
                    execution.interrupted = True
                    _stop(running, interrupts)
                    break
                while waiting and len(running) < n_jobs:
                    task, n_try = waiting.popleft()
                    if task.is_committed():  # by another driver on this store, since the plan was made
                        _tell(Finished(task, True, 0.0), execution, report)
                        continue
                    process = context.Process(target=run_in_own_process, args=(task,), daemon=False)
                    process.start()
                    running.append(_Running(task, process, n_try, time.monotonic()))
                connection.wait([one.process.sentinel for one in running], timeout=0.2 if running else 0)
                for one in list(running):
                    if one.process.exitcode is None:
                        _enforce_limit(one)
                        continue
                    running.remove(one)
                    outcome = _outcome(one)
                    if outcome is None:
                        waiting.appendleft((one.task, one.n_try + 1))
                    else:
                        _tell(outcome, execution, report)
        finally:
            for one in running:
                _kill(one)
    return execution


def _tell(outcome: Finished, execution: Execution, report: Callable[[Finished], None]) -> None:
    execution.finished.append(outcome)
    report(outcome)


def _outcome(one: _Running) -> Finished | None:
    """What became of a process that ended; None where its cell is to be tried again."""
    seconds = time.monotonic() - one.started
    code = one.process.exitcode
    task = one.task
    if code == DONE:
        return Finished(task, True, seconds)
    key = task.keys[0]
    if code == FAILED:
        return Finished(task, False, seconds, task.store.attempts(key)[-1].reason)
    if one.ended_by_limit:
        reason = f"passed the limit of {task.study.cell_seconds_limit:g} s (cell_seconds_limit in the study)"
    else:
        reason = f"its process died with status {code}"
        if code == -signal.SIGKILL:
            reason += " (killed; out of memory?)"
    task.store.record_attempt(key, asdict(task.cell.cell), reason, "")
    if one.n_try < N_TRIES and not one.ended_by_limit:
        return None
    return Finished(task, False, seconds, reason)


def _enforce_limit(one: _Running) -> None:
    if time.monotonic() - one.started > one.task.study.cell_seconds_limit and not one.ended_by_limit:
        one.ended_by_limit = True
        _kill(one)


def _stop(running: list[_Running], interrupts: list[int]) -> None:
    """Ask every cell to end; give those that commit the time for it, unless a second interrupt comes."""
    for one in running:
        one.process.terminate()
    until = time.monotonic() + GRACE_SECONDS
    while any(one.process.exitcode is None for one in running) and time.monotonic() < until and len(interrupts) < 2:
        connection.wait([one.process.sentinel for one in running if one.process.exitcode is None], timeout=0.2)


def _kill(one: _Running) -> None:
    """End a cell's process and its children."""
    pid = one.process.pid
    if pid is None:
        return
    with suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:  # false until the process has made its own group
            os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        one.process.kill()
    one.process.join(5)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of being ended by them."""
    received: list[int] = []

    def receive(signal_number: int, frame: FrameType | None) -> None:
        del frame
        received.append(signal_number)

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


__all__ = ["STOPPED", "Execution", "Finished", "execute"]
