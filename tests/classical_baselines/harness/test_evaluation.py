import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from classical_baselines.harness.evaluation import (
    accuracy,
    confusion_matrix,
    macro_f1,
    negative_log_likelihood,
    predictions,
    probabilities,
)


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(2, 6))
def test_scores_are_those_of_scikit_learn(seed, n_clips, n_classes):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n_clips, n_classes)).astype(np.float32)
    targets = generator.integers(n_classes, size=n_clips)
    guessed = [max(range(n_classes), key=lambda k, row=row: row[k]) for row in logits.tolist()]
    confusion = confusion_matrix(logits, targets)

    assert predictions(logits).tolist() == guessed
    assert accuracy(logits, targets) == pytest.approx(metrics.accuracy_score(targets, guessed))
    assert confusion.tolist() == metrics.confusion_matrix(targets, guessed, labels=range(n_classes)).tolist()
    assert macro_f1(confusion) == pytest.approx(metrics.f1_score(targets, guessed, average="macro"))


def test_the_log_likelihood_of_a_certain_and_of_an_even_guess_is_known_on_paper():
    logits = np.array([[0.0, 0.0], [math.log(3), 0.0]])

    assert negative_log_likelihood(logits, np.array([0, 1])) == pytest.approx((math.log(2) + math.log(4)) / 2)
    np.testing.assert_allclose(probabilities(logits), [[0.5, 0.5], [0.75, 0.25]])


def test_huge_logits_do_not_overflow():
    assert negative_log_likelihood(np.array([[1e5, 0.0]]), np.array([0])) == 0
    np.testing.assert_allclose(probabilities(np.array([[1e5, 0.0]])), [[1, 0]])


@pytest.mark.parametrize(
    ("logits", "targets", "message"),
    [
        (np.zeros((0, 3)), np.zeros(0, dtype=int), "at least one of each"),
        (np.array([[np.nan, 0]]), np.array([0]), "diverged"),
        (np.zeros((2, 3)), np.array([0]), "as many targets"),
        (np.zeros((1, 3)), np.array([3]), "targets must lie in 0 to 2; got 3 to 3"),
    ],
)
def test_what_cannot_be_scored_is_refused(logits, targets, message):
    with pytest.raises(ValueError, match=message):
        accuracy(logits, targets)
