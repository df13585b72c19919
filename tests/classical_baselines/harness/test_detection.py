# tests/classical_baselines/harness/test_detection.py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.detection import (
    COST,
    VerifierRates,
    equal_error_rate,
    error_curve,
    minimum_tandem_cost,
    verifier_rates,
)

SCORES = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30).map(np.array)
VERIFIER = VerifierRates(miss=0.05, false_alarm=0.02, spoof_false_alarm=0.4)


def test_two_normal_distributions_err_equally_half_way_between():
    """Means 2 apart, standard deviation 1: both errors are Phi(-1) at a threshold of 1."""
    grid = norm.ppf((np.arange(20000) + 0.5) / 20000)

    eer, threshold = equal_error_rate(grid + 2, grid)

    assert eer == pytest.approx(norm.cdf(-1), abs=1e-4)
    assert threshold == pytest.approx(1, abs=1e-3)


@given(SCORES, SCORES)
def test_the_curve_counts_what_lies_on_the_wrong_side(bona_fide, spoof):
    curve = error_curve(bona_fide, spoof)

    for threshold, miss, false_alarm in zip(curve.thresholds, curve.miss, curve.false_alarm, strict=True):
        assert miss == pytest.approx(sum(score <= threshold for score in bona_fide) / len(bona_fide))
        assert false_alarm == pytest.approx(sum(score > threshold for score in spoof) / len(spoof))
    assert (curve.miss[0], curve.false_alarm[0]) == (0, 1)
    assert (curve.miss[-1], curve.false_alarm[-1]) == (1, 0)


@given(SCORES, SCORES)
def test_only_the_order_of_scores_counts(bona_fide, spoof):
    assert equal_error_rate(np.exp(bona_fide), np.exp(spoof))[0] == equal_error_rate(bona_fide, spoof)[0]


def test_the_tandem_cost_on_paper():
    """C0 = 0.9405 * 0.05 + 0.0095 * 10 * 0.02 = 0.048925; C1 = 0.9405 - C0; C2 = 0.05 * 10 * 0.4 = 0.2."""
    bona_fide, spoof = np.array([3.0, 2.0, 1.0, 0.0]), np.array([-1.0, -2.0, 0.5, -3.0])
    c0, c2 = 0.048925, 0.2
    c1 = 0.9405 - c0
    by_hand = min(c0 + c2 * 0.25, c0 + c1 * 0.25, c0 + c2, c0 + c1, c0 + c1 * 0.25 + c2 * 0.25) / (c0 + c2)

    cost, threshold = minimum_tandem_cost(bona_fide, spoof, VERIFIER)

    assert cost == pytest.approx(by_hand)  # of accepting all but three spoofs
    assert -1 <= threshold < 0


def test_a_countermeasure_that_knows_nothing_costs_one_and_a_faultless_one_what_the_verifier_costs():
    same = np.arange(10.0)

    assert minimum_tandem_cost(same, same + 1, VERIFIER)[0] == pytest.approx(1)
    assert minimum_tandem_cost(same + 100, same, VERIFIER)[0] == pytest.approx(0.048925 / (0.048925 + 0.2))


def test_the_priors_of_the_challenge_add_up_to_one():
    assert COST.p_target + COST.p_nontarget + COST.p_spoof == pytest.approx(1)


def test_a_verifier_is_taken_at_its_own_equal_error():
    rates = verifier_rates(np.array([1.0, 2, 3, 4]), np.array([-1.0, 0, 0, 1.5]), np.array([0.0, 2.5]))

    assert rates == VerifierRates(miss=0.25, false_alarm=0.25, spoof_false_alarm=0.5)


def test_a_verifier_that_is_upside_down_is_refused():
    with pytest.raises(InputError, match=r"misses 100.0 % of targets and accepts 0.0 % of spoofs"):
        minimum_tandem_cost(np.ones(2), np.zeros(2), VerifierRates(1.0, 1.0, 0.0))


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="accepted must be one finite score or more"):
        error_curve(np.array([np.nan]), np.ones(1))
