import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from classical_baselines.harness.choices import InputError
from studies.intervals import bootstrap_interval, t_interval, wilson_interval


@given(st.lists(st.floats(0, 1), min_size=2, max_size=19))
def test_the_t_interval_is_that_of_scipy(values):
    if np.std(values) < 1e-6:
        return
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)

    assert t_interval(values) == pytest.approx((expected.low, expected.high))


@given(st.integers(1, 300), st.data())
def test_the_wilson_interval_is_that_of_scipy(n_clips, data):
    n_right = data.draw(st.integers(0, n_clips))
    expected = stats.binomtest(n_right, n_clips).proportion_ci(0.95, method="wilson")

    assert wilson_interval(n_right, n_clips) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_bootstrap_of_right_and_wrong_clips_has_binomial_quantiles():
    low, high = bootstrap_interval([1.0] * 80 + [0.0] * 20)
    expected = stats.binom.ppf([0.025, 0.975], 100, 0.8) / 100

    assert (low, high) == pytest.approx(tuple(expected), abs=0.011)


def test_the_bootstrap_agrees_with_that_of_scipy():
    values = np.random.default_rng(1).uniform(size=40)
    expected = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(2))

    low, high = expected.confidence_interval
    assert bootstrap_interval(values) == pytest.approx((low, high), abs=0.006)


def test_one_group_has_no_interval():
    with pytest.raises(InputError, match="at least two groups; got 1"):
        t_interval([0.5])


def test_the_t_interval_over_six_normal_groups_covers_the_truth_95_times_in_100():
    generator = np.random.default_rng(3)
    truth, n_studies = 0.8, 4000
    covered = 0
    for scores in generator.normal(truth, 0.1, size=(n_studies, 6)):
        low, high = t_interval(scores)
        covered += low <= truth <= high

    assert covered / n_studies == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / n_studies))
