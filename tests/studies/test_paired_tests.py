from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from studies.paired_tests import holm, mcnemar_p_value, sign_flip_p_value, units_needed


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


@pytest.mark.parametrize(("sd", "difference", "tabled"), [(1.0, 1.0, 10), (1.0, 0.5, 34), (1.0, 0.8, 15)])
def test_the_number_of_pairs_for_80_per_cent_power_is_the_tabled_one(sd, difference, tabled):
    # Cohen, Statistical Power Analysis (1988), one sample, two-sided 0.05; G*Power 3.1 gives 10, 34, 15
    assert units_needed(sd, difference) == tabled


def test_units_needed_by_simulation():
    generator = np.random.default_rng(5)
    n = units_needed(0.05, 0.04)
    powers = []
    for size in (n - 1, n):
        draws = generator.normal(0.04, 0.05, size=(20_000, size))
        powers.append(np.mean(stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05))

    assert powers[0] < 0.81
    assert powers[1] > 0.79


def test_what_no_affordable_number_decides_has_no_number():
    assert units_needed(10.0, 0.01) is None
    assert units_needed(0.0, 0.01) == 2
