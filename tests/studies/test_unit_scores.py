# tests/studies/test_unit_scores.py
"""The variance of a mean over units: against sums on paper, the analysis of variance and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from studies.unit_scores import UnitScores, unit_scores


def scores_of(table, blocks=None):
    table = np.asarray(table, dtype=float)
    blocks = np.zeros(len(table), int) if blocks is None else np.asarray(blocks)
    return UnitScores(tuple(map(str, range(len(table)))), table, blocks)


def variance(spread):
    return spread.groups + spread.models - spread.counted


def trials(rows):
    correct, units, seeds, folds = zip(*rows, strict=True)
    return np.array(correct, bool), np.array(units), np.array(seeds), np.array(folds)


def test_scores_stand_by_unit_and_seed_and_units_of_a_fold_are_a_block():
    rows = [(True, "b", 7, "y"), (False, "b", 7, "y"), (True, "b", 9, "y"), (True, "a", 7, "x"), (True, "c", 7, "y")]
    found = unit_scores(*trials(rows))

    assert found.names == ("a", "b", "c")
    np.testing.assert_array_equal(found.by_seed, [[1, np.nan], [0.5, 1], [1, np.nan]])
    assert found.means.tolist() == [1, 0.75, 1]
    assert found.blocks.tolist() == [0, 1, 1]


def test_folds_that_test_one_unit_are_one_block():
    rows = [(True, unit, 0, fold) for unit, fold in [("a", "1"), ("a", "2"), ("b", "2"), ("c", "3"), ("d", "3")]]

    assert unit_scores(*trials(rows)).blocks.tolist() == [0, 0, 1, 1]


@given(st.integers(2, 9), st.integers(2, 5), st.integers(0, 10_000))
def test_for_one_block_it_is_the_analysis_of_variance_of_units_crossed_with_seeds(n_units, n_seeds, seed):
    """Var(mean) = (MS units + MS seeds - MS residual) / (units seeds), mean squares by sums over the table."""
    table = np.random.default_rng(seed).normal(size=(n_units, n_seeds))
    rows, columns, mean = table.mean(axis=1), table.mean(axis=0), table.mean()
    of_units = n_seeds * sum((rows - mean) ** 2) / (n_units - 1)
    of_seeds = n_units * sum((columns - mean) ** 2) / (n_seeds - 1)
    rest = sum((table[u, s] - rows[u] - columns[s] + mean) ** 2 for u in range(n_units) for s in range(n_seeds))
    residual = rest / ((n_units - 1) * (n_seeds - 1))

    assert variance(scores_of(table).spread) == pytest.approx((of_units + of_seeds - residual) / (n_units * n_seeds))


def test_where_each_unit_has_models_of_its_own_the_interval_is_the_t_of_scipy():
    table = np.random.default_rng(1).normal(size=(7, 3))
    scores = scores_of(table, range(7))
    expected = stats.ttest_1samp(table.mean(axis=1), 0)

    assert scores.spread.n_models == 0
    assert sum(scores.spread.half_squared(0.05)) ** 0.5 == pytest.approx(
        expected.confidence_interval().high - table.mean()
    )
    assert scores.spread.p_value(table.mean()) == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("sizes", [(30,), (6, 6, 6), (2, 3, 10, 1)])
def test_the_variance_is_unbiased_for_blocks_of_any_sizes(sizes):
    """Units 1, trainings 0.8, residual 1.5: the variance of the mean over simulated studies and its mean estimate."""
    generator, n_seeds, n_studies = np.random.default_rng(3), 3, 1200
    blocks = np.repeat(range(len(sizes)), sizes)
    means, estimates = [], []
    for _ in range(n_studies):
        table = generator.normal(size=(len(blocks), 1)) + 1.5 * generator.normal(size=(len(blocks), n_seeds))
        scores = scores_of(table + 0.8 * generator.normal(size=(len(sizes), n_seeds))[blocks], blocks)
        means.append(scores.means.mean())
        estimates.append(variance(scores.spread))

    n = len(blocks)
    truth = 1 / n + 1.5**2 / (3 * n) + 0.8**2 / 3 * sum((m / n) ** 2 for m in sizes)
    assert np.mean(estimates) == pytest.approx(truth, rel=0.08)
    assert np.var(means) == pytest.approx(truth, rel=0.15)


def test_the_half_width_of_a_table_on_paper():
    # unit means 2, 4, 6; seed means 3, 5; each unit differs by 2 between its seeds, variance 2
    spread = scores_of([[1, 3], [3, 5], [5, 7]]).spread

    assert spread.groups == pytest.approx(4 / 3)
    assert spread.models == pytest.approx(9 / (3 * 2) * 2 / 2)  # c A / S
    assert spread.counted == pytest.approx(9 / (3 * 2) * (3 * 2 / 9) / 2)  # c B / S
    of_units, of_models = stats.t.ppf(0.975, [2, 1])
    expected = (of_units**2 * 4 / 3, of_models**2 * 1.5 - of_units**2 * 0.5)
    assert spread.half_squared(0.05) == pytest.approx(expected)


@given(st.integers(2, 12), st.integers(2, 5), st.integers(0, 10_000), st.floats(0.01, 0.5))
def test_the_p_value_is_the_level_at_which_the_interval_ends_at_zero(n_units, n_seeds, seed, mean):
    spread = scores_of(np.random.default_rng(seed).normal(size=(n_units, n_seeds))).spread

    assert sum(spread.half_squared(spread.p_value(mean))) == pytest.approx(mean * mean, rel=1e-4)


def test_one_seed_shows_nothing_of_the_luck_of_models_that_units_share():
    one_seed, own_models = scores_of([[0.5], [0.6], [0.9]]), scores_of([[0.5], [0.6], [0.9]], [0, 1, 2])

    assert (one_seed.spread.unseen, one_seed.spread.n_models) == (True, 1)
    assert (own_models.spread.unseen, own_models.spread.n_models) == (False, 0)


def test_a_block_that_lacks_a_seed_is_taken_to_be_like_the_others():
    table = [[1.0, 2.0], [2.0, 5.0], [3.0, np.nan], [3.5, np.nan]]
    spread = scores_of(table, [0, 0, 1, 1]).spread

    assert not spread.unseen
    assert spread.n_models == 3
    assert spread.models == pytest.approx(4 / 12 * np.var([1.5, 3.5], ddof=1) * (1 / 2 + 1))
