# studies/progress.py
"""What a run says while it works: a bar and the time left on a terminal, plain lines elsewhere, JSON for machines.

The time left is the sum over the cells to come of the mean time of the finished cells of their system (of all
systems where none of its own has finished yet), divided by the number of cells that run side by side.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from studies.executors.contract import Finished


class Progress(Protocol):
    """Told of every cell that ends."""

    def start(
        self, systems: Iterable[str], n_committed: int, n_jobs: int, executor_seconds: float | None = None
    ) -> None:
        """The systems of the cells to come, one entry per cell; what the executor itself took to start."""
        ...

    def finished(self, one: Finished) -> None:
        """A cell has ended."""
        ...

    def close(self) -> None:
        """No cell comes any more."""
        ...


class TimeLeft:
    """Estimates how long the cells to come will take."""

    def __init__(self, systems: Iterable[str], n_jobs: int) -> None:
        self._to_come = Counter(systems)
        self._seconds: dict[str, list[float]] = {}
        self._n_jobs = n_jobs

    def finished(self, system: str, seconds: float) -> None:
        """A cell of `system` took so long."""
        self._to_come[system] -= 1
        if seconds == 0:  # another driver's
            return
        self._seconds.setdefault(system, []).append(seconds)

    def seconds(self) -> float | None:
        """Seconds to come; None before the first cell has finished."""
        everything = [s for taken in self._seconds.values() for s in taken]
        if not everything:
            return None
        total = 0.0
        for system, n_cells in self._to_come.items():
            taken = self._seconds.get(system, everything)
            total += n_cells * sum(taken) / len(taken)
        return total / self._n_jobs


def spoken(seconds: float | None) -> str:
    """A duration as one says it.

    >>> spoken(42), spoken(3000), spoken(9000), spoken(None)
    ('42 s', '50 min', '2 h 30 min', 'time left not known yet')
    """
    if seconds is None:
        return "time left not known yet"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _readiness(executor_seconds: float | None) -> str:
    return "" if executor_seconds is None else f"; Ray was ready in {executor_seconds:.1f} s"


def cell_name(one: Finished) -> str:
    """A cell in one line."""
    cell = one.task.cell.cell
    return f"{cell.system} · {cell.protocol} · {cell.fold} · seed {cell.seed}"


class PlainProgress:
    """One line per cell."""

    def start(
        self, systems: Iterable[str], n_committed: int, n_jobs: int, executor_seconds: float | None = None
    ) -> None:
        """Say what is to do."""
        waiting = list(systems)
        self._n_all, self._n_done, self._left = len(waiting), 0, TimeLeft(waiting, n_jobs)
        print(
            f"{len(waiting)} cells to run, {n_committed} committed already, {n_jobs} at a time"
            f"{_readiness(executor_seconds)}",
            flush=True,
        )

    def finished(self, one: Finished) -> None:
        """Say what ended, and what is left."""
        self._n_done += 1
        self._left.finished(one.task.cell.cell.system, one.seconds)
        ending = f"{one.seconds:.1f} s" if one.ok else f"FAILED: {one.reason}"
        left = "" if self._n_done == self._n_all else f" (left: {spoken(self._left.seconds())})"
        print(f"[{self._n_done}/{self._n_all}] {cell_name(one)}: {ending}{left}", flush=True)

    def close(self) -> None:
        """Nothing is open."""


class JsonProgress:
    """One JSON object per line."""

    def start(
        self, systems: Iterable[str], n_committed: int, n_jobs: int, executor_seconds: float | None = None
    ) -> None:
        """Event `start`."""
        waiting = list(systems)
        self._left = TimeLeft(waiting, n_jobs)
        record = {
            "event": "start",
            "to_run": len(waiting),
            "committed": n_committed,
            "at_a_time": n_jobs,
            "executor_seconds": executor_seconds,
        }
        print(json.dumps(record), flush=True)

    def finished(self, one: Finished) -> None:
        """Event `cell`."""
        cell = one.task.cell.cell
        self._left.finished(cell.system, one.seconds)
        record = {
            "event": "cell",
            "system": cell.system,
            "protocol": cell.protocol,
            "fold": cell.fold,
            "seed": cell.seed,
            "ok": one.ok,
            "reason": one.reason or None,
            "seconds": round(one.seconds, 3),
            "seconds_left": self._left.seconds(),
        }
        print(json.dumps(record), flush=True)

    def close(self) -> None:
        """Nothing is open."""


class BarProgress:
    """A bar on a terminal; failures stay above it."""

    def start(
        self, systems: Iterable[str], n_committed: int, n_jobs: int, executor_seconds: float | None = None
    ) -> None:
        """Draw the bar."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress

        waiting = list(systems)
        self._left = TimeLeft(waiting, n_jobs)
        self._bar = RichProgress(
            TextColumn("cells"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}")
        )
        self._bar.start()
        if executor_seconds is not None:
            self._bar.console.print(f"{n_jobs} at a time{_readiness(executor_seconds)}", markup=False, highlight=False)
        total = len(waiting) + n_committed
        self._task = self._bar.add_task(spoken(None), total=total, completed=n_committed)

    def finished(self, one: Finished) -> None:
        """Move on."""
        self._left.finished(one.task.cell.cell.system, one.seconds)
        if not one.ok:
            self._bar.console.print(f"FAILED {cell_name(one)}: {one.reason}", markup=False, highlight=False)
        left = self._left.seconds()
        self._bar.update(self._task, advance=1, description=f"about {spoken(left)} left · {cell_name(one)}")

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def progress_for(*, as_json: bool) -> Progress:
    """JSON where it is asked for, a bar on a terminal, plain lines elsewhere."""
    if as_json:
        return JsonProgress()
    return BarProgress() if sys.stdout.isatty() else PlainProgress()
