# classical_baselines/harness/calibration.py
"""Expected calibration error: how far confidence and accuracy are apart.

Clips are sorted by confidence (the largest probability) and cut into bins of equal mass; the sizes of the bins differ
by one clip at most.

    ECE = sum over bins of  n_bin / n * |accuracy of the bin - mean confidence of the bin|

Equal mass keeps a confident network from putting all its clips into one bin of equal width.
Reference: Nixon et al., Measuring Calibration in Deep Learning, CVPR Workshops 2019.
"""

import numpy as np

from classical_baselines.harness.evaluation import Indices, Logits, predictions, probabilities

N_BINS = 15


def expected_calibration_error(logits: Logits, targets: Indices, n_bins: int = N_BINS) -> float:
    """ECE over `n_bins` bins of equal mass; fewer bins where there are fewer clips."""
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1; got {n_bins}.")
    confidence = probabilities(logits).max(axis=1)
    correct = predictions(logits) == targets
    order = np.argsort(confidence, kind="stable")
    bins = np.array_split(order, min(n_bins, len(order)))
    gaps = [len(rows) * abs(correct[rows].mean() - confidence[rows].mean()) for rows in bins]
    return float(sum(gaps) / len(order))
