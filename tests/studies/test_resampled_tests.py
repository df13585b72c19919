"""The tests over cross-validation cells: against scipy where there is no overlap, and by simulation where there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from studies.resampled_tests import cell_differences, corrected_resampled_t, correlated_bayesian_t, mcnemar
from studies.statistics import Trials

DIFFERENCES = [0.02, -0.01, 0.05, 0.03, 0.00, 0.04]


def trials(rows):
    """Rows of (correct, group, clip, seed, fold)."""
    correct, groups, clips, seeds, folds = zip(*rows, strict=True)
    return Trials(np.array(correct, bool), np.array(groups), np.array(clips), np.array(seeds), np.array(folds))


def test_without_overlap_it_is_the_plain_t_test():
    found = corrected_resampled_t(DIFFERENCES, 0.0)
    expected = stats.ttest_1samp(DIFFERENCES, 0)

    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))


def test_the_correction_is_that_of_the_paper():
    # t = mean / sqrt((1/6 + 1/4) s^2) = 0.021667 / (0.64550 * 0.023166) = 1.4489; two-sided p at 5 degrees 0.207
    found = corrected_resampled_t(DIFFERENCES, 0.25)

    assert found.p_value == pytest.approx(2 * stats.t.sf(0.0216667 / (0.6454972 * 0.0231661), 5), rel=1e-5)


@pytest.mark.parametrize(
    "test", [lambda d: corrected_resampled_t(d, 0.2), lambda d: correlated_bayesian_t(d, 0.2, 0.02)]
)
@pytest.mark.parametrize(
    ("differences", "reason"), [([0.1, 0.2], "it takes 3 cells or more, and has 2"), ([0.1] * 5, "are equal")]
)
def test_too_little_is_refused_with_the_reason(test, differences, reason):
    found = test(differences)

    assert reason in found.refused
    assert (found.p_value, found.better) == (None, None)


@given(st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=20), st.floats(0, 1))
def test_without_a_margin_the_posterior_is_the_one_sided_p_value(differences, overlap):
    frequentist = corrected_resampled_t(differences, overlap)
    bayesian = correlated_bayesian_t(differences, overlap, 0.0)
    if frequentist.refused:
        assert bayesian.refused
        return

    assert min(bayesian.better, bayesian.worse) == pytest.approx(frequentist.p_value / 2, abs=1e-9)
    assert bayesian.worse + bayesian.equivalent + bayesian.better == pytest.approx(1)


def test_false_positives_stay_below_six_per_cent_where_the_plain_test_has_many():
    """Three seeds by five folds; folds of one seed correlate by 1/5, as their training parts overlap."""
    generator = np.random.default_rng(1)
    n_studies, n_folds, n_seeds = 4000, 5, 3
    shared = generator.normal(size=(n_studies, 1, 1)) * np.sqrt(1 / n_folds)
    own = generator.normal(size=(n_studies, n_seeds, n_folds)) * np.sqrt(1 - 1 / n_folds)
    differences = (shared + own).reshape(n_studies, -1)

    corrected = np.mean([corrected_resampled_t(d, 1 / (n_folds - 1)).p_value < 0.05 for d in differences])
    plain = np.mean(stats.ttest_1samp(differences, 0, axis=1).pvalue < 0.05)

    assert corrected < 0.06
    assert plain > 0.2


def test_differences_are_taken_cell_by_cell_and_only_where_both_are():
    a = trials(
        [(True, "g", "1", 0, "x"), (False, "g", "2", 0, "x"), (True, "h", "3", 0, "y"), (True, "h", "3", 1, "y")]
    )
    b = trials([(False, "g", "1", 0, "x"), (False, "g", "2", 0, "x"), (True, "h", "3", 0, "y")])

    assert cell_differences(a, b) == [0.5, 0.0]


def test_mcnemar_is_made_for_clips_that_are_their_own_groups_and_one_seed_alone():
    a = trials([(i < 9, str(i), str(i), 0, "x") for i in range(12)])
    b = trials([(i < 3, str(i), str(i), 0, "x") for i in range(12)])
    speakers = trials([(True, "ab"[i % 2], str(i), 0, "x") for i in range(12)])
    twice = trials([(True, str(i), str(i), seed, "x") for i in range(12) for seed in (0, 1)])

    assert mcnemar(a, b).p_value == pytest.approx(stats.binomtest(6, 6).pvalue)  # 6 clips that A alone gets right
    assert "no independent trials" in mcnemar(speakers, speakers).refused
    assert "--seeds 0" in mcnemar(twice, twice).refused
