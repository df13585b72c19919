# studies/executors/contract.py
"""What every executor is asked for and gives back: tasks in, one ending per task, and nothing that is lost.

An executor runs each task in a process of its own, at equal threads, under the study's limits, and commits through
the store alone. So the same study gives the same cells whichever executor runs it, and whatever is killed:

    an exception             fails its cell, with the traceback kept as an attempt; not tried again, it would come again
    a process that dies      its cell is tried once more on the same machine
    a limit that is passed   the process and its children are killed; the cell has failed; not tried again
    an interrupt             ends what is running; what is committed stays, and the next run goes on from there

Energy is measured by no executor: `studies.measuring` has the lane where nothing else of ours runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from studies.worker import Task


@dataclass(frozen=True)
class Finished:
    """What became of one task."""

    task: Task
    ok: bool
    seconds: float  # of its process; 0 where another driver had committed the cell
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


@dataclass(frozen=True)
class Options:
    """How many cells run side by side, and with what."""

    n_jobs: int | None = None  # cells side by side; None: as many as the cores hold
    gpus_per_cell: float = 0.0  # the share of a GPU that each cell is given; for Ray alone


@dataclass(frozen=True)
class Listener:
    """Who is told: once when the executor is ready, then as each task ends."""

    began: Callable[[int, float | None], None]  # cells side by side; seconds that the executor itself took to start
    finished: Callable[[Finished], None]


class Executor(Protocol):
    """Runs tasks to their end."""

    def __call__(self, tasks: Sequence[Task], options: Options, listener: Listener) -> Execution:
        """Run the tasks in order, side by side; InputError where the options cannot be met here."""
        ...
