import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.calibration import expected_calibration_error


def logits_of(confidences):
    """Two-class logits whose prediction is class 0 at the given probabilities."""
    return np.array([[math.log(p / (1 - p)), 0.0] for p in confidences])


def test_two_bins_summed_on_paper():
    # bins {0.6, 0.7} with 1 of 2 right and {0.8, 0.9, 0.95} with 3 of 3; numpy puts the odd clip into the first bin
    logits, targets = logits_of([0.6, 0.7, 0.8, 0.9, 0.95]), np.array([1, 0, 0, 0, 0])
    first, second = abs(2 / 3 - (0.6 + 0.7 + 0.8) / 3), abs(1 - (0.9 + 0.95) / 2)

    assert expected_calibration_error(logits, targets, n_bins=2) == pytest.approx((3 * first + 2 * second) / 5)


def test_a_single_bin_is_the_gap_between_accuracy_and_mean_confidence():
    logits, targets = logits_of([0.9] * 10), np.array([0] * 7 + [1] * 3)

    assert expected_calibration_error(logits, targets, n_bins=1) == pytest.approx(0.2)


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 20))
def test_it_is_the_plain_sum_over_equal_slices_of_the_sorted_clips(seed, n_clips, n_bins):
    generator = np.random.default_rng(seed)
    confidences = sorted(generator.uniform(0.51, 0.99, size=n_clips).tolist())
    targets = generator.integers(2, size=n_clips).tolist()
    n_bins_used, start, total = min(n_bins, n_clips), 0, 0.0
    for place in range(n_bins_used):
        size = n_clips // n_bins_used + (place < n_clips % n_bins_used)
        members = range(start, start + size)
        right, sure = sum(targets[i] == 0 for i in members), sum(confidences[i] for i in members)
        total += abs(right - sure) / n_clips
        start += size

    shuffled = generator.permutation(n_clips)
    logits, mixed_targets = logits_of(confidences)[shuffled], np.array(targets)[shuffled]

    assert expected_calibration_error(logits, mixed_targets, n_bins) == pytest.approx(total)
