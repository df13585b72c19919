# studies/bench/timing.py
"""Ways to one result, timed side by side: in turn, so that a busy moment of the machine meets all of them.

The time of a way is the minimum over the rounds: whatever else the machine did only adds to it. All run in
one process with the same number of threads, after a first call of each that is not timed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ROUND_SECONDS = 0.02  # a shorter call is repeated until it fills a round


@dataclass(frozen=True)
class BenchRow:
    """Ours beside a peer."""

    name: str
    ours_seconds: float | None
    peer: str
    peer_seconds: float | None
    target: float | None = None  # of the ratio
    max_difference: float | None = None  # between the two results
    unavailable: str | None = None  # why there is no ratio
    figures: Mapping[str, float] = field(default_factory=dict)  # what else was measured, each name with its unit

    @property
    def ratio(self) -> float | None:
        """peer_seconds / ours_seconds: higher is better for us."""
        if self.ours_seconds is None or self.peer_seconds is None:
            return None
        return self.peer_seconds / self.ours_seconds

    def record(self) -> dict[str, Any]:
        """The row as `trichord bench --json` prints it."""
        return {
            "name": self.name,
            "ours_seconds": self.ours_seconds,
            "peer": self.peer,
            "peer_seconds": self.peer_seconds,
            "ratio": self.ratio,
            "target": self.target,
            "max_difference": self.max_difference,
            "unavailable": self.unavailable,
            "figures": dict(self.figures),
        }


def alternating(
    ours: Callable[[], object], peer: Callable[[], object], n_rounds: int = 9, round_seconds: float = ROUND_SECONDS
) -> tuple[float, float]:
    """Seconds per call of both, each the minimum over the rounds."""
    ours_seconds, peer_seconds = in_turn((ours, peer), n_rounds, round_seconds)
    return ours_seconds, peer_seconds


def in_turn(
    ways: Sequence[Callable[[], object]], n_rounds: int = 9, round_seconds: float = ROUND_SECONDS
) -> list[float]:
    """Seconds per call of each way, the minimum over the rounds; every round takes all of them, one after the other."""
    n_calls = [_calls_per_round(way, round_seconds) for way in ways]
    best = [float("inf")] * len(ways)
    for _ in range(n_rounds):
        for side, way in enumerate(ways):
            best[side] = min(best[side], _seconds(way, n_calls[side]) / n_calls[side])
    return best


def _calls_per_round(way: Callable[[], object], round_seconds: float) -> int:
    way()
    return max(1, round(round_seconds / max(_seconds(way, 1), 1e-9)))


def _seconds(way: Callable[[], object], n_calls: int) -> float:
    started = time.perf_counter()
    for _ in range(n_calls):
        way()
    return time.perf_counter() - started
