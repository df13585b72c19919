# tests/studies/test_error_rates.py
"""False verdicts of the default test, in few simulated studies here and in many under `make test-all`."""

import numpy as np
import pytest
from scipy import stats

from classical_baselines.harness.choices import InputError
from studies.error_rates import (
    AT_THE_MARGIN,
    DESIGNS,
    OVERLAPPING,
    WRONG_OF_EQUALS,
    Design,
    against_itself,
    deals,
    exact_interval,
    overlapping,
    simulated,
    studies_of,
)
from studies.statistics import Trials, paired_difference

# Each must be far from 6 % for few studies to tell: what is seen with probability 0.001 if the rate were 6 %
MOST = 0.06
MOST_MISSED = 0.07  # of 95 % intervals: what docs/results/statistics.md says of 20 groups, the worst case


def too_many(n_wrong, n, most=MOST):
    """Whether so many wrong ones would be seen in less than one case in a thousand if the rate were `most`."""
    return stats.binom.sf(n_wrong - 1, n, most) < 0.001


def n_wrong(rate, *verdicts):
    return sum(rate.verdicts.get(verdict, 0) for verdict in verdicts)


QUICK = [design for design in DESIGNS if max(design.n_groups, 1) * sum(design.clips) / len(design.clips) < 1000]


@pytest.mark.parametrize("design", QUICK, ids=lambda design: design.name)
def test_few_systems_of_equal_accuracy_are_called_different(design):
    n = 40 if design.n_groups >= 20 else 150
    assert not too_many(n_wrong(simulated(design, n), *WRONG_OF_EQUALS), n)


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)
def test_no_more_than_six_per_cent_of_systems_of_equal_accuracy_are_called_different(design):
    rate = simulated(design, 2000)

    assert not too_many(n_wrong(rate, *WRONG_OF_EQUALS), rate.n)
    assert design.n_seeds == 1 or not too_many(rate.missed, rate.n_intervals, MOST_MISSED)


@pytest.mark.slow
@pytest.mark.parametrize("design", AT_THE_MARGIN, ids=lambda design: design.name)
def test_no_more_than_five_per_cent_of_systems_that_differ_by_the_margin_are_called_equivalent(design):
    rate = simulated(design, 1000, design.margin)

    assert rate.share("equivalent") < 0.05


def test_what_differs_by_the_margin_is_seldom_called_equivalent():
    design = AT_THE_MARGIN[0]

    assert n_wrong(simulated(design, 100, design.margin), "equivalent") <= 12  # more in 0.001 of cases at 5 %
    assert n_wrong(simulated(design, 60), "equivalent") > 5  # while equals are called so


def test_the_naive_test_is_wrong_far_more_often():
    """Groups and models make folds and seeds correlate, which a paired t over all of them does not see."""
    rate = simulated(DESIGNS[0], 300)

    assert rate.naive / rate.n > 0.12
    assert n_wrong(rate, *WRONG_OF_EQUALS) / rate.n < 0.06


def test_a_simulated_study_has_the_accuracy_difference_and_layout_that_its_design_says():
    design = Design("of many clips", (40,), 200, 10, 2)
    a, b = next(studies_of(design, 1, difference=0.1))

    assert b.correct.mean() == pytest.approx(stats.norm.cdf(design.level / design.total), abs=0.03)
    assert a.correct.mean() - b.correct.mean() == pytest.approx(0.1, abs=0.03)
    assert (len(set(a.groups)), len(set(a.folds)), set(a.seeds.tolist())) == (200, 10, {0, 1})
    assert a.scores.blocks.max() == 9


def test_with_the_part_of_the_training_recordings_groups_correlate_by_one_in_n():
    design = overlapping(OVERLAPPING[0])
    means = [[t.group_scores() for t in pair] for pair in studies_of(design, 600)]
    differences = np.array([[a[g] - b[g] for g in a] for a, b in means])
    correlation = np.corrcoef(differences.T)[np.triu_indices(6, 1)].mean()

    assert correlation == pytest.approx(1 / 6, abs=0.05)


@pytest.mark.parametrize(("k", "n"), [(0, 20), (3, 50), (20, 20)])
def test_the_exact_interval_is_that_of_scipy(k, n):
    expected = stats.binomtest(k, n).proportion_ci(method="exact")

    assert exact_interval(k, n) == pytest.approx((expected.low, expected.high))


def trials_of(n_seeds, folds=("x", "y")):
    rows = [(seed, fold, f"{fold}/{i}") for seed in range(n_seeds) for fold in folds for i in range(3)]
    seeds, fold, clips = zip(*rows, strict=True)
    correct = np.random.default_rng(n_seeds).random(len(rows)) < 0.7
    return Trials(correct, np.array(fold), np.array(clips), np.array(seeds), np.array(fold))


def test_the_seeds_of_a_system_are_dealt_to_two_sides_that_share_none():
    trials = trials_of(3)
    right_of = {
        (seed, clip): right
        for seed, clip, right in zip(trials.seeds.tolist(), trials.clips.tolist(), trials.correct.tolist(), strict=True)
    }
    made = list(deals(trials))

    assert 15 < len(made) <= 32  # of 36 ways, some drawn twice
    for a, b in made:
        assert set(a.seeds.tolist()) == set(b.seeds.tolist()) == {0}
        for fold in "xy":
            sides = [
                [
                    {seed for seed in range(3) if right_of[seed, clip] == right}
                    for clip, right, where in zip(side.clips.tolist(), side.correct.tolist(), side.folds, strict=True)
                    if where == fold
                ]
                for side in (a, b)
            ]
            taken = [set.intersection(*side) for side in sides]
            assert all(taken)
    assert len(list(deals(trials_of(4, ("x",))))) == 3  # 01-23, 02-13, 03-12
    assert list(deals(trials_of(1))) == []


def test_a_system_against_itself_counts_every_verdict():
    trials = trials_of(3)
    rate = against_itself(trials, 0.02, "it")
    expected = [paired_difference(a, b, 0.02).verdict for a, b in deals(trials)]

    assert (rate.name, rate.n) == ("it", len(expected))
    assert dict(rate.verdicts) == {verdict: expected.count(verdict) for verdict in set(expected)}


def test_a_difference_beyond_certainty_is_refused():
    with pytest.raises(InputError, match=r"difference 0.5: with an accuracy of 0.889 it must keep within 0 and 1"):
        DESIGNS[0].shift_for(0.5)
