"""What two senses are worth beside one, whole and with one of them degraded.

From the runs on the backend `degraded-senses` (`degraded_senses.py`), which keep what each clip was taken for where a
sense was noisy, hidden in part or missing. A system is of two senses or of one by what its front end shows.

    accuracy      of every system, whole and under each degradation; one that is blind to a degradation stays as it is
    single        of the systems of one sense of the same family (of any, where the family has none), the one with the
                  highest accuracy on validation clips under that degradation: what could be had without fusing
    difference    accuracy of a fusion less that of the single one, under the same degradation, paired by clip

So a fusion is held against the sense that is left where the other is missing, and a single sense that suffers is left
for one that does not: harder than against one and the same sense throughout. Where only validation clips were looked
at, they choose the single sense and judge it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from studies.degradation import Degradation
from studies.paired_tests import holm
from studies.results import Members, StudyResults, trials_of, whole_run
from studies.specification import Run, System
from studies.statistics import Comparison, Interval, Trials, accuracy_interval, paired_difference

NAME, NOTE = "degraded-senses", "degraded_senses"  # of the backend, which imports torch
FRONT_END = "sound-and-image"
BOTH = "both"

Condition = Degradation | None  # None: both senses whole


@dataclass(frozen=True, eq=False)
class SensesRow:
    """One system under every condition of the table."""

    system: System
    senses: str  # "both", "sound" or "image"
    evidence: str
    backend: str  # that decides
    accuracies: tuple[Interval, ...]  # by condition

    @property
    def title(self) -> str:
        """The system's title, or its name."""
        return self.system.title or self.system.name


@dataclass(frozen=True, eq=False)
class FusionRow:
    """A fusion beside the best single sense, under every condition."""

    system: System
    single: tuple[System, ...]  # by condition
    comparisons: tuple[Comparison, ...]  # by condition
    p_holm: float | None  # of whole senses, for the number of fusions

    @property
    def title(self) -> str:
        """The system's title, or its name."""
        return self.system.title or self.system.name


@dataclass(frozen=True, eq=False)
class SensesTable:
    """All systems that were asked with degraded senses, and their fusions beside one sense."""

    conditions: tuple[Condition, ...]
    rows: tuple[SensesRow, ...]
    fusions: tuple[FusionRow, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """The headings of the conditions."""
        return tuple("both whole" if one is None else one.title for one in self.conditions)


@dataclass(frozen=True, eq=False)
class _Asked:
    """A system and its runs on the backend: those that are told, and those on validation clips."""

    system: System
    senses: str
    told: Members
    fitted: Members


def senses_table(results: StudyResults) -> SensesTable | None:
    """The table of a study under its headline protocol; None where no system was asked with degraded senses."""
    asked = [found for system in results.study.systems if (found := _asked(results, system)) is not None]
    if not asked:
        return None
    known = dict.fromkeys(one for found in asked for one in _degradations(found.told))
    conditions: tuple[Condition, ...] = (None, *known)
    evidence = results.evidence(results.study.headline_protocol.name)
    rows = tuple(
        SensesRow(
            found.system,
            found.senses,
            evidence,
            found.told[0][2].notes[NOTE]["of"],
            tuple(accuracy_interval(_trials(found.told, one)) for one in conditions),
        )
        for found in asked
    )
    return SensesTable(conditions, rows, _fusions(results, asked, conditions))


def senses_of(results: StudyResults, system: System) -> str:
    """What the front end of a system shows: "both", "sound" or "image"."""
    choice = results.study.front_end_of(system)
    return str(choice.options.get("only", BOTH)) if choice.name == FRONT_END else "sound"


def _asked(results: StudyResults, system: System) -> _Asked | None:
    protocol = results.study.headline_protocol.name
    for run in system.runs:
        told = [one for one in results.members(system.name, run.backend.name, protocol) if NOTE in one[2].notes]
        if told:
            return _Asked(system, senses_of(results, system), told, _fitted(results, told, run))
    return None


def _fitted(results: StudyResults, told: Members, run: Run) -> Members:
    """The runs of the same fits on validation clips."""
    found = []
    for cell, _, _ in told:
        fit = results.fits.get(cell)
        record = None if fit is None else whole_run(fit, run.backend.name)
        if fit is not None and record is not None and NOTE in record.notes:
            found.append((cell, fit, record))
    return found


def _degradations(members: Members) -> list[Degradation]:
    return [Degradation(sense, kind, value) for sense, kind, value, _ in members[0][2].notes[NOTE]["degraded"]]


def _trials(members: Members, condition: Condition) -> Trials:
    """Right or wrong under a condition; as whole where a system is blind to it."""
    whole = trials_of(members)
    if condition is None or condition not in _degradations(members):
        return whole
    right = []
    for _, result, run in members:
        (predicted,) = (
            classes
            for sense, kind, value, classes in run.notes[NOTE]["degraded"]
            if Degradation(sense, kind, value) == condition
        )
        right.append(np.asarray(predicted) == result.targets)
    return replace(whole, correct=np.concatenate(right))


def _fusions(results: StudyResults, asked: Sequence[_Asked], conditions: Sequence[Condition]) -> tuple[FusionRow, ...]:
    alone = [found for found in asked if found.senses != BOTH and found.fitted]
    found_rows = []
    for fusion in asked if alone else []:
        if fusion.senses != BOTH:
            continue
        kin = [one for one in alone if one.system.family == fusion.system.family] or alone
        best = [
            max(kin, key=lambda one: accuracy_interval(_trials(one.fitted, given)).estimate) for given in conditions
        ]
        comparisons = tuple(
            paired_difference(_trials(fusion.told, given), _trials(one.told, given), results.study.equivalence_margin)
            for given, one in zip(conditions, best, strict=True)
        )
        found_rows.append(FusionRow(fusion.system, tuple(one.system for one in best), comparisons, None))
    p_values = [row.comparisons[0].p_value for row in found_rows]
    tested = [p for p in p_values if p is not None]
    if len(tested) < len(p_values):
        return tuple(found_rows)
    return tuple(replace(row, p_holm=p) for row, p in zip(found_rows, holm(tested), strict=True))


def fusions_note(table: SensesTable) -> str:
    """What the columns are, and what to mind."""
    seen = (
        "Accuracies are of test clips; the single sense was chosen on validation clips."
        if all(row.evidence == "test" for row in table.rows)
        else "No test clip was opened: the validation clips that chose the single sense also judge it."
    )
    tested = [row.comparisons[0].n_units for row in table.fusions if row.p_holm is not None]
    least = 2 / 2 ** min(tested) if tested else 0
    reach = (
        f"Of {min(tested)} groups no p of sign flips is below {least:.2g}, nor by Holm for {len(tested)} fusions below "
        f"{min(1, len(tested) * least):.2g}: where that is above 0.05, intervals and the verdict of the one comparison "
        "that was named beforehand decide, and all others are to be read as first looks. "
        if tested
        else ""
    )
    return (
        "Noise is Gaussian with this standard deviation on every cell of the picture, which lies between 0 and 1; "
        "hidden are a share of the sound's own frames in one piece, or a square of the 8 x 8 pixels. Every system that "
        "is shown pictures of one size is given the same. Single sense: of the systems of one sense in the family of "
        "the fusion (of any family where it has none) the best on validation clips under the same degradation. p: sign "
        f"flips, with both senses whole, by Holm for the number of fusions. {reach}{seen} The images have no writer "
        "ids: writers stand on both sides of every fold, speakers do not."
    )
