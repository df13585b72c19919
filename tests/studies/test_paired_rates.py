# tests/studies/test_paired_rates.py
"""Differences of means of shares by group, against sums on paper, scipy's paired t and simulated studies."""

from dataclasses import replace
from itertools import product
from math import sqrt

import numpy as np
import pytest
import scipy.stats

from classical_baselines.harness.choices import InputError
from studies.paired_rates import rate_difference, rate_scores
from studies.statistics import Trials


def trials_of(n_right, n_clips, seeds=(0,), kind="ill", folds=None):
    """Of each group the first clips are right; by seed where `n_right` is given for each."""
    by_seed = dict(zip(seeds, [n_right] if isinstance(n_right, dict) else n_right, strict=True))
    rows = [
        (place < by_seed[seed][group], group, f"{kind}-{group}-{place}", seed, (folds or {}).get(group, group))
        for seed in seeds
        for group in by_seed[seed]
        for place in range(n_clips[group])
    ]
    right, groups, clips, seed, fold = (np.array(column) for column in zip(*rows, strict=True))
    return Trials(right.astype(bool), groups.astype(np.str_), clips.astype(np.str_), seed, fold.astype(np.str_))


def kept(trials, which):
    return Trials(*(getattr(trials, name)[which] for name in ("correct", "groups", "clips", "seeds", "folds")))


GROUPS = "abcdefgh"
FOUR, SIX = dict.fromkeys(GROUPS, 4), dict.fromkeys(GROUPS, 6)


def drawn(seed, most):
    draw = np.random.default_rng(seed)
    return {group: int(draw.integers(most + 1)) for group in GROUPS}


def test_with_equal_numbers_of_clips_it_is_the_paired_t_test_of_the_groups_own_scores():
    found = [drawn(seed, 4) for seed in (0, 1)]
    left = [drawn(seed, 6) for seed in (2, 3)]
    a, b = ([trials_of(f, FOUR), trials_of(w, SIX, kind="well")] for f, w in zip(found, left, strict=True))

    comparison = rate_difference(a, b, margin=0.02)

    own = [np.array([f[g] / 4 + w[g] / 6 for g in GROUPS]) / 2 for f, w in zip(found, left, strict=True)]
    by_group = own[0] - own[1]
    paired = scipy.stats.ttest_rel(*own).confidence_interval(0.95)
    assert comparison.difference == pytest.approx(by_group.mean())
    assert comparison.differences == pytest.approx(dict(zip(GROUPS, by_group, strict=True)))
    assert (comparison.low, comparison.high) == pytest.approx((paired.low, paired.high))
    flips = [abs(np.dot(signs, by_group)) >= abs(by_group.sum()) - 1e-12 for signs in product((-1, 1), repeat=8)]
    assert comparison.p_value == pytest.approx(np.mean(flips))


def test_with_unequal_numbers_of_clips_it_is_the_linearised_ratio_on_paper():
    """Ill: a 3 of 4 against 1, b 1 of 2 against 1, c none; well: b 2 of 5 against 5, c 4 of 5 against 4."""
    ill, well = {"a": 4, "b": 2}, {"b": 5, "c": 5}
    a = [trials_of({"a": 3, "b": 1}, ill), trials_of({"b": 2, "c": 4}, well, kind="well")]
    b = [trials_of({"a": 1, "b": 1}, ill), trials_of({"b": 5, "c": 4}, well, kind="well")]

    comparison = rate_difference(a, b, margin=0.02)

    # of six ill clips a finds two more, of ten normal ones three fewer are left alone
    assert comparison.difference == pytest.approx((2 / 6 - 3 / 10) / 2)
    of_ill = (np.array([2, 0, 0]) - 2 / 6 * np.array([4, 2, 0])) / 6
    of_well = (np.array([0, -3, 0]) + 3 / 10 * np.array([0, 5, 5])) / 10
    moved = (of_ill + of_well) / 2
    half = scipy.stats.t.ppf(0.975, 2) * sqrt(3 / 2 * (moved**2).sum())
    assert comparison.high - comparison.difference == pytest.approx(half)
    assert comparison.differences == pytest.approx(dict(zip("abc", comparison.difference + 3 * moved, strict=True)))
    assert comparison.verdict == "undecided" and "one kind has 2" in comparison.would_decide


def test_the_interval_is_no_narrower_for_copies_of_clips_and_wider_where_trainings_differ():
    """Two seeds of one fold: a lucky training is lucky for all groups, and many groups do not average that out."""
    base, other = drawn(4, 3), drawn(5, 3)
    once = rate_difference([trials_of(base, FOUR)], [trials_of(other, FOUR)], 0.02)
    twice = [trials_of({g: 2 * n for g, n in one.items()}, dict.fromkeys(GROUPS, 8)) for one in (base, other)]
    assert rate_difference(twice[:1], twice[1:], 0.02).low == pytest.approx(once.low)

    fold = dict.fromkeys(GROUPS, "official")
    up = {g: n + 1 for g, n in base.items()}

    def spread(second_seed):
        a = trials_of([base, second_seed], FOUR, seeds=(0, 1), folds=fold)
        b = trials_of([other, other], FOUR, seeds=(0, 1), folds=fold)
        found = rate_difference([a], [b], 0.02)
        return found.high - found.low

    assert spread(up) > 2 * spread(base)


def test_equal_answers_are_equal_and_a_better_system_is_better():
    a = [trials_of(dict.fromkeys(GROUPS, 4), FOUR), trials_of(dict.fromkeys(GROUPS, 5), SIX, kind="well")]
    b = [trials_of(drawn(6, 1), FOUR), trials_of(drawn(7, 2), SIX, kind="well")]

    assert rate_difference(a, a, 0.2).difference == 0
    assert rate_difference(a, b, 0.02).verdict == "better"
    assert rate_difference(b, a, 0.02).verdict == "worse"


def test_trials_that_one_system_lacks_are_left_out_and_none_shared_is_none():
    a = trials_of([drawn(8, 4), drawn(9, 4)], FOUR, seeds=(0, 1))
    b = trials_of(drawn(10, 4), FOUR, seeds=(0,))

    assert rate_difference([a], [b], 0.02) == rate_difference([trials_of(drawn(8, 4), FOUR)], [b], 0.02)
    one_seed = trials_of(drawn(8, 4), FOUR)
    few = [kept(one, np.arange(32) % 8 > 0) for one in (one_seed, b)]  # every other group lacks a clip
    assert rate_difference([one_seed], few[1:], 0.02) == rate_difference(few[:1], few[1:], 0.02)
    well = trials_of(drawn(14, 6), SIX, kind="well")  # under one seed alone, as is then all else
    assert rate_difference([a, well], [a, well], 0.02).difference == 0
    both = [trials_of([drawn(10, 4), drawn(15, 4)], FOUR, seeds=(0, 1)), well]
    with np.errstate(invalid="raise"):  # a share of no clips is not asked for
        assert rate_difference([a, well], both, 0.02) == rate_difference([one_seed, well], [b, well], 0.02)
    assert rate_difference([a], [replace(b, seeds=b.seeds + 7)], 0.02) is None
    with pytest.raises(InputError, match="at least one; got 1 and 2"):
        rate_difference([a], [b, b], 0.02)


def test_the_mean_of_the_values_is_the_score_of_all_clips():
    kinds = [trials_of(drawn(11, 2), {g: 2 + i for i, g in enumerate(GROUPS)}), trials_of(drawn(12, 6), SIX, kind="x")]

    found = rate_scores(kinds)

    assert found.means.mean() == pytest.approx(np.mean([one.correct.mean() for one in kinds]))


def test_intervals_hold_what_is_true_and_tests_err_seldom_where_patients_have_one_kind_of_clips_each():
    """Ten ill patients and thirty well ones, one to nine clips each, no true difference: 95 of a hundred, and 5."""
    draw = np.random.default_rng(13)
    inside, decided = [], []
    for _ in range(200):
        systems = ([], [])
        for kind, n_patients in (("ill", 10), ("well", 30)):
            n_clips = {f"{kind}{i}": int(draw.integers(1, 10)) for i in range(n_patients)}
            ease = {name: draw.beta(3, 1.5) for name in n_clips}
            for system in systems:
                skill = {name: np.clip(p + draw.normal(0, 0.15), 0, 1) for name, p in ease.items()}
                right = {name: int(draw.binomial(n, skill[name])) for name, n in n_clips.items()}
                system.append(trials_of(right, n_clips, kind=kind))
        found = rate_difference(*systems, margin=1e-6)
        inside.append(found.low <= 0 <= found.high)
        decided.append(found.verdict in ("better", "worse"))

    assert 0.90 <= np.mean(inside) <= 0.985
    assert np.mean(decided) <= 0.09
