# classical_baselines/harness/diagnosis.py
"""Scores of a diagnosis: how much of the ill is found, and how much of the well is left alone.

    sensitivity   share of the abnormal clips that are called abnormal
    specificity   share of the normal clips that are called normal
    MAcc          (sensitivity + specificity) / 2, the score of PhysioNet/CinC 2016
    ICBHI         the same mean, where an abnormal clip counts as found only by its own class

A threshold on the probability of the abnormal is an operating point. It is set on validation clips, to the largest
MAcc there, and then held. References: Clifford et al., Computing in Cardiology 43 (2016), 609 (the Challenge of 2016,
whose own sensitivity and specificity weigh clips by signal quality; MAcc here does not); Rocha et al., Physiological
Measurement 40 (2019) 035001.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Diagnosis:
    """Sensitivity and specificity, 0 to 1."""

    sensitivity: float
    specificity: float

    @property
    def mean(self) -> float:
        """MAcc, or the ICBHI score."""
        return (self.sensitivity + self.specificity) / 2


def diagnosis(called: Flags, abnormal: Flags) -> Diagnosis:
    """Of clips [clip] that were called abnormal, and of those that are."""
    _check_both(abnormal)
    return Diagnosis(float(called[abnormal].mean()), float((~called[~abnormal]).mean()))


def icbhi_diagnosis(predictions: NDArray[np.int64], targets: NDArray[np.int64], normal: int) -> Diagnosis:
    """Of classes [clip]: an abnormal clip is found where its own class is given."""
    abnormal = targets != normal
    _check_both(abnormal)
    right = predictions == targets
    return Diagnosis(float(right[abnormal].mean()), float(right[~abnormal].mean()))


def operating_point(p_abnormal: NDArray[np.float64], abnormal: Flags) -> float:
    """The threshold with the largest MAcc: a clip is called abnormal above it.

    It lies half way between two neighbouring probabilities; the one nearest to 1/2 where several are as good.
    """
    _check_both(abnormal)
    values = np.unique(p_abnormal)
    thresholds = np.concatenate([[0.0], (values[:-1] + values[1:]) / 2, [1.0]])
    found = 1 - np.searchsorted(np.sort(p_abnormal[abnormal]), thresholds, side="right") / abnormal.sum()
    left = np.searchsorted(np.sort(p_abnormal[~abnormal]), thresholds, side="right") / (~abnormal).sum()
    scores = found + left
    best = thresholds[scores >= scores.max() - 1e-12]
    return float(best[np.argmin(np.abs(best - 0.5))])


def _check_both(abnormal: Flags) -> None:
    if abnormal.all() or not abnormal.any():
        which = "abnormal" if abnormal.all() else "normal"
        raise InputError(
            f"All {len(abnormal)} clips are {which}; sensitivity and specificity need clips of both kinds. "
            "Choose folds that hold both."
        )
