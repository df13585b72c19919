# studies/paired_tests.py
"""Tests of paired differences that need no distribution, their correction for number, and their power."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import product
from math import comb, sqrt

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
POWER = 0.8
N_SIGN_PATTERNS = 2**16  # all are enumerated up to this number, and as many drawn beyond
MOST_UNITS = 10_000

Floats = NDArray[np.float64]


def sign_flip_p_value(differences: Sequence[float] | Floats, seed: int = 0) -> float:
    """Share of the sign patterns whose mean difference is at least as far from 0 as the one that was seen."""
    values = np.asarray(differences, dtype=np.float64)
    n = len(values)
    if 2**n <= N_SIGN_PATTERNS:
        patterns = np.array(list(product((-1.0, 1.0), repeat=n)))
        return float(np.mean(_as_far(patterns @ values, values)))
    generator = np.random.default_rng(seed)
    n_as_far = 1  # the pattern that was seen
    for _ in range(16):
        patterns = generator.choice((-1.0, 1.0), size=(N_SIGN_PATTERNS // 16, n))
        n_as_far += int(_as_far(patterns @ values, values).sum())
    return n_as_far / (N_SIGN_PATTERNS + 1)


def mcnemar_p_value(n_only_a: int, n_only_b: int) -> float:
    """Exact two-sided McNemar test: clips that one of two systems alone gets right are a fair coin."""
    n, k = n_only_a + n_only_b, min(n_only_a, n_only_b)
    if n == 0:
        return 1.0
    return min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2**n)


def holm(p_values: Sequence[float]) -> list[float]:
    """p values adjusted for their number by Holm's step-down (Scand. J. Statist. 6, 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def units_needed(sd: float, difference: float) -> int | None:
    """The fewest units for which a two-sided t test at 0.05 finds `difference` in 80 % of cases; None beyond 10 000.

    power(n) = P(|T| > t(0.975, n - 1)),  T noncentral t, n - 1 degrees of freedom, centre sqrt(n) difference / sd
    """
    if sd == 0:
        return 2
    if _power(MOST_UNITS, sd, difference) < POWER:
        return None
    return 2 + bisect_left(range(2, MOST_UNITS + 1), POWER, key=lambda n: _power(n, sd, difference))


def smallest_difference(n: int, sd: float) -> float:
    """The difference that `n` units find in 80 % of cases, by the test of `units_needed`: its inverse."""
    from scipy import optimize, special

    if sd == 0:
        return 0.0
    more_than_enough = 2 * float(special.stdtrit(n - 1, 1 - ALPHA / 2)) / sqrt(n)  # the power there is 97 % or more
    return sd * float(optimize.brentq(lambda effect: _power(n, 1.0, effect) - POWER, 0.0, more_than_enough))


def _power(n: int, sd: float, difference: float) -> float:
    """How often n units find the difference; it rises with n."""
    from scipy import special

    critical = float(special.stdtrit(n - 1, 1 - ALPHA / 2))
    centre = sqrt(n) * abs(difference) / sd
    if centre > critical + 10:
        return 1.0  # the noncentral t is not computed that far out
    wrong_side = 0.0 if centre > 5 else float(special.nctdtr(n - 1, centre, -critical))  # below 1e-6, and nan, beyond
    return 1 - float(special.nctdtr(n - 1, centre, critical)) + wrong_side


def _as_far(sums: Floats, values: Floats) -> NDArray[np.bool_]:
    """Whether |sum| reaches the one that was seen, rounding aside."""
    seen = abs(float(values.sum()))
    return np.asarray(np.abs(sums) >= seen - 1e-12 * max(1.0, float(np.abs(values).sum())))
