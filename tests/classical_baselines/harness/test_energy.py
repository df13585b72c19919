# tests/classical_baselines/harness/test_energy.py
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from classical_baselines.harness.energy import (
    Budget,
    LowerBound,
    Measured,
    Modelled,
    Unavailable,
    UnlikeEnergiesError,
    compare_energies,
    rank_correlation,
)


def budget(*joules, unpriced=()):
    modelled = Modelled(float(np.median(joules)), np.array(joules, dtype=float))
    return Budget(LowerBound(modelled, unpriced) if unpriced else modelled, "system", "always-on")


def test_the_probability_is_the_share_of_draws_in_which_a_is_below_b():
    found = compare_energies(budget(1, 2, 3, 4), budget(2, 3, 4, 1))

    assert (found.probability_low, found.probability_high, found.verdict) == (0.75, 0.75, "undecided")


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (budget(5, 6), budget(1, 2), "more"),
        (budget(1, 2), budget(5, 6), "less"),
        (budget(5, 6, unpriced=("x",)), budget(1, 2), "more"),  # the priced part alone already loses
        (budget(1, 2, unpriced=("x",)), budget(5, 6), "undecided"),
        (budget(1, 2), budget(5, 6, unpriced=("x",)), "less"),
        (budget(5, 6), budget(1, 2, unpriced=("x",)), "undecided"),
        (budget(5, 6, unpriced=("x",)), budget(1, 2, unpriced=("y",)), "undecided"),
    ],
)
def test_a_lower_bound_can_lose_and_cannot_win(a, b, verdict):
    assert compare_energies(a, b).verdict == verdict


@pytest.mark.parametrize(
    "change", [{"boundary": "core"}, {"scenario": "saturated"}, {"unit": "joules per second of audio"}]
)
def test_crossing_a_boundary_a_scenario_or_a_unit_is_refused(change):
    with pytest.raises(UnlikeEnergiesError, match=f"within one {next(iter(change))}"):
        compare_energies(budget(1), replace(budget(2), **change))


def test_measured_and_modelled_do_not_compare():
    measured = Budget(Measured(1.0, 0.9, 1.1, "rapl", 5), "system", "always-on")

    with pytest.raises(UnlikeEnergiesError, match="like with like"):
        compare_energies(measured, budget(1, 2))
    assert compare_energies(measured, replace(measured, energy=Measured(2.0, 1.9, 2.1, "rapl", 5))).verdict == "less"
    assert compare_energies(measured, measured).verdict == "undecided"


def test_what_is_not_available_decides_nothing():
    found = compare_energies(Budget(Unavailable("no meter"), "system", "always-on"), budget(1))

    assert (found.verdict, found.probability_low, found.probability_high) == ("undecided", 0.0, 1.0)
    assert "no meter" in found.reason


def test_the_rank_correlation_is_spearmans():
    generator = np.random.default_rng(2)
    x = generator.random(200)
    y = np.exp(x) + generator.random(200)

    assert rank_correlation(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    assert rank_correlation(x, np.ones(200)) == 0.0
