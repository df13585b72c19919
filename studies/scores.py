# studies/scores.py
"""What accuracy alone does not say: calibration, each class by itself, detection and diagnosis, from stored logits.

    scores_of(row, results)                      calibration and classes of one row
    detection_of(row, results, positive, ...)    one class against all others: EER, min t-DCF, sensitivity, specificity
    accuracy_without(row, results, label)        accuracy over the clips of all other classes

Clips of all folds are pooled within a seed, and seeds are averaged, as the row's macro-F1 is. Two things are each
cell's own, because each cell is a network of its own: the temperature and the operating point, fitted on the cell's
validation clips and applied to its test clips; and the EER and min t-DCF, whose one threshold serves one network.
They are not given for rows of validation clips, which they would be fitted on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.calibration import N_BINS, expected_calibration_error
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.detection import VerifierRates, equal_error_rate, minimum_tandem_cost
from classical_baselines.harness.diagnosis import Diagnosis, diagnosis, icbhi_diagnosis, operating_point
from classical_baselines.harness.evaluation import negative_log_likelihood, predictions, probabilities
from classical_baselines.harness.temperature import fit_temperature
from studies.cell import CellResult
from studies.results import Row, StudyResults, trials_of, whole_run
from studies.statistics import Interval, Trials, accuracy_interval

Logits = NDArray[np.floating]
Targets = NDArray[np.int64]


@dataclass(frozen=True)
class Calibration:
    """How sure a system is, and how right; probabilities are softmax of logits, divided by a temperature or not."""

    nll: float  # nats
    brier: float  # 0 to 2
    ece: float  # 0 to 1


@dataclass(frozen=True)
class ClassScore:
    """One class against all others, 0 to 1; None where nothing of it was there, or nothing was given it."""

    label: str
    n_clips: float  # of one seed
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None


@dataclass(frozen=True)
class Scores:
    """What is said of one row."""

    as_trained: Calibration | None  # None where labels alone were imported
    scaled: Calibration | None  # by the temperature of the cell's validation clips; None for rows of validation clips
    temperatures: tuple[float, ...]  # one per cell
    balanced_accuracy: float  # mean recall of the classes that occur
    matthews: float | None  # Matthews' correlation, -1 to 1; None where all clips or all predictions are of one class
    classes: tuple[ClassScore, ...]


@dataclass(frozen=True)
class Detection:
    """One class, the positive, against all others."""

    eer: float | None  # mean over cells; None where no cell has clips of both kinds
    eer_sd: float | None  # over cells; None for one
    min_tdcf: float | None  # None without a verifier's rates
    argmax: Diagnosis  # called positive where its logit is the largest
    held: Diagnosis | None  # at the operating point of the cell's validation clips; None for rows of validation clips
    icbhi: Diagnosis | None  # None unless the normal class is named


@dataclass(frozen=True, eq=False)
class _Answers:
    """The logits of one cell, and those of the same network on its validation clips."""

    seed: int
    logits: Logits  # [clip, class]
    targets: Targets  # [clip]
    validation: tuple[Logits, Targets] | None


def scores_of(row: Row, results: StudyResults) -> Scores:
    """Calibration and classes of one row."""
    cells = _answers(row, results)
    as_trained, scaled, temperatures = None, None, []
    if row.ece is not None:
        as_trained = _calibration(cells, [1.0] * len(cells))
        temperatures = [fit_temperature(*cell.validation) for cell in cells if cell.validation is not None]
        scaled = _calibration(cells, temperatures) if len(temperatures) == len(cells) else None
    recalls = [score.recall for score in _classes(row) if score.recall is not None]
    return Scores(
        as_trained=as_trained,
        scaled=scaled,
        temperatures=tuple(temperatures) if scaled is not None else (),
        balanced_accuracy=float(np.mean(recalls)),
        matthews=_matthews(row.confusion),
        classes=_classes(row),
    )


def detection_of(
    row: Row, results: StudyResults, positive: int, normal: int | None = None, verifier: VerifierRates | None = None
) -> Detection:
    """The class `positive` against all others; needs logits, not labels alone."""
    cells = _answers(row, results)
    eers, costs = [], []
    for cell in cells:
        score, is_positive = log_odds(cell.logits, positive), cell.targets == positive
        if is_positive.any() and not is_positive.all():
            eers.append(equal_error_rate(score[is_positive], score[~is_positive])[0])
            if verifier is not None:
                costs.append(minimum_tandem_cost(score[is_positive], score[~is_positive], verifier)[0])
    is_positive = np.concatenate([cell.targets == positive for cell in cells])
    argmax = diagnosis(np.concatenate([predictions(cell.logits) == positive for cell in cells]), is_positive)
    icbhi = None
    if normal is not None:
        both = [(predictions(cell.logits), cell.targets) for cell in cells]
        icbhi = icbhi_diagnosis(np.concatenate([p for p, _ in both]), np.concatenate([t for _, t in both]), normal)
    return Detection(
        eer=float(np.mean(eers)) if eers else None,
        eer_sd=float(np.std(eers, ddof=1)) if len(eers) > 1 else None,
        min_tdcf=float(np.mean(costs)) if costs else None,
        argmax=argmax,
        held=_held(cells, positive, is_positive),
        icbhi=icbhi,
    )


def accuracy_without(row: Row, results: StudyResults, label: int) -> Interval:
    """Accuracy over the clips of every class but `label`, which may still be given as an answer.

    For a class whose score says more about how the set was made than about the systems: cuts of a few recordings.
    """
    members = results.members(row.system.name, row.run.backend.name, row.protocol)
    kept = np.concatenate([result.targets != label for _, result, _ in members])
    if not kept.any():
        raise InputError(f"Every clip is of the class {row.label_names[label]}; without it nothing is left.")
    trials = trials_of(members)
    return accuracy_interval(Trials(*(getattr(trials, column.name)[kept] for column in fields(Trials))))


def reliability(row: Row, results: StudyResults, n_bins: int = N_BINS) -> tuple[list[float], list[float]]:
    """Mean confidence and accuracy of bins of equal mass, the seeds' clips together, least sure first."""
    cells = _answers(row, results)
    confidence = np.concatenate([probabilities(cell.logits).max(axis=1) for cell in cells])
    right = np.concatenate([predictions(cell.logits) == cell.targets for cell in cells])
    bins = np.array_split(np.argsort(confidence, kind="stable"), min(n_bins, len(right)))
    return [float(confidence[rows].mean()) for rows in bins], [float(right[rows].mean()) for rows in bins]


def _answers(row: Row, results: StudyResults) -> list[_Answers]:
    members = results.members(row.system.name, row.run.backend.name, row.protocol)
    return [
        _Answers(cell.seed, run.logits, result.targets, _validation(row, results.fits.get(cell)))
        for cell, result, run in members
    ]


def _validation(row: Row, fit: CellResult | None) -> tuple[Logits, Targets] | None:
    """What the network of a test cell answered to its validation clips, on the row's backend."""
    if fit is None or row.evidence != "test":
        return None
    run = whole_run(fit, row.run.backend.name)
    return None if run is None else (run.logits, fit.targets)


def _calibration(cells: Sequence[_Answers], temperatures: Sequence[float]) -> Calibration:
    by_seed = []
    for seed in sorted({cell.seed for cell in cells}):
        ours = [(cell, t) for cell, t in zip(cells, temperatures, strict=True) if cell.seed == seed]
        logits = np.concatenate([cell.logits.astype(np.float64) / t for cell, t in ours])
        targets = np.concatenate([cell.targets for cell, _ in ours])
        errors = probabilities(logits) - np.eye(logits.shape[1])[targets]
        by_seed.append(
            (
                negative_log_likelihood(logits, targets),
                float(np.mean((errors**2).sum(axis=1))),
                expected_calibration_error(logits, targets),
            )
        )
    return Calibration(*(float(mean) for mean in np.mean(by_seed, axis=0)))


def _classes(row: Row) -> tuple[ClassScore, ...]:
    confusion = row.confusion
    n = confusion.sum()
    found = []
    for place, label in enumerate(row.label_names):
        right, of_class, given = confusion[place, place], confusion[place].sum(), confusion[:, place].sum()
        others = n - of_class
        found.append(
            ClassScore(
                label=label,
                n_clips=float(of_class),
                precision=_share(right, given),
                recall=_share(right, of_class),
                specificity=_share(others - (given - right), others),
                f1=_share(2 * right, of_class + given),
            )
        )
    return tuple(found)


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def _matthews(confusion: NDArray[np.float64]) -> float | None:
    """Gorodkin, Computational Biology and Chemistry 28 (2004) 367, equation 8: the correlation of target and answer."""
    n, right = confusion.sum(), np.trace(confusion)
    targets, given = confusion.sum(axis=1), confusion.sum(axis=0)
    spread = (n * n - (targets**2).sum()) * (n * n - (given**2).sum())
    return float((n * right - (targets * given).sum()) / np.sqrt(spread)) if spread > 0 else None


def log_odds(logits: Logits, positive: int) -> NDArray[np.float64]:
    """log p / (1 - p) of a class: as good a score as p, without its rounding near 1."""
    values = logits.astype(np.float64)
    others = np.delete(values, positive, axis=1)
    largest = others.max(axis=1)
    return values[:, positive] - largest - np.log(np.exp(others - largest[:, None]).sum(axis=1))


def _held(cells: Sequence[_Answers], positive: int, is_positive: NDArray[np.bool_]) -> Diagnosis | None:
    called = []
    for cell in cells:
        if cell.validation is None:
            return None
        logits, targets = cell.validation
        threshold = operating_point(probabilities(logits)[:, positive], targets == positive)
        called.append(probabilities(cell.logits)[:, positive] > threshold)
    return diagnosis(np.concatenate(called), is_positive)
