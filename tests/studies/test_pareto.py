import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.pareto import front_probabilities, on_front


def test_the_front_of_five_points_drawn_on_paper():
    accuracies, joules = [0.9, 0.8, 0.85, 0.8, 0.7], [10.0, 1.0, 12.0, 2.0, 1.0]

    assert on_front(accuracies, joules) == [True, True, False, False, False]


def test_equal_points_stand_on_the_front_together():
    assert on_front([0.8, 0.8], [1.0, 1.0]) == [True, True]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=8))
def test_walking_up_in_energy_a_front_point_raises_the_best_accuracy(points):
    best_below = {j: max([a for a, k in points if k < j], default=-1) for _, j in points}
    best_at = {j: max(a for a, k in points if k == j) for _, j in points}
    expected = [a == best_at[j] and a > best_below[j] for a, j in points]

    assert on_front([a for a, _ in points], [float(j) for _, j in points]) == expected


def test_the_probability_of_the_front_counts_draws():
    scores = {"a": {"x": 0.9, "y": 0.8}, "b": {"x": 0.9, "y": 0.8}}  # equal accuracy in every resample
    draws = {"a": np.array([1.0, 1.0, 1.0, 3.0]), "b": np.array([2.0, 2.0, 2.0, 2.0])}

    assert front_probabilities(scores, draws) == {"a": pytest.approx(0.75), "b": pytest.approx(0.25)}


def test_only_shared_groups_count_and_none_means_no_answer():
    draws = {"a": np.ones(4), "b": np.ones(4)}

    assert front_probabilities({"a": {"x": 1.0}, "b": {"y": 1.0}}, draws) == {}
    assert front_probabilities({}, {}) == {}
