# studies/executors/inline.py
"""Run cells on this machine, a fresh process per cell, so that no cell can harm another or the driver.

The first interrupt ends the cells that are not committing, waits for those that are, and returns; the second one
ends everything at once. Killing the driver loses only what was not committed: its cells end with it.
"""

import os
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing import connection

from studies.executors.cell_process import LOOK_SECONDS, CellProcess, Ending, cell_environment, start, warm_up
from studies.executors.contract import Execution, Listener, Options
from studies.executors.interrupts import collected_interrupts
from studies.worker import Task

GRACE_SECONDS = 15.0  # given to a commit after an interrupt


def execute(tasks: Sequence[Task], options: Options, listener: Listener) -> Execution:
    """Run the tasks on this machine."""
    execution = Execution()
    if not tasks:
        return execution
    n_jobs = options.n_jobs or jobs_of_cores(tasks[0].study.threads_per_cell)
    warm_up(cell_environment(tasks[0].study), tasks[0].pipeline)
    listener.began(n_jobs, None)
    _run_side_by_side(tasks, n_jobs, execution, listener)
    return execution


def jobs_of_cores(threads_per_cell: int) -> int:
    """As many cells as the cores of this machine hold."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, n_cores // threads_per_cell)


def _run_side_by_side(tasks: Sequence[Task], n_jobs: int, execution: Execution, listener: Listener) -> None:
    waiting = deque((task, 1) for task in tasks)
    running: list[CellProcess] = []

    def tell(task: Task, ending: Ending) -> None:
        finished = ending.of(task)
        execution.finished.append(finished)
        listener.finished(finished)

    with collected_interrupts() as interrupts:
        try:
            while waiting or running:
                if interrupts:
                    execution.interrupted = True
                    _stop(running, interrupts)
                    return
                while waiting and len(running) < n_jobs:
                    task, n_try = waiting.popleft()
                    if task.is_committed():  # by another driver on this store, since the plan was made
                        tell(task, Ending(True, 0.0))
                        continue
                    running.append(start(task, n_try))
                connection.wait([one.process.sentinel for one in running], timeout=LOOK_SECONDS if running else 0)
                for one in list(running):
                    one.enforce_limits()
                    ending = one.ending()
                    if ending is None:
                        continue
                    running.remove(one)
                    if ending.try_again:
                        waiting.appendleft((one.task, one.n_try + 1))
                    else:
                        tell(one.task, ending)
        finally:
            for one in running:
                one.kill()


def _stop(running: list[CellProcess], interrupts: list[int]) -> None:
    """Ask every cell to end; give those that commit the time for it, unless a second interrupt comes."""
    for one in running:
        one.process.terminate()
    until = time.monotonic() + GRACE_SECONDS
    while any(one.process.exitcode is None for one in running) and time.monotonic() < until and len(interrupts) < 2:
        connection.wait([one.process.sentinel for one in running if one.process.exitcode is None], timeout=0.2)
