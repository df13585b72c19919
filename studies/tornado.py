# studies/tornado.py
"""Which coefficient decides: the energy of a side, or the ratio of two, with each coefficient at its low and high end.

One coefficient moves at a time and all others are nominal, so the bars of a tornado do not add up to the range of the
draws. The rank correlation beside them is over the shared draws, where all move together. A verdict flips where the
ratio lies above 1 at one end and below at the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from classical_baselines.harness.coefficient import Coefficient, CoefficientDraws
from classical_baselines.harness.energy import Draws, rank_correlation
from studies.what_if import Replaced, Side, coefficients_of


@dataclass(frozen=True)
class Swing:
    """One coefficient, and where it takes the ratio A / B (or the joules, of one side alone)."""

    coefficient: str
    device: str
    low: float  # its own low end, in its unit
    high: float
    unit: str
    at_low: float  # the ratio there
    at_high: float
    correlation: float  # Spearman's, with the ratio over the shared draws
    flips: bool  # one end says that A uses less, the other that B does

    @property
    def swing(self) -> float:
        """Size on the logarithm: 0 where the coefficient changes nothing."""
        return abs(log(self.at_high / self.at_low))


def tornado(a: Side, b: Side, draws: CoefficientDraws) -> list[Swing]:
    """The swings of A / B, the widest first; coefficients that move nothing are left out."""
    rows = {**coefficients_of(b), **coefficients_of(a)}
    ends = one_at_a_time(list(rows.values()))
    ratio = (a.joules(ends) / b.joules(ends))[1:].reshape(-1, 2)  # [coefficient, low or high]
    drawn = (a.joules(draws) / b.joules(draws))[1:]
    swings = [
        Swing(
            coefficient=row.id,
            device=row.device,
            low=row.low,
            high=row.high,
            unit=row.unit,
            at_low=float(at_low),
            at_high=float(at_high),
            correlation=rank_correlation(draws.of(row)[1:], drawn),
            flips=bool((at_low - 1) * (at_high - 1) < 0),
        )
        for row, (at_low, at_high) in zip(rows.values(), ratio, strict=True)
    ]
    return sorted((s for s in swings if s.swing > 1e-9), key=lambda s: -s.swing)


def one_at_a_time(rows: Sequence[Coefficient]) -> CoefficientDraws:
    """Draws 2k and 2k + 1 have coefficient k at its low and at its high end, and all others nominal."""
    values: Mapping[str, Draws] = {row.id: np.full(1 + 2 * len(rows), row.nominal) for row in rows}
    for place, row in enumerate(rows):
        values[row.id][1 + 2 * place] = row.low
        values[row.id][2 + 2 * place] = row.high
    return Replaced(CoefficientDraws(n_draws=2 * len(rows)), values)
