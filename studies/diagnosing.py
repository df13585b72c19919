# studies/diagnosing.py
"""Sensitivity, specificity and their mean of a study on patients, with intervals over patients.

A set whose labels hold "normal" is one of a diagnosis: all other labels are abnormal. A clip is called abnormal where
its probability of being abnormal, 1 - p(normal), passes the operating point: the threshold with the largest MAcc on the
validation clips of the same network (`harness/diagnosis.py`). It is then given its most probable abnormal class.

    sensitivity   share of the abnormal clips that are given their own class
    specificity   share of the normal clips that are called normal
    score         (sensitivity + specificity) / 2: MAcc where there is one abnormal class, the ICBHI score where more
    AUROC         chance that of an abnormal clip and a normal one the first has the larger 1 - p(normal), ties half; of
                  each network by itself, since scores of two share no scale, then the mean

The patients are the sample: intervals are those of `group_ratios`; the score moves by the mean of what moves both.
Clips of all folds and seeds are pooled. A patient moves the AUROC by the placements of its clips among those of the
other kind, less the AUROC, summed over the number of clips of their kind (Obuchowski, Biometrics 53 (1997), 567; with
one clip a patient, DeLong's). What other training patients or seeds would change is not in the interval.

The score less that of the study's baseline is paired by patient, and tested as accuracies are (`paired_rates`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.diagnosis import operating_point
from classical_baselines.harness.evaluation import probabilities
from studies.group_ratios import Flags, Floats, group_ratio, interval_of_share
from studies.paired_rates import rate_difference
from studies.results import Members, Row, StudyResults, whole_run
from studies.statistics import Comparison, Trials

NORMAL = "normal"  # as PhysioNet/CinC 2016 and ICBHI 2017 name it


@dataclass(frozen=True)
class Share:
    """A share of clips, 0 to 1, and its interval over patients; None where fewer than two patients have such clips."""

    estimate: float
    low: float | None
    high: float | None
    n_patients: int
    n_clips: int  # different clips


@dataclass(frozen=True)
class PatientDiagnosis:
    """One row of a study."""

    sensitivity: Share
    specificity: Share
    score: Share
    auroc: Share
    thresholds: tuple[float, ...]  # the operating points, one per cell
    beyond_baseline: Comparison | None  # of the score; None for the baseline itself, and where it has no row


@dataclass(frozen=True, eq=False)
class _Answered:
    """What the networks of a row answered at their operating points."""

    trials: Trials  # right or wrong; a clip without a group is a patient of its own
    abnormal: Flags  # [trial]
    p_abnormal: Sequence[Floats]  # [network][trial]
    thresholds: tuple[float, ...]

    def kinds(self) -> tuple[Trials, Trials]:
        """Of abnormal clips, of normal ones."""
        ill, well = (
            Trials(*(getattr(self.trials, name)[kept] for name in ("correct", "groups", "clips", "seeds", "folds")))
            for kept in (self.abnormal, ~self.abnormal)
        )
        return ill, well

    def by_network(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """[trial] -> [network][trial]."""
        return np.split(values, np.cumsum([len(one) for one in self.p_abnormal])[:-1])


def normal_place(results: StudyResults) -> int | None:
    """The place of the label of the well among those of the study's data; None where there is none."""
    labels = results.rows[0].label_names if results.rows else ()
    return labels.index(NORMAL) if NORMAL in labels else None


def diagnosis_of(row: Row, results: StudyResults, normal: int) -> PatientDiagnosis | None:
    """Of a row of test clips; None for one of validation clips, or without logits, and where clips are of one kind."""
    found = _answered(row, results, normal)
    if found is None:
        return None
    trials = found.trials
    sensitivity, specificity, score = patient_shares(trials.correct, found.abnormal, trials.groups, trials.clips)
    abnormal, patients = found.by_network(found.abnormal), found.by_network(trials.groups)
    auroc = patient_auroc(found.p_abnormal, abnormal, patients, trials.clips)
    beyond = _beyond_baseline(found, row, results, normal)
    return PatientDiagnosis(sensitivity, specificity, score, auroc, found.thresholds, beyond)


def _answered(row: Row, results: StudyResults, normal: int) -> _Answered | None:
    members = results.members(row.system.name, row.run.backend.name, row.protocol)
    if row.evidence != "test" or row.ece is None:
        return None
    right, abnormal, thresholds, scores = [], [], [], []
    for cell, result, run in members:
        fit = results.fits.get(cell)
        validation = None if fit is None else whole_run(fit, row.run.backend.name)
        if fit is None or validation is None or _one_kind(fit.targets != normal):
            return None
        p_abnormal = 1 - probabilities(validation.logits)[:, normal]
        threshold = operating_point(p_abnormal, fit.targets != normal)
        right.append(answers(probabilities(run.logits), normal, threshold) == result.targets)
        abnormal.append(result.targets != normal)
        thresholds.append(threshold)
        scores.append(1 - probabilities(run.logits)[:, normal])
    if _one_kind(np.concatenate(abnormal)):
        return None
    patients, clips = _patients_and_clips(members)
    sizes = [len(one) for one in right]
    seeds = np.repeat(np.array([cell.seed for cell, _, _ in members], dtype=np.int64), sizes)
    folds = np.repeat(np.array([cell.fold for cell, _, _ in members], dtype=np.str_), sizes)
    trials = Trials(np.concatenate(right), patients, clips, seeds, folds)
    return _Answered(trials, np.concatenate(abnormal), scores, tuple(thresholds))


def _beyond_baseline(found: _Answered, row: Row, results: StudyResults, normal: int) -> Comparison | None:
    baseline = results.row(results.study.baseline, protocol=row.protocol)
    theirs = None if baseline is None or baseline.key == row.key else _answered(baseline, results, normal)
    if theirs is None:
        return None
    return rate_difference(found.kinds(), theirs.kinds(), results.study.equivalence_margin)


def answers(p_class: Floats, normal: int, threshold: float) -> NDArray[np.int64]:
    """Classes [clip] of probabilities [clip, class]: normal up to the threshold, else the likeliest abnormal one."""
    others = p_class.copy()
    others[:, normal] = -1
    return np.where(1 - p_class[:, normal] > threshold, others.argmax(axis=1), normal).astype(np.int64)


def patient_shares(
    right: Flags, abnormal: Flags, patients: NDArray[np.str_], clips: NDArray[np.str_]
) -> tuple[Share, Share, Share]:
    """Sensitivity, specificity and score of answers [trial]; both kinds of clips must be there."""
    names, place = np.unique(patients, return_inverse=True)
    found = [group_ratio(right[kind], place[kind], len(names)) for kind in (abnormal, ~abnormal)]
    shares = [
        _share(one.estimate, one.parts, one.n_groups, clips[kind])
        for one, kind in zip(found, (abnormal, ~abnormal), strict=True)
    ]
    score = (found[0].estimate + found[1].estimate) / 2
    fewer = min(one.n_groups for one in found)
    return shares[0], shares[1], _share(score, (found[0].parts + found[1].parts) / 2, fewer, clips)


def patient_auroc(
    scores: Sequence[Floats], abnormal: Sequence[Flags], patients: Sequence[NDArray[np.str_]], clips: NDArray[np.str_]
) -> Share:
    """Of networks [network][trial], as a mean over those with clips of both kinds, of which there must be one."""
    names = np.unique(np.concatenate(patients))
    found, moved, of_kind = [], np.zeros(len(names)), np.zeros((2, len(names)), dtype=bool)
    for score, ill, who in zip(scores, abnormal, patients, strict=True):
        if _one_kind(ill):
            continue
        place = np.searchsorted(names, who)
        placements = np.empty(len(score))
        placements[ill] = _share_below(score[ill], score[~ill])
        placements[~ill] = 1 - _share_below(score[~ill], score[ill])
        found.append(float(placements[ill].mean()))
        moved += np.bincount(place, (placements - found[-1]) / np.where(ill, ill.sum(), (~ill).sum()), len(names))
        of_kind[0, place[ill]] = of_kind[1, place[~ill]] = True
    return _share(float(np.mean(found)), moved / len(found), int(of_kind.sum(axis=1).min()), clips)


def _share_below(values: Floats, others: Floats) -> Floats:
    """[value]: the share of the others that lie below it, and half of those that are as large."""
    ordered = np.sort(others)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((below + up_to) / 2 / len(others), dtype=np.float64)


def _share(estimate: float, parts: Floats, n_patients: int, clips: NDArray[np.str_]) -> Share:
    low, high = interval_of_share(estimate, parts, n_patients)
    return Share(estimate, low, high, n_patients, len(np.unique(clips)))


def _one_kind(abnormal: Flags) -> bool:
    return bool(abnormal.all() or not abnormal.any())


def _patients_and_clips(members: Members) -> Sequence[NDArray[np.str_]]:
    """Group and name of each trial; a clip without a group is a patient of its own."""
    clips = np.concatenate([np.array(result.clip_names, dtype=np.str_) for _, result, _ in members])
    groups = np.concatenate([np.array(result.groups, dtype=np.str_) for _, result, _ in members])
    return np.where(groups == "", clips, groups), clips
