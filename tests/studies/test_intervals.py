import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from classical_baselines.harness.choices import InputError
from studies.intervals import bootstrap_interval, mean_interval, t_interval, wilson_interval
from studies.unit_scores import UnitScores


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


def own_models(values):
    """Units that share no trained model."""
    values = np.asarray(values, dtype=float)
    return UnitScores(tuple(map(str, range(len(values)))), values[:, None], np.arange(len(values)))


def fixed_split(table):
    """Units that share the models of all seeds."""
    return UnitScores(tuple(map(str, range(len(table)))), np.asarray(table, dtype=float), np.zeros(len(table), int))


def test_the_bootstrap_agrees_with_the_bca_of_scipy_at_the_widened_level():
    values = np.random.default_rng(1).exponential(size=40)
    z = stats.t.ppf(0.975, 39) * np.sqrt(40 / 39)
    expected = stats.bootstrap(
        (values,), np.mean, method="BCa", n_resamples=100_000, confidence_level=2 * stats.norm.cdf(z) - 1, rng=2
    ).confidence_interval

    found = bootstrap_interval(own_models(values), n_resamples=100_000)
    assert found == pytest.approx((expected.low, expected.high), abs=0.012)


@given(st.integers(20, 400), st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_for_values_without_skew_the_bootstrap_is_the_t_interval(n, seed):
    half = np.random.default_rng(seed).normal(size=n // 2)
    values = np.concatenate([half, -half])
    low, high = bootstrap_interval(own_models(values))

    assert (low, high) == pytest.approx(t_interval(values), abs=0.05 * (high - low))


@pytest.mark.parametrize("n_seeds", [3, 5, 12])
def test_with_shared_models_the_bootstrap_is_as_wide_as_the_closed_form_of_a_balanced_design(n_seeds):
    generator = np.random.default_rng(n_seeds)
    scores = fixed_split(generator.normal(size=(60, n_seeds)) + generator.normal(size=n_seeds))
    low, high = bootstrap_interval(scores)

    assert high - low == pytest.approx(2 * sum(scores.spread.half_squared(0.05)) ** 0.5, rel=0.12)
    assert high - low > 1.5 * np.ptp(bootstrap_interval(own_models(scores.means)))


def test_below_twenty_units_the_interval_is_a_t_and_from_there_on_a_bootstrap():
    values = np.random.default_rng(5).uniform(size=20)

    assert mean_interval(own_models(values[:19])) == pytest.approx(t_interval(values[:19]))
    assert mean_interval(own_models(values)) == bootstrap_interval(own_models(values))


@pytest.mark.parametrize("seed", range(40))
def test_a_system_without_chance_has_the_interval_of_its_units_however_often_it_is_trained(seed):
    # rounding made luck of equal means of seeds: nothing to divide by, and an interval without width
    generator = np.random.default_rng(seed)
    once = generator.integers(0, 4, size=(40, 1)) / 3
    thrice = np.repeat(once, 3, axis=1)
    thrice[:10, 0] = np.nan  # units of a fold that one seed is still to be run on
    names, blocks = tuple(map(str, range(40))), np.arange(40) // 10

    low, high = bootstrap_interval(UnitScores(names, thrice, blocks))

    assert (low, high) == bootstrap_interval(UnitScores(names, once, np.arange(40)))
    assert low < once.mean() < high


def test_units_that_are_all_equal_have_an_interval_without_width():
    assert bootstrap_interval(own_models([0.25] * 30)) == (0.25, 0.25)


def coverage(draw, truth, n_studies):
    found = [mean_interval(draw()) for _ in range(n_studies)]
    return np.mean([low <= truth <= high for low, high in found])


@pytest.mark.parametrize(("n_studies", "slack"), [(150, 0.06), pytest.param(6000, 0.012, marks=pytest.mark.slow)])
@pytest.mark.parametrize("n_units", [20, 60])
def test_the_bootstrap_covers_the_truth_of_skewed_scores(n_units, n_studies, slack):
    """Shares right of ten clips each at 90 %, of groups that differ: Beta(9, 1)."""
    generator = np.random.default_rng(n_units)

    def draw():
        return own_models(generator.binomial(10, generator.beta(9, 1, size=n_units)) / 10)

    assert coverage(draw, 0.9, n_studies) == pytest.approx(0.95, abs=slack)


@pytest.mark.parametrize(("n_studies", "least"), [(150, 0.9), pytest.param(6000, 0.945, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("luck", "n_seeds"), [(0.1, 3), (1.0, 2), (1.0, 3), (1.0, 5)])
def test_the_bootstrap_covers_the_truth_however_lucky_a_training_is(luck, n_seeds, n_studies, least):
    generator = np.random.default_rng([n_seeds, int(10 * luck)])

    def draw():
        table = generator.normal(size=(40, 1)) + generator.normal(size=(40, n_seeds))
        return fixed_split(table + luck * generator.normal(size=n_seeds))

    assert coverage(draw, 0.0, n_studies) >= least


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
