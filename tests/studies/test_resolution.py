"""What a grid can resolve: against simulation, the inverse test, and variance components on paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from studies.paired_tests import smallest_difference, units_needed
from studies.resolution import Spread, in_words, resolution_of, spread_between, typical
from studies.statistics import Trials

SPREAD = Spread(0.06, 0.03, "as seen")


def trials(right_of):
    """Ten clips per group and seed, of which so many are right: {(group, seed): right}."""
    rows = [(i < right, group, f"{group}{i}", seed) for (group, seed), right in right_of.items() for i in range(10)]
    correct, groups, clips, seeds = zip(*rows, strict=True)
    return Trials(np.array(correct), np.array(groups), np.array(clips), np.array(seeds), np.array(groups))


@pytest.mark.parametrize("n", [6, 12, 40])
def test_the_smallest_difference_is_found_in_80_per_cent_of_simulated_studies(n):
    difference = smallest_difference(n, 0.07)
    draws = np.random.default_rng(n).normal(difference, 0.07, size=(40_000, n))

    assert np.mean(stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05) == pytest.approx(0.8, abs=0.01)


@given(st.integers(3, 500), st.floats(1e-3, 0.5))
def test_the_units_that_the_smallest_difference_needs_are_those_that_there_are(n, sd):
    assert units_needed(sd, smallest_difference(n, sd) * (1 + 1e-9)) == n


def test_the_spread_is_split_between_groups_and_seeds():
    """Differences 0.1, 0.3 and 0.5, 0.5: means 0.2 and 0.5 of variance 0.045; within (0.02 + 0) / 2 = 0.01, so that
    between the groups stand 0.045 - 0.01 / 2 = 0.04."""
    baseline = trials({("a", 0): 4, ("a", 1): 4, ("b", 0): 2, ("b", 1): 2})
    system = trials({("a", 0): 5, ("a", 1): 7, ("b", 0): 7, ("b", 1): 7})

    spread = spread_between(system, baseline)

    assert (spread.between, spread.within) == pytest.approx((0.2, 0.1))
    assert spread.sd(2) == pytest.approx(0.045**0.5)
    assert spread_between(trials({("a", 0): 5}), baseline) is None
    assert spread_between(trials({("a", 7): 5, ("b", 7): 5}), baseline) is None


def test_the_median_system_stands_for_the_study():
    spreads = [Spread(0.1, 0.03, ""), Spread(0.3, 0.01, ""), Spread(0.2, 0.02, "")]

    assert typical(spreads, "here") == Spread(0.2, 0.02, "here")
    assert typical([], "here") is None


def test_fewer_than_six_groups_find_nothing_and_the_plan_says_so():
    found = resolution_of(5, "group", 3, SPREAD, 0.02)

    assert (found.smallest, found.units_for_half, found.seeds_for_margin) == (None, None, None)
    assert in_words(found) == [
        "no difference, however large: 5 groups are too few for p ≤ 0.05",
        "at least 6 groups are needed",
    ]


def test_a_plan_says_what_would_find_less():
    six, many, noisy = (
        resolution_of(6, "group", 3, SPREAD, 0.02),
        resolution_of(400, "group", 1, SPREAD, 0.02),
        resolution_of(60, "group", 1, Spread(0.04, 0.1, "as seen"), 0.02),
    )

    assert six.smallest == pytest.approx(smallest_difference(6, (0.06**2 + 0.03**2 / 3) ** 0.5))
    assert six.units_for_half == units_needed(SPREAD.sd(3), six.smallest / 2)
    assert in_words(six)[1].endswith(
        f"more seeds alone lead to {100 * smallest_difference(6, 0.06):.1f} points at best"
    )
    assert in_words(many)[1].endswith("the margin of 2 points is found")
    assert smallest_difference(60, noisy.spread.sd(noisy.seeds_for_margin)) <= 0.02
    assert smallest_difference(60, noisy.spread.sd(noisy.seeds_for_margin - 1)) > 0.02
    assert in_words(noisy)[1].endswith(f"the margin of 2 points takes {noisy.seeds_for_margin} seeds")
