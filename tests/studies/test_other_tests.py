"""The tests over cross-validation cells: against scipy where there is no overlap, and by simulation where there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from studies.other_tests import corrected_resampled_t, correlated_bayesian_t, fold_differences, mcnemar, other_tests
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
    ("differences", "reason"), [([0.1, 0.2], "it takes 3 folds or more, and has 2"), ([0.1] * 5, "are equal")]
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
    """Ten folds whose differences correlate by 1/10, as their training parts overlap."""
    generator = np.random.default_rng(1)
    n_studies, n_folds = 4000, 10
    shared = generator.normal(size=(n_studies, 1)) * np.sqrt(1 / n_folds)
    differences = shared + generator.normal(size=(n_studies, n_folds)) * np.sqrt(1 - 1 / n_folds)

    corrected = np.mean([corrected_resampled_t(d, 1 / (n_folds - 1)).p_value < 0.05 for d in differences])
    plain = np.mean(stats.ttest_1samp(differences, 0, axis=1).pvalue < 0.05)

    assert corrected < 0.06
    assert plain > 0.1


def with_seeds(seeds, right=((5, 3), (7, 3), (6, 6), (8, 2))):
    """Two systems on four folds of ten clips, the same on every seed."""
    return [
        trials(
            [
                (i < of_fold[which], f"g{fold}", f"{fold}/{i}", seed, f"f{fold}")
                for seed in seeds
                for fold, of_fold in enumerate(right)
                for i in range(10)
            ]
        )
        for which in (0, 1)
    ]


def test_seeds_that_repeat_a_split_are_no_further_evidence():
    once, thrice = (other_tests(*with_seeds(seeds), 0.25, 0.02)[0] for seeds in ((0,), (0, 1, 2)))

    assert once.n == thrice.n == 4
    assert thrice.p_value == pytest.approx(once.p_value)


def test_differences_are_taken_fold_by_fold_over_what_both_were_tested_on():
    a, b = with_seeds((0, 1))
    less = trials([(True, "g0", "0/0", 0, "f0"), (False, "g1", "1/9", 0, "f1"), (False, "g9", "9/0", 0, "f9")])

    assert fold_differences(a, b) == pytest.approx([0.2, 0.4, 0.0, 0.6])
    resampled, bayesian, counted = other_tests(a, less, 0.25, 0.02)
    assert (resampled.n, bayesian.n) == (2, 2)
    assert "it takes 3 folds or more, and has 2" in resampled.refused
    assert counted.p_value == 1.0  # one clip in each of two groups: clips are the sample, and the two agree


def test_mcnemar_is_made_for_clips_that_are_their_own_groups_and_one_seed_alone():
    a = trials([(i < 9, str(i), str(i), 0, "x") for i in range(12)])
    b = trials([(i < 3, str(i), str(i), 0, "x") for i in range(12)])
    speakers = trials([(True, "ab"[i % 2], str(i), 0, "x") for i in range(12)])
    twice = trials([(True, str(i), str(i), seed, "x") for i in range(12) for seed in (0, 1)])

    in_two_folds = trials([(True, str(i), str(i), 0, fold) for i in range(12) for fold in "xy"])

    assert mcnemar(a, b).p_value == pytest.approx(stats.binomtest(6, 6).pvalue)  # 6 clips that A alone gets right
    assert "more than one fold" in mcnemar(in_two_folds, in_two_folds).refused
    assert "no independent trials" in mcnemar(speakers, speakers).refused
    assert "by --seeds" in mcnemar(twice, twice).refused
