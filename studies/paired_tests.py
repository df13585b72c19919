# studies/paired_tests.py
"""Tests of paired differences that need no distribution, their correction for number, and their power."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from itertools import product
from math import comb, inf, sqrt

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
POWER = 0.8
N_SIGN_PATTERNS = 2**16  # all are enumerated up to this number, and as many drawn beyond
MOST_UNITS = 10_000
FEWEST_FOR_A_TEST = 6  # 2 / 2^6 = 0.031 is the first attainable p below 0.05
# Normal differences, 40 000 (from 10 units on 12 000) simulated studies each; a test simulates verdicts anew
_EFFECTS_OF_FEW = {6: 1.807, 7: 1.353, 8: 1.207, 9: 1.099, 10: 1.012, 11: 0.945, 12: 0.897}

Floats = NDArray[np.float64]


def sign_flip_p_value(differences: Sequence[float] | Floats, seed: int = 0) -> float:
    """Share of the sign patterns whose mean difference is at least as far from 0 as the one that was seen."""
    values = np.asarray(differences, dtype=np.float64)
    n = len(values)
    if 2**n <= N_SIGN_PATTERNS:
        patterns = np.array(list(product((-1.0, 1.0), repeat=n)))
        return float(np.mean(_as_far(patterns @ values, values)))
    generator = np.random.default_rng(seed)
    # k differences of one size, their signs drawn, add up to the size times 2 Binomial(k, 1/2) - k; most clips are ties
    sizes, counts = np.unique(np.abs(values[values != 0]), return_counts=True)
    several = counts > 16
    single = np.repeat(sizes[~several], counts[~several])
    n_as_far, n_bytes = 1, -(-len(single) // 8)  # the pattern that was seen
    for _ in range(16):
        n_drawn = N_SIGN_PATTERNS // 16
        heads = generator.binomial(counts[several], 0.5, size=(n_drawn, int(several.sum())))
        sums = (2 * heads - counts[several]) @ sizes[several]
        bits = generator.integers(256, size=(n_drawn, n_bytes), dtype=np.uint8)
        signs = np.unpackbits(bits, axis=1, count=len(single)) if n_bytes else np.zeros((n_drawn, 0))
        sums += (2 * signs.astype(np.float64) - 1) @ single
        n_as_far += int(_as_far(sums, values).sum())
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
    """The fewest units for which a verdict finds `difference` in 80 % of cases; None beyond 10 000."""
    if sd == 0:
        return FEWEST_FOR_A_TEST
    wanted = abs(difference) / sd
    if smallest_effect(MOST_UNITS) > wanted:
        return None
    units = range(FEWEST_FOR_A_TEST, MOST_UNITS + 1)
    return FEWEST_FOR_A_TEST + bisect_left(units, True, key=lambda n: smallest_effect(n) <= wanted)


def smallest_difference(n: int, sd: float) -> float:
    """The difference that a verdict over `n` units, which differ with `sd`, finds in 80 % of cases; inf below six."""
    if n < FEWEST_FOR_A_TEST:
        return inf
    return sd * smallest_effect(n)


@cache
def smallest_effect(n: int) -> float:
    """The same in units of the standard deviation. It falls with n.

    A verdict needs an interval (t) and a sign flip that both exclude 0. Up to 12 units the flip is the harder one, as
    its p has few values (six units must all have one sign); beyond, the t test decides:

        power(n, effect) = P(|T| > t(0.975, n - 1)),  T noncentral t, n - 1 degrees of freedom, centre sqrt(n) effect
    """
    from scipy import optimize, special

    if n < FEWEST_FOR_A_TEST:
        return inf
    if n in _EFFECTS_OF_FEW:
        return _EFFECTS_OF_FEW[n]
    more_than_enough = 2 * float(special.stdtrit(n - 1, 1 - ALPHA / 2)) / sqrt(n)  # the power there is 97 % or more
    return float(optimize.brentq(lambda effect: _t_power(n, effect) - POWER, 0.0, more_than_enough))


def _t_power(n: int, effect: float) -> float:
    from scipy import special

    critical = float(special.stdtrit(n - 1, 1 - ALPHA / 2))
    centre = sqrt(n) * effect
    wrong_side = 0.0 if centre > 5 else float(special.nctdtr(n - 1, centre, -critical))  # below 1e-6, and nan, beyond
    return 1 - float(special.nctdtr(n - 1, centre, critical)) + wrong_side


def _as_far(sums: Floats, values: Floats) -> NDArray[np.bool_]:
    """Whether |sum| reaches the one that was seen, rounding aside."""
    seen = abs(float(values.sum()))
    return np.asarray(np.abs(sums) >= seen - 1e-12 * max(1.0, float(np.abs(values).sum())))
