# tests/classical_baselines/harness/test_temperature.py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize
from scipy.special import log_softmax

from classical_baselines.harness.temperature import RANGE, fit_temperature


@given(n_right=st.integers(51, 99), gap=st.floats(0.1, 20))
def test_two_classes_of_one_confidence_get_the_temperature_that_makes_it_the_accuracy(n_right, gap):
    """All clips say class 0 with logits (gap, 0): 1 / (1 + exp(-gap / T)) = n_right / 100."""
    logits = np.array([[gap, 0.0]] * 100)
    targets = np.array([0] * n_right + [1] * (100 - n_right))

    found = fit_temperature(logits, targets)

    expected = gap / np.log(n_right / (100 - n_right))
    assert found == pytest.approx(np.clip(expected, *RANGE), rel=1e-6)


def test_no_other_temperature_has_a_smaller_loss():
    generator = np.random.default_rng(0)
    targets = generator.integers(0, 5, 200)
    logits = 3 * generator.normal(size=(200, 5)) + 2 * np.eye(5)[targets]

    def loss(log_t):
        return -log_softmax(logits / np.exp(log_t), axis=1)[np.arange(200), targets].mean()

    least = optimize.minimize_scalar(loss, bounds=(-4, 4), method="bounded", options={"xatol": 1e-9})

    assert fit_temperature(logits, targets) == pytest.approx(np.exp(least.x), rel=1e-5)


@pytest.mark.parametrize(("targets", "end"), [([0, 1], RANGE[0]), ([1, 0], RANGE[1])])
def test_clips_that_are_all_right_or_all_wrong_stop_at_an_end(targets, end):
    assert fit_temperature(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array(targets)) == end
