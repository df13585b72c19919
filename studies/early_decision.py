# studies/early_decision.py
"""Decisions before the clip is over: accuracy against seconds heard and joules spent, and early exit.

From the runs on the backend `heard-so-far` (`heard_so_far.py`), which keep what each clip would have been called after
each of the lengths t_1 < ... < t_K:

    at length k     every clip decided after t_k, once: its accuracy, and the energy of that one decision
    early exit      a clip is decided at the first length whose confidence reaches the threshold, at the latest at t_K
    confidence      largest of softmax(logits / T_k); T_k makes the validation clips' likelihood greatest at length k
                    (`temperature.py`)
    threshold       of all thresholds whose accuracy on validation clips is not below that of the whole clip by more
                    than LOSS, the one that hears for the least mean time; one for each fit (fold and seed)
    spent           of a clip decided at length k: a stream's run up to t_k, and for each earlier decision what is done
                    once per decision; a poll's k evaluations; the front end up to t_k; k confidences

Temperatures and threshold see the validation clips of the fit alone. Where test clips were opened, everything else is
said of test clips; elsewhere of the very clips that chose, and the table says so. This module imports no torch.

References: Teerapittayanon, McDanel & Kung, ICPR 2016 (arXiv 1709.01686), exits by a threshold, there on the entropy;
Li, Geller, Kim & Panda, NeurIPS 2023 (arXiv 2304.01230), exits in time of spiking networks, by confidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import SCENARIOS
from classical_baselines.harness.evaluation import probabilities
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.temperature import fit_temperature
from studies.budgets import EnergyRow, energy_rows
from studies.cell import RunRecord, StudyCell
from studies.energy_answers import FULL_PRICES, energy_ratio
from studies.price_list import deployments
from studies.results import Evidence, Members, StudyResults, trials_of, values_per_clip, whole_run
from studies.specification import Run, System
from studies.statistics import Comparison, Interval, Trials, accuracy_interval, paired_difference
from studies.wording import energy_text, interval_text, percent, points_text

NOTE = "heard_so_far"  # of the backend `heard-so-far`, and of no other
STEPS_OF_A_LOGIT = 100
LOSS = 0.01  # of accuracy that an exit may cost on validation clips: half of the margin of equivalence of most studies
ROUNDING = 1e-9  # of a share of clips
NEVER = np.inf  # the threshold that no confidence reaches
HEADER = (
    *("system", "decides by", "whole clip", "early exit", "difference, points", "verdict", "seconds heard"),
    *("decided after", "always on: whole clip", "always on: early exit", "saturated: whole clip"),
    "saturated: early exit",
)

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Heard:
    """What a run kept of its decisions at each length."""

    seconds: tuple[float, ...]  # [length]
    shares: tuple[float, ...]  # [length]: of the clip's frames that were there
    streams: bool
    logits: Floats  # [length, clip, class]
    once: tuple[OperationCounts, ...]  # [length]: one decision at that length, front end and comparison included
    spent: tuple[OperationCounts, ...]  # [length]: a decision there after one at each earlier length, with confidences


@dataclass(frozen=True, eq=False)
class ExitRule:
    """When a clip is decided: chosen on validation clips."""

    temperatures: tuple[float, ...]  # [length]
    threshold: float  # on the confidence; NEVER: at the end of the clip

    def lengths(self, logits: Floats) -> Indices:
        """[clip]: the length at which each clip is decided."""
        return exits(confidences(logits, self.temperatures), self.threshold)


@dataclass(frozen=True, eq=False)
class Decided:
    """What comes of deciding by one rule: at a length, or by early exit."""

    interval: Interval
    seconds: float  # heard, mean over clips
    energies: Mapping[str, EnergyRow]  # by scenario, at the system boundary; empty where nothing prices the run

    def energy_text(self, scenario: str) -> str:
        """The energy of a decision with its range, and whether a device needs longer for it than a clip lasts."""
        if scenario not in self.energies:
            return "not available"
        energy = self.energies[scenario]
        return energy_text(energy) + ("" if energy.keeps_up else ", too slow for real time")


@dataclass(frozen=True, eq=False)
class EarlyRow:
    """One system."""

    system: System
    run: Run
    evidence: Evidence
    streams: bool
    lengths: tuple[float, ...]  # seconds
    curve: tuple[Decided, ...]  # by length
    exit: Decided
    decided: tuple[float, ...]  # [length]: share of the clips decided there
    rules: tuple[ExitRule, ...]  # of each fit
    difference: Comparison  # early exit less the whole clip

    @property
    def title(self) -> str:
        """The system's title, or its name."""
        return self.system.title or self.system.name

    @property
    def whole(self) -> Decided:
        """The whole clip, decided once."""
        return self.curve[-1]

    @property
    def deployment(self) -> str:
        """Where the energies stand; "" where nothing prices the run."""
        return next((energy.deployment for energy in self.whole.energies.values()), "")

    def saving(self, scenario: str) -> tuple[float, float, float] | None:
        """Joules of early exit over those of the whole clip, decided once: nominal, and 5 to 95 % of the draws, which
        both share; None where nothing prices them."""
        if scenario not in self.exit.energies or scenario not in self.whole.energies:
            return None
        spent, whole = self.exit.energies[scenario], self.whole.energies[scenario]
        ratio = energy_ratio(spent, whole)
        if ratio is None:
            return None
        nominal = _nominal(spent) / _nominal(whole)
        return nominal, min(ratio[1], nominal), max(ratio[2], nominal)

    @property
    def decided_text(self) -> str:
        """`0.2 s 12 %, 0.4 s 80 %`, of the lengths at which any clip was decided."""
        shares = [(t, share) for t, share in zip(self.lengths, self.decided, strict=True) if share > 0]
        return ", ".join(f"{t:g} s {percent(share)} %" for t, share in shares)

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table, as HEADER names them."""
        return (
            self.title,
            "stream" if self.streams else "poll",
            interval_text(self.whole.interval),
            interval_text(self.exit.interval),
            points_text(self.difference),
            self.difference.verdict,
            f"{self.exit.seconds:.3f} of {self.lengths[-1]:g}",
            self.decided_text,
            *(each.energy_text(scenario) for scenario in SCENARIOS for each in (self.whole, self.exit)),
        )


# ------------------------------------------------------------------------------------------------- the rule of the exit


def confidences(logits: Floats, temperatures: Sequence[float]) -> Floats:
    """[length, clip] of [length, class]-wise logits [length, clip, class]."""
    scaled = [probabilities(of_length / t) for of_length, t in zip(logits, temperatures, strict=True)]
    return np.stack([each.max(axis=1) for each in scaled])


def exits(confidence: Floats, threshold: float) -> Indices:
    """[clip]: the first length at which the confidence [length, clip] reaches the threshold, the last where none does.

    >>> exits(np.array([[0.5, 0.9], [0.8, 0.1], [0.2, 0.2]]), threshold=0.8).tolist()
    [1, 0]
    """
    reached = np.maximum.accumulate(confidence, axis=0)[:-1] >= threshold
    return np.asarray((~reached).sum(axis=0), dtype=np.int64)


def fit_exit_rule(logits: Floats, targets: Indices, seconds: Sequence[float], loss: float = LOSS) -> ExitRule:
    """The rule of the least mean time among those that lose at most `loss` of accuracy on these clips."""
    temperatures = tuple(fit_temperature(of_length, targets) for of_length in logits)
    confidence = confidences(logits, temperatures)
    right = logits.argmax(axis=2) == targets  # [length, clip]
    wanted = right[-1].mean() - loss
    clips = np.arange(len(targets))
    # A lower threshold lets no clip wait longer: the first that is accurate enough is the one of the least mean time.
    for threshold in np.unique(confidence[:-1]).tolist():
        if right[exits(confidence, threshold), clips].mean() >= wanted - ROUNDING:
            return ExitRule(temperatures, threshold)
    return ExitRule(temperatures, NEVER)


# ------------------------------------------------------------------------------------------------ what a decision costs


def confidence_operations(n_classes: int) -> OperationCounts:
    """Of one confidence: logits less the largest, times 1 / T; exponentials, their sum, 1 over it; the threshold."""
    return OperationCounts.of(
        "readout",
        "confidence",
        add_fp32=2 * n_classes - 1,
        multiply_fp32=n_classes,
        transcendental_fp32=n_classes + 1,
        compare_fp32=1,
    )


def heard(run: RunRecord) -> Heard:
    """What a run on `heard-so-far` kept."""
    note: Mapping[str, Any] = run.notes[NOTE]
    logits = -np.asarray(note["gaps"], dtype=np.float64) / STEPS_OF_A_LOGIT
    n_lengths, _, n_classes = logits.shape
    shares = [n / note["frames"][-1] for n in note["frames"]]
    ran = [
        OperationCounts.from_rows(
            (stage, layer, operation, counts[k]) for stage, layer, operation, counts in note["counts"]
        )
        for k in range(n_lengths)
    ]
    front_end = OperationCounts({key: count for key, count in run.counts if key[0] == "front_end"})
    decision = OperationCounts.of("readout", "decision", compare_fp32=n_classes - 1)
    again = decision + confidence_operations(n_classes)
    if note["streams"]:
        each = _per_decision(note["counts"], note["at_each_decision"]) + again
        networks = [ran[k] + each.scaled(k) + again for k in range(n_lengths)]
    else:
        networks = [_sum(ran[: k + 1]) + again.scaled(k + 1) for k in range(n_lengths)]
    fronts = [front_end.scaled(share) for share in shares]
    return Heard(
        seconds=tuple(note["seconds"]),
        shares=tuple(shares),
        streams=note["streams"],
        logits=logits,
        once=tuple(front + counts + decision for front, counts in zip(fronts, ran, strict=True)),
        spent=tuple(front + counts for front, counts in zip(fronts, networks, strict=True)),
    )


def _per_decision(rows: Sequence[Sequence[Any]], layers: Sequence[str]) -> OperationCounts:
    """Of these layers, what the counts do not grow by with the length."""
    return OperationCounts.from_rows(
        (stage, layer, operation, counts[0])
        for stage, layer, operation, counts in rows
        if layer in layers and min(counts) == max(counts)
    )


def _sum(counts: Sequence[OperationCounts]) -> OperationCounts:
    return sum(counts, OperationCounts())


# ------------------------------------------------------------------------------------------------- the rows of a study


@lru_cache(maxsize=2)  # the table, the section and the figure ask for the same rows
def early_rows(results: StudyResults) -> tuple[EarlyRow, ...]:
    """Every system that was asked before the clip was over, under the headline protocol; the least heard first."""
    draws = CoefficientDraws()
    protocol = results.study.headline_protocol.name
    found = []
    for system in results.study.systems:
        for run in system.runs:
            members = results.members(system.name, run.backend.name, protocol)
            fitted = [member for member in members if NOTE in member[2].notes and member[0] in results.fits]
            if fitted:
                found.append(_early_row(results, system, run, fitted, draws))
    return tuple(sorted(found, key=lambda row: row.exit.seconds))


def exit_rule_of(results: StudyResults, cell: StudyCell, backend: str) -> ExitRule:
    """The rule of a fit, from its validation clips."""
    fit = results.fits[cell]
    run = whole_run(fit, backend)
    assert run is not None
    of_validation = heard(run)
    return fit_exit_rule(of_validation.logits, fit.targets, of_validation.seconds)


def _early_row(results: StudyResults, system: System, run: Run, members: Members, draws: CoefficientDraws) -> EarlyRow:
    kept = [heard(record) for _, _, record in members]
    first = kept[0]
    n_lengths = len(first.seconds)
    rules = [exit_rule_of(results, cell, run.backend.name) for cell, _, _ in members]
    lengths = [rule.lengths(each.logits) for rule, each in zip(rules, kept, strict=True)]
    decided = np.mean([np.bincount(each, minlength=n_lengths) / len(each) for each in lengths], axis=0)

    base = trials_of(members)
    by_length = [_trials(base, members, [each.logits[k].argmax(axis=1) for each in kept]) for k in range(n_lengths)]
    at_exit = _trials(
        base,
        members,
        [
            each.logits[length, np.arange(len(length))].argmax(axis=1)
            for each, length in zip(kept, lengths, strict=True)
        ],
    )
    names = run.deployments or system.headline_run.deployments
    price = _Prices(results, names, members[0][1].clip_seconds, values_per_clip(members[0][2].counts), draws)
    once = [_mean([each.once[k] for each in kept]) for k in range(n_lengths)]
    price = price.where_least(once[-1])
    spent = _mean(
        [
            _sum([counts.scaled(float((length == k).mean())) for k, counts in enumerate(each.spent)])
            for each, length in zip(kept, lengths, strict=True)
        ]
    )
    heard_share = float(decided @ np.asarray(first.shares))
    curve = tuple(
        Decided(accuracy_interval(trials), first.seconds[k], price.of(once[k], first.shares[k]))
        for k, trials in enumerate(by_length)
    )
    return EarlyRow(
        system=system,
        run=run,
        evidence=results.evidence(members[0][0].protocol),
        streams=first.streams,
        lengths=first.seconds,
        curve=curve,
        exit=Decided(
            accuracy_interval(at_exit), float(decided @ np.asarray(first.seconds)), price.of(spent, heard_share)
        ),
        decided=tuple(decided.tolist()),
        rules=tuple(rules),
        difference=paired_difference(at_exit, by_length[-1], results.study.equivalence_margin),
    )


def _trials(base: Trials, members: Members, predicted: Sequence[Indices]) -> Trials:
    """The trials of the members had they predicted these classes."""
    right = [guess == result.targets for guess, (_, result, _) in zip(predicted, members, strict=True)]
    return replace(base, correct=np.concatenate(right))


def _mean(counts: Sequence[OperationCounts]) -> OperationCounts:
    return _sum(counts).scaled(1 / len(counts))


@dataclass(frozen=True, eq=False)
class _Prices:
    """How the counts of a system are priced: within the system boundary, one decision for each clip."""

    results: StudyResults
    names: Sequence[str]  # of deployments
    clip_seconds: float
    link_values: float | None  # intensities of a whole clip that cross the link
    draws: CoefficientDraws

    def rows(self, counts: OperationCounts, share: float) -> list[EnergyRow]:
        """Every deployment and scenario; of the picture, the share of frames that was heard crosses the link, once."""
        return energy_rows(
            counts,
            self.names,
            self.clip_seconds,
            link_values=None if self.link_values is None else share * self.link_values,
            boundaries=("system",),
            draws=self.draws,
            known=deployments(self.results.study.device_files),
        )

    def where_least(self, whole: OperationCounts) -> "_Prices":
        """The deployment where the whole clip, always on, costs least; of those with a full price, where any has."""
        rows = [row for row in self.rows(whole, 1.0) if row.scenario == "always-on" and row.nominal_joules is not None]
        rows = [row for row in rows if row.kind in FULL_PRICES] or rows
        return replace(self, names=[min(rows, key=_nominal).deployment] if rows else [])

    def of(self, counts: OperationCounts, share: float) -> Mapping[str, EnergyRow]:
        """By scenario; what has no price is left out."""
        return {row.scenario: row for row in self.rows(counts, share) if row.nominal_joules is not None}


def _nominal(row: EnergyRow) -> float:
    assert row.nominal_joules is not None
    return row.nominal_joules


def table_note(rows: Sequence[EarlyRow]) -> str:
    """What the columns mean, and on which clips the rule was chosen."""
    if all(row.evidence == "test" for row in rows):
        seen = "Accuracies and times are of test clips, which chose nothing."
    else:
        seen = (
            "No test clip was opened: accuracies and times are of the validation clips that chose the threshold, and "
            "flatter it."
        )
    return (
        "Accuracy in per cent with its 95 % interval. Early exit: a clip is decided at the first length at which "
        "its confidence, after temperature scaling, reaches a threshold. Temperatures and threshold come from the "
        f"validation clips of each fit: the least mean time that loses at most {100 * LOSS:g} point of accuracy "
        f"there. {seen} Difference: early exit less whole clip, paired. A stream is one run that is stopped, and "
        "pays for what it heard; a poll decides anew at each length from a picture whose later frames are silent, "
        "and pays for every evaluation made so far, where the whole clip takes one. Counts at a length are means "
        "over all clips, not over those that are decided there. Energy of a decision: system boundary, on the "
        "deployment where the whole clip costs least always on (one decision for each clip's length, idling after "
        "it); saturated leaves idling out."
    )
