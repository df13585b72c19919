# classical_baselines/harness/evaluation.py
"""Scores of a classifier, from its logits and the targets.

    logits      [clip, class]      any finite floats
    targets     [clip]             index of the class
    confusion   [class, class]     rows: target, columns: prediction

Macro-F1 is the mean over the classes that occur, as target or as prediction, of 2 TP / (2 TP + FP + FN).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.floating[Any]]
Indices = NDArray[np.integer[Any]]


def predictions(logits: Logits) -> NDArray[np.int64]:
    """The class of the largest logit; the first of several equal ones."""
    return np.asarray(_checked(logits).argmax(axis=1), dtype=np.int64)


def probabilities(logits: Logits) -> NDArray[np.float64]:
    """Softmax over the classes."""
    shifted = _checked(logits).astype(np.float64)
    shifted = shifted - shifted.max(axis=1, keepdims=True)
    weights = np.exp(shifted)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def accuracy(logits: Logits, targets: Indices) -> float:
    """Share of the clips whose prediction is the target."""
    _check_lengths(logits, targets)
    return float(np.mean(predictions(logits) == targets))


def confusion_matrix(logits: Logits, targets: Indices) -> NDArray[np.int64]:
    """How often each target (row) was given each prediction (column)."""
    _check_lengths(logits, targets)
    n_classes = logits.shape[1]
    cells = np.asarray(targets, dtype=np.int64) * n_classes + predictions(logits)
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def macro_f1(confusion: NDArray[np.integer[Any]]) -> float:
    """Mean F1 of the classes that occur in a confusion matrix."""
    true_positives = np.diag(confusion).astype(np.float64)
    occurrences = confusion.sum(axis=0) + confusion.sum(axis=1)  # 2 TP + FP + FN
    occurs = occurrences > 0
    return float(np.mean(2 * true_positives[occurs] / occurrences[occurs]))


def negative_log_likelihood(logits: Logits, targets: Indices) -> float:
    """Mean of -ln p(target), in nats."""
    _check_lengths(logits, targets)
    shifted = logits.astype(np.float64)
    shifted = shifted - shifted.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sums - shifted[np.arange(len(targets)), targets]))


def _checked(logits: Logits) -> Logits:
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(f"logits must be [clip, class] with at least one of each; got a shape of {logits.shape}.")
    if not np.isfinite(logits).all():
        raise ValueError("logits hold NaN or infinite values. Look for diverged training.")
    return logits


def _check_lengths(logits: Logits, targets: Indices) -> None:
    _checked(logits)
    if targets.shape != logits.shape[:1]:
        raise ValueError(f"logits of {len(logits)} clips need as many targets; got a shape of {targets.shape}.")
    if targets.min() < 0 or targets.max() >= logits.shape[1]:
        raise ValueError(
            f"targets must lie in 0 to {logits.shape[1] - 1}; got {int(targets.min())} to {int(targets.max())}."
        )
