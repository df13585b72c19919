# tests/classical_baselines/harness/test_coefficient.py
import numpy as np
import pytest
from scipy import stats

from classical_baselines.harness.coefficient import CoefficientDraws, log_triangular
from classical_baselines.harness.devices import load_device


def test_the_draws_follow_a_triangle_on_the_logarithm():
    drawn = log_triangular(np.random.default_rng(0).random(20_000), 1.0, 3.0, 30.0)
    triangle = stats.triang(c=np.log(3) / np.log(30), loc=0, scale=np.log(30))

    assert stats.kstest(np.log(drawn), triangle.cdf).pvalue > 0.01


def test_a_range_that_starts_at_its_nominal_value_and_a_range_of_one_value_are_drawn():
    uniform = np.random.default_rng(1).random(5_000)

    assert log_triangular(uniform, 2.0, 2.0, 4.0).min() >= 2.0
    assert set(log_triangular(uniform, 2.0, 2.0, 2.0)) == {2.0}


def test_the_same_id_and_seed_give_the_same_draws_and_another_seed_gives_others():
    row = load_device("cortex-m4").row("m4.mac-int8")

    np.testing.assert_array_equal(CoefficientDraws(3).of(row), CoefficientDraws(3).of(row))
    assert not np.array_equal(CoefficientDraws(3).of(row), CoefficientDraws(4).of(row))


def test_a_price_in_cycles_is_cycles_times_the_energy_of_a_cycle():
    device = load_device("cortex-m4")
    (row,) = device.rows("mac_fp32")

    assert CoefficientDraws().price(device, row)[0] == pytest.approx(5 * 352e-12)
    (log,) = device.rows("transcendental_fp32")
    assert CoefficientDraws().price(device, log)[0] == pytest.approx(10 * 5 * 352e-12)
