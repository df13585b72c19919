# studies/decisions_per_hour.py
"""Energy against decisions per hour: always on, from one decision an hour to real time and ten times beyond.

    period = 3600 s / decisions per hour;  joules per decision as pricing has them for that period
    mean power = joules per decision / period

Between decisions a device sleeps or idles at its own power and wakes at its own price, so a chip that cannot sleep pays
for the whole hour however little it decides. Where some device is busy for longer than the period, it does not keep up,
and there is no number. Lines cross where one nominal energy passes another; of all crossings those are listed at which
another system becomes the one that uses least, and those with the baseline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import Draws
from studies.what_if import Side

LEAST_PER_HOUR = 1.0
BEYOND_REAL_TIME = 10.0
N_RATES = 121


@dataclass(frozen=True, eq=False)
class RateLine:
    """One side's energy per decision at every rate."""

    side: Side
    per_hour: Draws  # [rate], ascending
    joules: Draws  # [rate], nominal; not a number where the side does not keep up
    low: Draws  # [rate], 5 % of the draws
    high: Draws
    most_per_hour: float  # the fastest that its slowest device can decide; infinite where no time is counted

    @property
    def watts(self) -> Draws:
        """[rate] mean power, nominal."""
        return self.joules * self.per_hour / 3600

    def nominal_at(self, per_hour: float) -> float:
        """Nominal joules per decision at any rate."""
        return float(self.side.joules(CoefficientDraws(n_draws=1), 3600 / per_hour)[0])


@dataclass(frozen=True)
class RateCrossing:
    """Where two lines meet."""

    per_hour: float
    less_below: str  # name of the side that uses less at lower rates
    less_above: str


def rate_lines(sides: Sequence[Side], draws: CoefficientDraws) -> list[RateLine]:
    """A line per side, over rates that all of them share."""
    real_time = max(3600 / side.energy.period_seconds for side in sides)
    rates = np.geomspace(LEAST_PER_HOUR, BEYOND_REAL_TIME * real_time, N_RATES)
    return [_line(side, rates, draws) for side in sides]


def least_crossings(lines: Sequence[RateLine]) -> list[RateCrossing]:
    """The rates at which another line becomes the lowest, ascending."""
    joules = np.array([line.joules for line in lines])
    usable = np.isfinite(joules).any(axis=0)
    lowest = [int(np.nanargmin(joules[:, place])) if usable[place] else -1 for place in range(joules.shape[1])]
    return [
        crossing
        for place, (before, after) in enumerate(pairwise(lowest))
        if before != after and -1 not in (before, after)
        for crossing in _crossings(lines[before], lines[after], place)
    ]


def crossings_with(line: RateLine, others: Sequence[RateLine]) -> list[RateCrossing]:
    """Every crossing of the others with one line."""
    return [
        crossing
        for other in others
        if other is not line
        for place in range(len(line.per_hour) - 1)
        for crossing in _crossings(other, line, place)
    ]


def _line(side: Side, rates: Draws, draws: CoefficientDraws) -> RateLine:
    busiest = max(side.energy.busy_seconds.values(), default=0.0)
    most = 3600 / busiest if busiest else float("inf")
    nominal, low, high = (np.full(len(rates), np.nan) for _ in range(3))
    for place, rate in enumerate(rates):
        if rate <= most:
            joules = side.joules(draws, 3600 / rate)
            nominal[place] = joules[0]
            low[place], high[place] = np.quantile(joules[1:], (0.05, 0.95))
    return RateLine(side, rates, nominal, low, high, most)


def _crossings(a: RateLine, b: RateLine, place: int) -> list[RateCrossing]:
    """The crossing of two lines between rates `place` and `place + 1`, if there is one."""
    ends = (a.joules - b.joules)[place : place + 2]
    if not np.isfinite(ends).all() or np.sign(ends[0]) == np.sign(ends[1]):
        return []
    low, high = float(a.per_hour[place]), float(a.per_hour[place + 1])
    for _ in range(50):
        middle = (low * high) ** 0.5
        if np.sign(a.nominal_at(middle) - b.nominal_at(middle)) == np.sign(ends[0]):
            low = middle
        else:
            high = middle
    first, second = (a, b) if ends[0] < 0 else (b, a)
    return [RateCrossing((low * high) ** 0.5, first.side.name, second.side.name)]
