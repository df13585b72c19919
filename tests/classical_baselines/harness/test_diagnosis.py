# tests/classical_baselines/harness/test_diagnosis.py
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.diagnosis import Diagnosis, diagnosis, icbhi_diagnosis, operating_point

CLIPS = st.lists(st.tuples(st.integers(0, 20).map(lambda k: k / 20), st.booleans()), min_size=2, max_size=40)


def test_three_of_four_ill_and_one_of_two_well():
    called = np.array([1, 1, 1, 0, 1, 0], dtype=bool)
    abnormal = np.array([1, 1, 1, 1, 0, 0], dtype=bool)

    assert diagnosis(called, abnormal) == Diagnosis(0.75, 0.5)
    assert diagnosis(called, abnormal).mean == 0.625


def test_an_ill_clip_of_another_illness_counts_for_macc_and_not_for_icbhi():
    """Classes: 0 normal, 1 crackle, 2 wheeze; one crackle is called a wheeze."""
    targets, predictions = np.array([0, 0, 1, 2]), np.array([0, 1, 2, 2])

    assert icbhi_diagnosis(predictions, targets, normal=0) == Diagnosis(0.5, 0.5)
    assert diagnosis(predictions != 0, targets != 0) == Diagnosis(1.0, 0.5)


@given(CLIPS)
def test_no_threshold_has_a_larger_macc_than_the_operating_point(clips):
    p, abnormal = np.array([p for p, _ in clips]), np.array([ill for _, ill in clips])
    assume(abnormal.any() and not abnormal.all())

    held = diagnosis(p > operating_point(p, abnormal), abnormal).mean

    assert all(diagnosis(p > t / 1000, abnormal).mean <= held + 1e-12 for t in range(0, 1001, 25))


def test_of_equally_good_thresholds_the_one_nearest_to_one_half_is_taken():
    assert operating_point(np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True])) == 0.5


def test_clips_of_one_kind_are_refused():
    with pytest.raises(InputError, match="All 2 clips are abnormal"):
        diagnosis(np.ones(2, dtype=bool), np.ones(2, dtype=bool))
