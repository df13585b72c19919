# studies/detecting.py
"""EER and min t-DCF of a study of bona fide and spoofed speech: of all attacks, of each, with intervals over speakers.

A clip's score is the log odds of its being bona fide; it is accepted above a threshold (`harness/detection.py`).

    EER           mean of the share of bona fide clips refused (miss) and of spoofs accepted (false alarm), each network
                  at the threshold where its own two differ least
    min t-DCF     (C0 + C1 miss + C2 false alarm) / (C0 + min(C1, C2)), each network at the threshold of its own least
    held          miss and false alarm at the EER threshold of the same network on its validation clips

Thresholds are a network's own, since scores of two networks share no scale; clips of all folds and seeds are then
pooled. Where a fold holds one attack, as in `unseen-attack-and-speaker`, all attacks together are so the mean of each
by itself, and not the EER of one threshold for all, which a fold of several attacks has. Of one attack, its spoofs are
tried against all bona fide clips of the fold.

The verifier behind the countermeasure is given by its error rates. FOOLED, which the report shows, is no measurement: a
verifier without errors of its own that takes every spoof for the voice that it imitates, the worst that a spoof can
do. C0 is then 0, and the cost is that of the countermeasure alone, weighed by the priors and costs of ASVspoof 2021.

The speakers are the sample, and the intervals those of `group_ratios`. At the least cost a threshold that moves changes
nothing to first order; at equal errors it changes nothing where both curves are equally steep, which is assumed. What
other training speakers, attacks or seeds would change is not in the interval.

The EER less that of the study's baseline is paired by speaker, and tested as accuracies are (`paired_rates`), of right
answers at each network's own threshold of equal errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.attack_splits import BONA_FIDE, PROTOCOL, SPOOF
from classical_baselines.data.copy_synthesis.attacks import ATTACKS
from classical_baselines.harness.detection import (
    COST,
    VerifierRates,
    equal_error_rate,
    minimum_tandem_cost,
    tandem_weights,
)
from studies.cell import CellResult, StudyCell
from studies.group_ratios import Flags, Floats, group_ratio, half_width, interval_of_share
from studies.intervals import zero_seen_bound
from studies.paired_rates import rate_difference
from studies.results import Evidence, Row, StudyResults, whole_run
from studies.scores import log_odds
from studies.statistics import Comparison, Trials

FOOLED = VerifierRates(miss=0.0, false_alarm=0.0, spoof_false_alarm=1.0)
ALL = ""  # in place of an attack's name


@dataclass(frozen=True)
class Rate:
    """A rate or a cost and its interval over speakers; None where fewer than two speakers have such clips."""

    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Held:
    """What a threshold that was set on validation clips does to test clips."""

    miss: float
    false_alarm: float
    half_total: Rate  # their mean


@dataclass(frozen=True)
class AttackDetection:
    """One system on the spoofs of one attack, or of all, among the bona fide clips beside them."""

    attack: str  # ALL: of all attacks
    eer: Rate
    min_tdcf: Rate
    held: Held | None  # None for rows of validation clips, and where these are of one kind
    n_speakers: int
    n_clips: int  # different clips
    n_networks: int
    beyond_baseline: Comparison | None  # EER less the baseline's, below 0 is better; None for the baseline itself


@dataclass(frozen=True, eq=False)
class _Trials:
    """What one network answered."""

    score: Floats  # [clip]
    bona_fide: Flags
    attack: NDArray[np.str_]  # of spoofs; "" of bona fide clips, and where the attack is not known
    speaker: NDArray[np.str_]
    clip: NDArray[np.str_]
    held: float | None  # threshold
    seed: int
    fold: str

    def of(self, attack: str) -> "_Trials":
        """The spoofs of one attack and all bona fide clips."""
        kept = self.bona_fide | (self.attack == attack)
        names = ("score", "bona_fide", "attack", "speaker", "clip")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})

    def threshold(self) -> float:
        """Where miss and false alarm differ least."""
        return equal_error_rate(self.score[self.bona_fide], self.score[~self.bona_fide])[1]


def is_detection(results: StudyResults) -> bool:
    """Whether the labels of the study are bona fide and spoof."""
    return bool(results.rows) and set(results.rows[0].label_names) == {BONA_FIDE, SPOOF}


def detections_of(
    row: Row,
    results: StudyResults,
    verifier: VerifierRates = FOOLED,
    attacks: Mapping[str, str] | None = None,
) -> list[AttackDetection]:
    """Of all attacks, then of each that the clips name, sorted; none of a row without logits or clips of one kind.

    `attacks` names the attack of a spoof by the stem of its file, where the clips do not tell.
    """
    networks, known = _kept(row, results, attacks or {})
    if not networks:
        return []
    baseline = results.row(results.study.baseline, protocol=row.protocol)
    is_other = baseline is not None and baseline.key != row.key and baseline.evidence == row.evidence
    theirs = _kept(baseline, results, attacks or {})[0] if is_other and baseline is not None else []
    margin = results.study.equivalence_margin
    found = []
    for attack in (ALL, *known):
        ours, others = (
            [part for one in some if _both(part := one if attack == ALL else one.of(attack))]
            for some in (networks, theirs)
        )
        found.append(_detection(attack, ours, verifier, _difference(ours, others, margin)))
    return found


def _kept(row: Row, results: StudyResults, attacks: Mapping[str, str]) -> tuple[list[_Trials], list[str]]:
    """The networks that were given clips of both kinds, and the attacks, where every spoof's is known."""
    if row.ece is None:
        return [], []
    networks = [one for one in _networks(row, results, attacks) if _both(one)]
    known = sorted({name for one in networks for name in one.attack if name})
    if any((one.attack[~one.bona_fide] == "").any() for one in networks):
        known = []  # a table of some attacks would look like one of all
    return networks, known


def _difference(ours: Sequence[_Trials], theirs: Sequence[_Trials], margin: float) -> Comparison | None:
    """EER less EER: the shares of right answers with the sign turned; the verdict is of ours."""
    found = rate_difference(_kinds(ours), _kinds(theirs), margin) if theirs else None
    if found is None:
        return None
    low, high = (None if bound is None else -bound for bound in (found.high, found.low))
    by_group = {name: -value for name, value in found.differences.items()}
    return replace(found, difference=-found.difference, low=low, high=high, differences=by_group)


def _kinds(networks: Sequence[_Trials]) -> tuple[Trials, Trials]:
    """Right or wrong at the threshold of equal errors, of bona fide clips and of spoofs."""
    right = np.concatenate([(one.score > one.threshold()) == one.bona_fide for one in networks])
    bona_fide, speaker, clip = (
        np.concatenate([getattr(one, name) for one in networks]) for name in ("bona_fide", "speaker", "clip")
    )
    sizes = [len(one.score) for one in networks]
    seed = np.repeat(np.array([one.seed for one in networks], dtype=np.int64), sizes)
    fold = np.repeat(np.array([one.fold for one in networks], dtype=np.str_), sizes)
    of_real, of_fake = (
        Trials(*(values[kept] for values in (right, speaker, clip, seed, fold))) for kept in (bona_fide, ~bona_fide)
    )
    return of_real, of_fake


def _networks(row: Row, results: StudyResults, attacks: Mapping[str, str]) -> list[_Trials]:
    place = row.label_names.index(BONA_FIDE)
    found = []
    for cell, result, run in results.members(row.system.name, row.run.backend.name, row.protocol):
        clips, groups = (np.array(names, dtype=np.str_) for names in (result.clip_names, result.groups))
        found.append(
            _Trials(
                score=log_odds(run.logits, place),
                bona_fide=result.targets == place,
                attack=np.array(_attacks(cell, result, place, row.evidence, attacks), dtype=np.str_),
                speaker=np.where(groups == "", clips, groups),
                clip=clips,
                held=_held_threshold(row, results.fits.get(cell), place),
                seed=cell.seed,
                fold=cell.fold,
            )
        )
    return found


def _attacks(
    cell: StudyCell, result: CellResult, bona_fide: int, evidence: Evidence, attacks: Mapping[str, str]
) -> list[str]:
    """[clip]: from the mapping, from the name that a copy has, or from the fold that is one attack's."""
    of_fold = cell.fold.rpartition("/")[0] if cell.protocol == PROTOCOL and evidence == "test" else ""
    found = []
    for name, target in zip(result.clip_names, result.targets, strict=True):
        path = PurePosixPath(name)
        told = attacks.get(path.stem) or (path.parts[0] if path.parts[0] in ATTACKS else of_fold)
        found.append("" if target == bona_fide else told)
    return found


def _held_threshold(row: Row, fit: CellResult | None, place: int) -> float | None:
    validation = None if fit is None or row.evidence != "test" else whole_run(fit, row.run.backend.name)
    if fit is None or validation is None:
        return None
    score, bona_fide = log_odds(validation.logits, place), fit.targets == place
    if bona_fide.all() or not bona_fide.any():
        return None
    return equal_error_rate(score[bona_fide], score[~bona_fide])[1]


def _both(trials: _Trials) -> bool:
    return bool(trials.bona_fide.any() and not trials.bona_fide.all())


def _detection(
    attack: str, networks: Sequence[_Trials], verifier: VerifierRates, beyond_baseline: Comparison | None
) -> AttackDetection:
    pairs = [(one.score[one.bona_fide], one.score[~one.bona_fide]) for one in networks]
    c0, c1, c2 = tandem_weights(verifier, COST)
    least = [minimum_tandem_cost(*pair, verifier)[1] for pair in pairs]
    tandem = _Pooled.of(networks, least)
    held = [one.held for one in networks if one.held is not None]
    return AttackDetection(
        attack=attack,
        eer=_Pooled.of(networks, [one.threshold() for one in networks]).half_total(),
        min_tdcf=tandem.cost(c0, c1, c2),
        held=_Pooled.of(networks, held).held() if len(held) == len(networks) else None,
        n_speakers=tandem.n_speakers,
        n_clips=len(np.unique(np.concatenate([one.clip for one in networks]))),
        n_networks=len(networks),
        beyond_baseline=beyond_baseline,
    )


@dataclass(frozen=True, eq=False)
class _Pooled:
    """Miss and false alarm of all networks at a threshold each, and what every speaker moves them by."""

    miss: float
    false_alarm: float
    of_miss: Floats  # [speaker]
    of_false_alarm: Floats
    n_speakers: int  # the fewer of those with bona fide clips and those with spoofs

    @staticmethod
    def of(networks: Sequence[_Trials], thresholds: Sequence[float]) -> "_Pooled":
        accepted = np.concatenate([one.score > at for one, at in zip(networks, thresholds, strict=True)])
        bona_fide = np.concatenate([one.bona_fide for one in networks])
        names, place = np.unique(np.concatenate([one.speaker for one in networks]), return_inverse=True)
        miss = group_ratio(~accepted[bona_fide], place[bona_fide], len(names))
        false_alarm = group_ratio(accepted[~bona_fide], place[~bona_fide], len(names))
        fewer = min(miss.n_groups, false_alarm.n_groups)
        return _Pooled(miss.estimate, false_alarm.estimate, miss.parts, false_alarm.parts, fewer)

    def half_total(self) -> Rate:
        """The mean of both."""
        mean = (self.miss + self.false_alarm) / 2
        return Rate(mean, *interval_of_share(mean, (self.of_miss + self.of_false_alarm) / 2, self.n_speakers))

    def held(self) -> Held:
        """At thresholds from validation clips."""
        return Held(self.miss, self.false_alarm, self.half_total())

    def cost(self, c0: float, c1: float, c2: float) -> Rate:
        """The normalised tandem cost, at most 1 at its least; without any error its bound is that of none seen."""
        most = c0 + min(c1, c2)
        cost = (c0 + c1 * self.miss + c2 * self.false_alarm) / most
        half = half_width((c1 * self.of_miss + c2 * self.of_false_alarm) / most, self.n_speakers)
        if half is None:
            return Rate(cost, None, None)
        if self.miss == self.false_alarm == 0:
            half = (c1 + c2) * zero_seen_bound(self.n_speakers) / most
        return Rate(cost, max(c0 / most, cost - half), min(1.0, cost + half))
