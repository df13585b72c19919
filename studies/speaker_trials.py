# studies/speaker_trials.py
"""Speaker verification from the stored logits of a study whose labels are known speakers and `unknown`.

A trial is two clips of unknown speakers: are they of one voice? The speakers of a part were never heard by the network
that is asked. Its outputs for the known speakers say how much a clip resembles each of them, and that is the
embedding (anchor models: Sturim et al., Speaker indexing in large audio databases using anchor models, ICASSP 2001;
the cosine is ours). With z [known] the logits, their mean over the known speakers taken away as a softmax does not see
it,

    score of (a, b)    cos(z_a, z_b)                                         -1 to 1; a clip with z = 0 has 0
    EER                of one network's trials (`harness/detection.py`)
    min DCF            least over t of p miss(t) + (1 - p) false_alarm(t), over min(p, 1 - p); p = P_TARGET
    held               mean of miss and false alarm at the threshold of the EER on the same network's validation trials

Trials are drawn for each speaker by a seed and by names alone, so that all systems, backends and seeds have the same:
of target and of non-target trials, up to N_TRIALS each in which both clips say one word (text-dependent), and as many
in which they say two (text-independent). All of them where there are fewer.

The value of a fold is the mean over its seeds, that of a row the mean over its folds. The speakers are the sample, and
each stands in many pairs: so the interval is by the jackknife of speakers within folds (Shao & Tu, The Jackknife and
Bootstrap, 1995, of strata). v_f is the value of fold f of F, v_f(i) without the trials of its speaker i
of n_f:

    var = sum over f of (n_f - 1) / n_f sum over i of (v_f(i) - mean_i v_f(i))^2 / F^2
    v -+ t(0.975, n - F) sqrt(var),    n = sum over f of n_f

Where nothing differs without any speaker, it is the share that so many may all have missed (`zero_seen_bound`). For
the difference of two rows v is the difference of theirs. What other known speakers or seeds would change is not in
the interval.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.named_draws import generator_of
from classical_baselines.data.speakers import UNKNOWN, are_speakers, said_of
from classical_baselines.harness.detection import equal_error_rate, error_curve
from studies.cell import CellResult, RunRecord
from studies.intervals import LEVEL, zero_seen_bound
from studies.results import Row, StudyResults, whole_run

N_TRIALS = 200  # of each kind, for each speaker, at most
# VoxSRC 2020 (Nagrani et al., arXiv:2012.06867): C_miss = C_fa = 1, P_target = 0.05
P_TARGET = 0.05
FEWEST_SPEAKERS = 2  # of a fold: with one, no two clips are of different speakers

Kind = Literal["text-dependent", "text-independent"]
KINDS: tuple[Kind, ...] = ("text-dependent", "text-independent")
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SpeakerTrials:
    """The trials of one part and one kind; clips are places in the part."""

    enrolled: NDArray[np.int64]  # [trial]
    tested: NDArray[np.int64]  # [trial]
    is_target: NDArray[np.bool_]  # [trial]
    speakers: NDArray[np.str_]  # [clip]

    def without(self, speaker: str) -> NDArray[np.bool_]:
        """[trial]: those in which a speaker has no part."""
        return (self.speakers[self.enrolled] != speaker) & (self.speakers[self.tested] != speaker)


@dataclass(frozen=True)
class Estimate:
    """A value and its interval over speakers; None where some fold has too few of them."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Verification:
    """One row on one kind of trial."""

    kind: Kind
    eer: Estimate
    min_dcf: Estimate
    held: Estimate | None  # None for rows of validation clips
    beyond_baseline: Estimate | None  # EER less that of the study's baseline; None for the baseline itself
    n_trials: int  # of one seed
    n_targets: int
    n_speakers: int


@dataclass(frozen=True)
class _Values:
    """What is estimated, of a fold: as it is, and without each of its speakers; averaged over seeds."""

    whole: float
    without: Mapping[str, float]


def has_speaker_trials(results: StudyResults) -> bool:
    """Whether the labels of the study are known and unknown speakers."""
    members = results.fits or results.tests
    first = next(iter(members.values()), None)
    return first is not None and are_speakers(first.label_names)


def drawn_trials(
    names: Sequence[str], speakers: Sequence[str], is_unknown: Sequence[bool], kind: Kind, seed: int = 0
) -> SpeakerTrials:
    """The trials of a part, of clips with these names and speakers; those of known speakers have no part."""
    order = sorted((place for place, unknown in enumerate(is_unknown) if unknown), key=lambda place: names[place])
    by_speaker: dict[str, list[int]] = defaultdict(list)
    for place in order:
        by_speaker[speakers[place]].append(place)
    words = np.array([said_of(name) for name in names])
    pairs: list[tuple[bool, NDArray[np.int64]]] = []
    for speaker in sorted(by_speaker):
        own = np.array(by_speaker[speaker])
        others = np.array([place for place in order if speakers[place] != speaker], dtype=np.int64)
        first, second = np.triu_indices(len(own), k=1)
        for is_target, candidates in (
            (True, np.stack([own[first], own[second]])),
            (False, np.stack([np.repeat(own, len(others)), np.tile(others, len(own))])),
        ):
            one_word = words[candidates[0]] == words[candidates[1]]
            fitting = candidates[:, one_word == (kind == "text-dependent")]
            draw = generator_of("speaker-trials/1", str(seed), kind, "target" if is_target else "other", speaker)
            n_drawn = min(N_TRIALS, fitting.shape[1])
            pairs.append((is_target, fitting[:, np.sort(draw.choice(fitting.shape[1], n_drawn, replace=False))]))
    found = np.concatenate([pair for _, pair in pairs], axis=1) if pairs else np.empty((2, 0), dtype=np.int64)
    targets = np.concatenate([np.full(pair.shape[1], target) for target, pair in pairs]) if pairs else np.empty(0)
    return SpeakerTrials(found[0], found[1], targets.astype(np.bool_), np.array(speakers, dtype=np.str_))


def trial_scores(logits: NDArray[np.floating], known: Sequence[int], trials: SpeakerTrials) -> Floats:
    """[trial] of logits [clip, class]; `known` are the places of the known speakers among the classes."""
    embedding = logits[:, list(known)].astype(np.float64)
    embedding = embedding - embedding.mean(axis=1, keepdims=True)
    length = np.linalg.norm(embedding, axis=1, keepdims=True)
    embedding = np.divide(embedding, length, out=np.zeros_like(embedding), where=length > 0)
    return np.asarray((embedding[trials.enrolled] * embedding[trials.tested]).sum(axis=1))


def minimum_detection_cost(target: Floats, other: Floats, p_target: float = P_TARGET) -> float:
    """min DCF of scores, over what accepting all or none costs; 1 where the scores say nothing.

    >>> minimum_detection_cost(np.array([1.0, 3.0]), np.array([0.0, 2.0]), p_target=0.5)
    0.5
    """
    curve = error_curve(target, other)
    costs = p_target * curve.miss + (1 - p_target) * curve.false_alarm
    return float(costs.min() / min(p_target, 1 - p_target))


def verifications_of(row: Row, results: StudyResults, seed: int = 0) -> list[Verification]:
    """One for each kind of trial that the clips allow; none of a row without logits."""
    if row.ece is None:
        return []
    baseline = results.row(results.study.baseline, protocol=row.protocol) if results.study.baseline else None
    is_baseline = baseline is None or baseline.key == row.key or baseline.evidence != row.evidence
    found = []
    for kind in KINDS:
        ours = _of_row(row, results, kind, seed)
        if not ours.eer:
            continue
        theirs = {} if is_baseline or baseline is None else _of_row(baseline, results, kind, seed).eer
        shared = {fold: _difference(ours.eer[fold], theirs[fold]) for fold in ours.eer.keys() & theirs.keys()}
        found.append(
            Verification(
                kind=kind,
                eer=_estimate(ours.eer, least=0),
                min_dcf=_estimate(ours.min_dcf, least=0),
                held=_estimate(ours.held, least=0) if ours.held else None,
                beyond_baseline=_estimate(shared, least=-1) if shared else None,
                n_trials=ours.n_trials,
                n_targets=ours.n_targets,
                n_speakers=sum(len(values.without) for values in ours.eer.values()),
            )
        )
    return found


@dataclass(frozen=True)
class _OfRow:
    """By fold, what the cells of a row give."""

    eer: Mapping[str, _Values]
    min_dcf: Mapping[str, _Values]
    held: Mapping[str, _Values]
    n_trials: int
    n_targets: int


def _of_row(row: Row, results: StudyResults, kind: Kind, seed: int) -> _OfRow:
    cells: dict[str, list[Mapping[str, _Values]]] = defaultdict(list)
    n_of_fold: dict[str, tuple[int, int]] = {}
    for cell, result, run in results.members(row.system.name, row.run.backend.name, row.protocol):
        fit = results.fits.get(cell) if row.evidence == "test" else None
        chosen_on = None if fit is None else whole_run(fit, row.run.backend.name)
        threshold = None
        if fit is not None and chosen_on is not None:
            trials, scores = _scored(fit, chosen_on, kind, seed)
            threshold = equal_error_rate(*_split(scores, trials.is_target))[1] if _both(trials.is_target) else None
        trials, scores = _scored(result, run, kind, seed)
        if not _both(trials.is_target):
            continue
        n_of_fold[cell.fold] = len(scores), int(trials.is_target.sum())
        cells[cell.fold].append(_cell_values(trials, scores, threshold))
    return _OfRow(
        eer=_by_fold(cells, "eer"),
        min_dcf=_by_fold(cells, "min_dcf"),
        held=_by_fold(cells, "held"),
        n_trials=sum(n for n, _ in n_of_fold.values()),
        n_targets=sum(n for _, n in n_of_fold.values()),
    )


def _by_fold(cells: Mapping[str, Sequence[Mapping[str, _Values]]], name: str) -> dict[str, _Values]:
    """A measure in the folds of which every seed has it."""
    return {
        fold: _mean([one[name] for one in of_fold])
        for fold, of_fold in cells.items()
        if all(name in one for one in of_fold)
    }


def _scored(result: CellResult, run: RunRecord, kind: Kind, seed: int) -> tuple[SpeakerTrials, Floats]:
    unknown = result.label_names.index(UNKNOWN)
    trials = drawn_trials(result.clip_names, result.groups, list(result.targets == unknown), kind, seed)
    known = [place for place in range(len(result.label_names)) if place != unknown]
    return trials, trial_scores(run.logits, known, trials)


def _cell_values(trials: SpeakerTrials, scores: Floats, threshold: float | None) -> Mapping[str, _Values]:
    """Each measure of one network, whole and without each speaker whose absence leaves trials of both kinds."""
    speakers = np.unique(trials.speakers[np.concatenate([trials.enrolled, trials.tested])]).tolist()
    kept = {speaker: trials.without(speaker) for speaker in speakers}
    left = {speaker: rows for speaker, rows in kept.items() if _both(trials.is_target[rows])}
    values = {}
    for name in ("eer", "min_dcf", *(("held",) if threshold is not None else ())):
        whole = _measure(name, scores, trials.is_target, threshold)
        parts = {one: _measure(name, scores[rows], trials.is_target[rows], threshold) for one, rows in left.items()}
        values[name] = _Values(whole, parts)
    return values


def _measure(name: str, scores: Floats, is_target: NDArray[np.bool_], threshold: float | None) -> float:
    target, other = _split(scores, is_target)
    if name == "eer":
        return equal_error_rate(target, other)[0]
    if name == "min_dcf":
        return minimum_detection_cost(target, other)
    assert threshold is not None
    return (float(np.mean(target <= threshold)) + float(np.mean(other > threshold))) / 2


def _split(scores: Floats, is_target: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    return scores[is_target], scores[~is_target]


def _both(is_target: NDArray[np.bool_]) -> bool:
    return bool(is_target.any() and not is_target.all())


def _mean(values: Sequence[_Values]) -> _Values:
    """Over the seeds of a fold, which have the same trials."""
    without = {one: float(np.mean([value.without[one] for value in values])) for one in values[0].without}
    return _Values(float(np.mean([value.whole for value in values])), without)


def _difference(a: _Values, b: _Values) -> _Values:
    return _Values(a.whole - b.whole, {one: a.without[one] - b.without[one] for one in a.without})


def _estimate(folds: Mapping[str, _Values], least: float) -> Estimate:
    """The mean over folds with the interval of the jackknife; `least` is the smallest value that can be."""
    from scipy import special

    value = float(np.mean([one.whole for one in folds.values()]))
    if any(len(one.without) < FEWEST_SPEAKERS for one in folds.values()):
        return Estimate(value, None, None)
    variance, n = 0.0, 0
    for one in folds.values():
        left = np.array(list(one.without.values()))
        variance += (len(left) - 1) / len(left) * float(((left - left.mean()) ** 2).sum()) / len(folds) ** 2
        n += len(left)
    half = float(special.stdtrit(n - len(folds), (1 + LEVEL) / 2)) * sqrt(variance)
    if variance == 0:  # no speaker differs from another: their spread says nothing
        half = zero_seen_bound(n)
    return Estimate(value, max(least, value - half), min(1.0, value + half))
