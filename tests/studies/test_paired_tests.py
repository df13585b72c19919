import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from studies.intervals import t_interval
from studies.paired_tests import holm, mcnemar_p_value, sign_flip_p_value, smallest_difference, units_needed
from studies.statistics import verdict_of


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=9))
def test_the_sign_flip_p_value_is_the_share_of_all_sign_patterns(differences):
    seen = abs(sum(differences))
    patterns = list(product((-1, 1), repeat=len(differences)))
    as_far = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) >= seen for signs in patterns]

    assert sign_flip_p_value([d / 100 for d in differences]) == pytest.approx(sum(as_far) / len(patterns))


def test_the_sign_flip_p_value_is_that_of_scipy():
    differences = np.random.default_rng(4).normal(0.5, 1, size=10)
    expected = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )

    assert sign_flip_p_value(differences) == pytest.approx(expected.pvalue)


def test_beyond_sixteen_groups_drawn_patterns_come_close_to_the_normal_limit():
    differences = np.array([0.1] * 23 + [-0.1] * 13)
    expected = 2 * stats.binom.sf(22, 36, 0.5)  # equal sizes: the signs alone matter

    assert sign_flip_p_value(differences) == pytest.approx(expected, abs=0.01)


def test_beyond_sixteen_units_ties_and_sizes_of_all_kinds_are_flipped():
    """Sizes that repeat, sizes that do not, and ties, against patterns drawn in plain Python."""
    generator = np.random.default_rng(8)
    differences = np.concatenate([[0.0] * 30, [0.5, 0.5, -0.5], generator.normal(0.12, 0.4, size=20)])
    signs = generator.choice([-1.0, 1.0], size=(40_000, len(differences)))
    expected = np.mean(np.abs(signs @ differences) >= abs(differences.sum()))

    assert sign_flip_p_value(differences) == pytest.approx(expected, abs=0.01)


def test_six_groups_on_one_side_give_one_in_thirty_two():
    assert sign_flip_p_value([0.1, 0.2, 0.05, 0.3, 0.1, 0.2]) == 2 / 64


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_a_binomial_test_of_the_disagreements(only_a, only_b):
    expected = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0

    assert mcnemar_p_value(only_a, only_b) == pytest.approx(expected)


def test_holm_on_paper():
    # sorted 0.01, 0.02, 0.04 times 3, 2, 1: 0.03, 0.04, 0.04
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.4, 0.9]) == pytest.approx([0.8, 0.9])
    assert holm([]) == []


@pytest.mark.parametrize(("sd", "difference", "tabled"), [(1.0, 0.5, 34), (1.0, 0.8, 15), (2.0, 1.0, 34)])
def test_the_number_of_pairs_for_80_per_cent_power_is_the_tabled_one(sd, difference, tabled):
    # Cohen, Statistical Power Analysis (1988), one sample, two-sided 0.05; G*Power 3.1 gives 34, 15; with few pairs the
    # sign flip is the harder test, and the table of the t test does not hold
    assert units_needed(sd, difference) == tabled


@pytest.mark.parametrize("n", [6, 7, 9, 12, 13])
def test_a_verdict_finds_the_smallest_difference_in_80_per_cent_of_simulated_studies(n):
    """The real verdict: t interval and sign flip, at a spread of one."""
    draws = np.random.default_rng(100 + n).normal(smallest_difference(n, 1.0), 1.0, size=(1500, n))
    found = [verdict_of(*t_interval(values), sign_flip_p_value(values), 1e-9) == "better" for values in draws]

    assert np.mean(found) == pytest.approx(0.8, abs=0.035)


def test_fewer_than_six_find_nothing():
    assert math.isinf(smallest_difference(5, 0.1))
    assert smallest_difference(6, 0.0) == 0


def test_what_no_affordable_number_decides_has_no_number():
    assert units_needed(10.0, 0.01) is None
    assert units_needed(0.0, 0.01) == 6
