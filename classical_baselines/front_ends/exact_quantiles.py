# classical_baselines/front_ends/exact_quantiles.py
"""Exact quantiles of 32-bit numbers that need not be in memory together: those that `numpy.quantile` gives in float64.

The quantile q of n numbers lies at h = q (n - 1) of their order, between the numbers x at its floor and after it:

    Q = x[floor h] + (h - floor h) (x[floor h + 1] - x[floor h])       (Hyndman & Fan, 1996, definition 7)

A number of a given rank is found in two passes, by counts over halves of its bits. A float's bits, its sign bit
flipped where it is positive and all of them where it is negative, are an integer of the same order: the first pass
counts its upper 16 bits, the second the lower 16 of the numbers whose upper bits hold the rank. Nothing is sorted or
widened, so this is the quicker way for a tensor too.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.streamed_rows import Rows

_ROWS_AT_ONCE = 512
_HALF = 1 << 16  # values of 16 bits


def exact_quantiles(rows: Rows, quantiles: Sequence[float]) -> list[float]:
    """The quantiles of all numbers of the rows; NaN where one of them is NaN."""
    upper = np.zeros(_HALF, dtype=np.int64)
    for part in rows.split(_ROWS_AT_ONCE):
        values = part.detach().cpu().numpy().ravel()
        if np.isnan(values).any():
            return [float("nan")] * len(quantiles)
        upper += np.bincount(_ordered_bits(values) >> 16, minlength=_HALF)
    n_values = int(upper.sum())
    places = [quantile * (n_values - 1) for quantile in quantiles]
    ranks = sorted({rank for place in places for rank in (int(place), min(int(place) + 1, n_values - 1))})
    number_at = dict(zip(ranks, _numbers_at(rows, ranks, upper), strict=True))
    found = []
    for place in places:
        below = int(place)
        around = [number_at[below], number_at[min(below + 1, n_values - 1)]]
        found.append(float(np.quantile(np.array(around), place - below)))  # numpy's own rounding between the two
    return found


def _numbers_at(rows: Rows, ranks: Sequence[int], upper: NDArray[np.int64]) -> list[float]:
    """The numbers of these ranks, from 0, given how many numbers have each upper half."""
    up_to = np.cumsum(upper)
    halves = [int(np.searchsorted(up_to, rank, side="right")) for rank in ranks]
    lower = {half: np.zeros(_HALF, dtype=np.int64) for half in halves}
    for part in rows.split(_ROWS_AT_ONCE):
        bits = _ordered_bits(part.detach().cpu().numpy().ravel())
        for half in lower:
            lower[half] += np.bincount(bits[bits >> 16 == half] & (_HALF - 1), minlength=_HALF)
    numbers = []
    for rank, half in zip(ranks, halves, strict=True):
        within = rank - int(up_to[half] - upper[half])
        low = int(np.searchsorted(np.cumsum(lower[half]), within, side="right"))
        numbers.append(_number(half << 16 | low))
    return numbers


def _ordered_bits(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Integers in the order of the numbers; a zero is one zero, whatever its sign."""
    bits = (values + np.float32(0)).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))


def _number(ordered: int) -> float:
    """The number behind an ordered integer."""
    bits = ordered ^ (1 << 31) if ordered >> 31 else ordered ^ (2**32 - 1)
    return float(np.array(bits, dtype=np.uint32).view(np.float32))
