import numpy as np
import pytest
from scipy import stats

from classical_baselines.harness.choices import InputError
from studies.statistics import Trials, accuracy_interval, paired_difference, verdict_of, what_would_decide


def trials(rows):
    """Rows of (correct, group, clip, seed, fold)."""
    correct, groups, clips, seeds, folds = zip(*rows, strict=True)
    return Trials(np.array(correct, bool), np.array(groups), np.array(clips), np.array(seeds), np.array(folds))


def by_group(shares, seeds=(0,), n=20, prefix="g"):
    """n clips per group of which the given share is right; each group is a fold."""
    return trials(
        [
            (i < round(share * n), f"{prefix}{g}", f"{g}/{i}", seed, f"{prefix}{g}")
            for seed in seeds
            for g, share in enumerate(shares)
            for i in range(n)
        ]
    )


SHARES = [0.8, 0.75, 0.9, 0.6, 0.85, 0.95]


def test_six_groups_get_a_t_on_their_means():
    result = accuracy_interval(by_group(SHARES))
    expected = stats.ttest_1samp(SHARES, 0).confidence_interval()

    assert result.estimate == pytest.approx(sum(SHARES) / 6)
    assert (result.low, result.high) == pytest.approx((expected.low, expected.high))
    assert result.method == "t over 6 groups"
    assert list(result.group_scores.values()) == pytest.approx(SHARES)


def test_seeds_are_averaged_within_a_group_and_do_not_narrow_the_interval():
    once, thrice = accuracy_interval(by_group(SHARES)), accuracy_interval(by_group(SHARES, seeds=(0, 1, 2)))

    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))
    assert (once.n_seeds, thrice.n_seeds) == (1, 3)
    assert once.sd_seeds is None
    assert thrice.sd_seeds == pytest.approx(0)


def test_a_group_counts_once_however_many_clips_it_has():
    rows = [(True, "a", f"a{i}", 0, "1") for i in range(90)] + [(False, "b", f"b{i}", 0, "1") for i in range(10)]

    assert accuracy_interval(trials(rows)).estimate == pytest.approx(0.5)


def test_spread_over_seeds_and_over_folds_stand_apart():
    rows = []
    for seed, shares in {0: (0.8, 0.6), 1: (0.9, 0.7)}.items():
        for g, share in enumerate(shares):
            rows += [(i < share * 10, f"g{g}", f"{g}/{i}", seed, f"f{g}") for i in range(10)]
    result = accuracy_interval(trials(rows))

    assert list(result.group_scores.values()) == pytest.approx([0.85, 0.65])
    assert result.sd_seeds == pytest.approx(np.std([0.7, 0.8], ddof=1))
    assert result.sd_folds == pytest.approx(np.std([0.85, 0.65], ddof=1))


def test_twenty_groups_get_a_bootstrap_of_whole_groups():
    shares = [0.5, 0.9] * 10
    result = accuracy_interval(by_group(shares))
    standard_error = np.std(shares, ddof=1) / np.sqrt(20)

    assert result.method == "bootstrap over 20 groups"
    assert result.high - result.low == pytest.approx(2 * stats.t.ppf(0.975, 19) * standard_error, rel=0.06)


@pytest.mark.parametrize("groups", ["", "own"])
def test_without_groups_one_seed_gets_wilson_over_clips(groups):
    rows = [(i < 45, groups and f"g{i}", f"c{i}", 0, str(i % 5)) for i in range(50)]
    result = accuracy_interval(trials(rows))
    expected = stats.binomtest(45, 50).proportion_ci(method="wilson")

    assert (result.low, result.high) == pytest.approx((expected.low, expected.high))
    assert result.method == "Wilson over 50 clips"
    assert result.n_groups == 0


def test_without_groups_several_seeds_get_a_bootstrap_over_clips():
    rows = [(i < 45, "", f"c{i}", seed, "1") for i in range(50) for seed in (0, 1)]

    assert accuracy_interval(trials(rows)).method == "bootstrap over 50 clips and the 2 trainings that they share"


def test_one_group_has_an_estimate_and_no_interval():
    result = accuracy_interval(by_group([0.8]))

    assert (result.estimate, result.low, result.high) == (pytest.approx(0.8), None, None)
    assert result.method == "no interval: one group"


def test_all_right_is_not_certainty():
    result = accuracy_interval(by_group([1.0] * 6))
    expected = stats.binomtest(120, 120).proportion_ci(method="wilson")

    assert (result.low, result.high) == pytest.approx((expected.low, expected.high))


def test_the_paired_difference_is_a_paired_t_and_a_sign_flip_by_group():
    a, b = [0.9, 0.85, 0.95, 0.8, 0.9, 1.0], [0.7, 0.75, 0.8, 0.65, 0.75, 0.8]
    result = paired_difference(by_group(a), by_group(b), margin=0.02)
    expected = stats.ttest_rel(a, b).confidence_interval()

    assert (result.low, result.high) == pytest.approx((expected.low, expected.high))
    assert result.p_value == 2 / 64
    assert result.verdict == "better"
    assert paired_difference(by_group(b), by_group(a), margin=0.02).verdict == "worse"
    assert list(result.differences.values()) == pytest.approx([x - y for x, y in zip(a, b, strict=True)])


def test_a_system_is_equivalent_to_itself():
    result = paired_difference(by_group(SHARES, n=40), by_group(SHARES, n=40), margin=0.02)  # 240 clips

    assert (result.verdict, result.p_value, result.would_decide) == ("equivalent", 1.0, "")


def test_five_groups_decide_nothing_and_say_what_would():
    result = paired_difference(by_group([0.9] * 5), by_group([0.5, 0.55, 0.5, 0.5, 0.45]), margin=0.02)

    assert result.p_value == 2 / 32
    assert result.verdict == "undecided"
    assert result.would_decide.startswith("about ")
    assert "(there are 5)" in result.would_decide


def test_only_what_both_were_tested_on_is_compared():
    a = by_group([0.9, 0.9, 0.9, 0.1], seeds=(0, 1))
    b = by_group([0.8, 0.8, 0.8], seeds=(0,))
    result = paired_difference(a, b, margin=0.02)

    assert result.n_units == 3
    assert result.difference == pytest.approx(0.1)


def test_single_clips_get_mcnemar():
    a = trials([(i < 40, "", f"c{i}", 0, "1") for i in range(50)])
    b = trials([(i >= 15, "", f"c{i}", 0, "1") for i in range(50)])
    result = paired_difference(a, b, margin=0.02)

    assert result.p_value == pytest.approx(stats.binomtest(10, 25).pvalue)
    assert result.test.startswith("McNemar (exact)")


def test_systems_without_a_common_clip_or_seed_are_refused():
    with pytest.raises(InputError, match="share no clip"):
        paired_difference(by_group([0.5, 0.5]), by_group([0.5, 0.5], prefix="h"), margin=0.02)
    with pytest.raises(InputError, match="share no seed"):
        paired_difference(by_group([0.5, 0.5]), by_group([0.5, 0.5], seeds=(7,)), margin=0.02)


@pytest.mark.parametrize(
    ("low", "high", "p_value", "verdict"),
    [
        (0.03, 0.08, 0.03, "better"),
        (-0.08, -0.03, 0.03, "worse"),
        (-0.01, 0.019, 0.5, "equivalent"),
        (0.005, 0.015, 0.03, "equivalent"),
        (-0.01, 0.05, 0.2, "undecided"),
        (0.03, 0.08, 0.06, "undecided"),
        (None, None, None, "undecided"),
    ],
)
def test_a_verdict_needs_the_interval_and_the_test(low, high, p_value, verdict):
    assert verdict_of(low, high, p_value, 0.02) == verdict


def test_what_would_decide_counts_groups():
    assert what_would_decide([0.5], 0.02) == "at least 6 groups, where there is 1 now"
    assert what_would_decide([1.0, -1.0], 0.0001).startswith("more than 10,000 groups")


@pytest.mark.slow
def test_the_interval_over_six_speakers_covers_the_truth_when_speakers_and_seeds_vary():
    generator = np.random.default_rng(6)
    covered, n_studies = 0, 1500
    for _ in range(n_studies):
        shares = np.clip(generator.normal(0.8, 0.06, size=6), 0, 1)
        rows = []
        for seed in (0, 1, 2):
            for g, share in enumerate(shares):
                right = generator.random(100) < share
                rows += [(bool(x), f"g{g}", f"{g}/{i}", seed, f"g{g}") for i, x in enumerate(right)]
        result = accuracy_interval(trials(rows))
        covered += result.low <= 0.8 <= result.high

    assert covered / n_studies == pytest.approx(0.95, abs=0.02)


def test_a_difference_that_never_varies_is_known_as_well_as_its_clips_are_many():
    """Both systems right on every clip: the share of clips on which they differ may still be 1 - 0.025^(1/n)."""
    few, many = ([by_group([1.0] * 6, n=n)] * 2 for n in (3, 40))

    assert paired_difference(*few, 0.02).verdict == "undecided"
    assert paired_difference(*few, 0.02).high == pytest.approx(1 - 0.025 ** (1 / 18))
    assert paired_difference(*many, 0.02).verdict == "equivalent"


def fixed_split(accuracies, n_groups=8, n=50, seed=0):
    """A fixed split: the models of all seeds are tested on all groups; an accuracy per seed."""
    generator = np.random.default_rng(seed)
    return trials(
        [
            (generator.random() < accuracy, f"g{g}", f"{g}/{i}", number, "official")
            for number, accuracy in enumerate(accuracies)
            for g in range(n_groups)
            for i in range(n)
        ]
    )


def test_one_training_of_each_system_claims_nothing_where_groups_share_it():
    result = paired_difference(fixed_split([0.95]), fixed_split([0.6], seed=1), margin=0.02)

    assert (result.verdict, result.p_value) == ("undecided", 2 / 256)
    assert result.low > 0.2
    assert (
        result.refused == "one seed was run and groups share its models: what another training would give is not known"
    )
    assert result.would_decide == "two seeds at least, better three or more (there is one)"
    assert "over 8 groups of one training" in result.test


def test_lucky_trainings_are_told_from_better_systems():
    """A's first training is far better than the others: every group says so, and the system is not better for it."""
    lucky, even = fixed_split([0.95, 0.7, 0.7]), fixed_split([0.7, 0.7, 0.7], seed=1)
    result = paired_difference(lucky, even, margin=0.02)

    assert (result.verdict, result.refused) == ("undecided", "")
    assert result.p_value > 0.2
    assert result.test == ("sign flip over 8 groups, t over 8 groups and the 3 trainings that they share, the larger p")
    assert result.would_decide.startswith("more seeds first (there are 3), as most of the interval is theirs; then ")
    steady = paired_difference(fixed_split([0.95, 0.95, 0.95]), even, margin=0.02)
    assert steady.verdict == "better"


def test_too_few_groups_are_refused_with_the_reason():
    result = paired_difference(by_group([0.9] * 5), by_group([0.5, 0.55, 0.5, 0.5, 0.45]), margin=0.02)

    assert result.refused == "5 groups: p cannot fall to 0.05 below 6"


def test_a_mean_within_the_margin_is_not_equivalent_where_one_group_lies_far_outside():
    """The interval is [-0.006, 0.019]; by the sign flip about 0.02 one speaker in six may well pull the mean there."""
    even, shifted = [0.5] * 6, [0.5, 0.5, 0.5, 0.5, 0.51, 0.53]
    ours, theirs = by_group(shifted, n=100), by_group(even, n=100)
    result = paired_difference(ours, theirs, margin=0.02)

    assert -0.02 < result.low < result.high < 0.02
    assert result.verdict == "undecided"
    assert result.would_decide.startswith("more groups (there are 6): the interval lies within the margin")
    assert paired_difference(by_group([0.5] * 5 + [0.51], n=100), theirs, margin=0.02).verdict == "equivalent"


def test_five_groups_that_do_not_differ_are_too_few_for_equivalence():
    result = paired_difference(by_group([0.9] * 5, n=90), by_group([0.9] * 5, n=90), margin=0.02)

    assert result.high < 0.02
    assert (result.verdict, result.refused) == ("undecided", "5 groups: p cannot fall to 0.05 below 6")
