# studies/other_work.py
"""How many cores other processes keep busy: a meter counts their joules too.

From the processor time of all processes (/proc/stat) less that of this one and of its children that have ended.
"""

import os
import time
from pathlib import Path

PROC_STAT = Path("/proc/stat")
WAITING = (3, 4, 7)  # idle, iowait and what a hypervisor took, among the columns of the line `cpu`
IN_GUESTS = (8, 9)  # counted in `user` and `nice` already


class OtherWork:
    """The cores that others keep busy, from when it was made."""

    def __init__(self, stat: Path = PROC_STAT) -> None:
        self._stat = stat
        self._started = time.monotonic()
        self._all, self._own = _busy_seconds(stat), _own_seconds()

    def busy_cores(self) -> float | None:
        """Mean since then; None where the system does not tell."""
        now = _busy_seconds(self._stat)
        if now is None or self._all is None:
            return None
        seconds = max(time.monotonic() - self._started, 1e-3)
        return max(0.0, (now - self._all - (_own_seconds() - self._own)) / seconds)


def busy_seconds_of(stat: str, ticks_per_second: float) -> float:
    """Processor time spent since the start of the system.

    >>> busy_seconds_of("cpu  100 20 30 9000 50 0 10 40 5 0\\ncpu0 ...", 100)
    1.6
    """
    counts = [int(word) for word in stat.split("\n", 1)[0].split()[1:]]
    return sum(n for place, n in enumerate(counts) if place not in WAITING + IN_GUESTS) / ticks_per_second


def _busy_seconds(stat: Path) -> float | None:
    try:
        return busy_seconds_of(stat.read_text(), os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return None


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
