# studies/fold_choice.py
"""One of several systems, chosen in every fold by that fold's validation clips, and what it then does on test clips.

    chosen(fold) = the system with the most validation clips right in that fold, averaged over the seeds; of those that
                   tie the first named
    accuracy     = that of the test cells of chosen(fold), over all folds, with the interval that a row has

The best row of a table of test accuracies was chosen by test clips, and is too good by that. This answer is not: no
test clip of a fold has a say in what answers for the fold (nested cross-validation: Varma & Simon, BMC Bioinformatics
7:91, 2006). What it measures is the procedure, try these and keep the best, not any one of the systems.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.evaluation import predictions
from studies.cell import CellResult, RunRecord, StudyCell
from studies.results import StudyResults, trials_of, whole_run
from studies.statistics import Interval, Trials, accuracy_interval


@dataclass(frozen=True)
class ChosenInFold:
    """What one fold chose."""

    fold: str
    system: str
    validation: Mapping[str, float]  # share right of every candidate, averaged over the seeds
    test: float  # of the chosen one, averaged over the seeds


@dataclass(frozen=True, eq=False)
class NestedChoice:
    """The choices of all folds, and the accuracy that they come to."""

    folds: tuple[ChosenInFold, ...]
    trials: Trials
    interval: Interval


def check_candidates(systems: Sequence[str]) -> None:
    """Refuse a choice among fewer than two systems, or one that names a system twice."""
    twice = [name for name, n in Counter(systems).items() if n > 1]
    if twice:
        raise InputError(
            f"A choice is made among systems that are each named once; got {' '.join(systems)}, with {twice[0]} twice. "
            "Name it once."
        )
    if len(systems) < 2:
        raise InputError(
            f"A choice needs two systems or more; got {', '.join(systems) or 'none'}. Name the others beside it."
        )


def nested_choice(results: StudyResults, systems: Sequence[str], protocol: str) -> NestedChoice:
    """Choose among `systems`, each on its headline run, in every fold of `protocol` that has been confirmed."""
    check_candidates(systems)
    right, answers = _right_on_validation(results, systems, protocol), _test_runs(results, systems, protocol)
    chosen, members = [], []
    for fold in dict.fromkeys(cell.fold for cell in results.wanted if cell.fold in right):  # in the study's order
        shares = {system: float(np.mean(list(right[fold][system].values()))) for system in systems}
        best = max(systems, key=lambda system: shares[system])  # max keeps the first of those that tie
        of_fold = answers[fold, best]
        members += of_fold
        tested = float(np.mean([_share_right(result, run) for _, result, run in of_fold]))
        chosen.append(ChosenInFold(fold, best, shares, tested))
    trials = trials_of(members)
    return NestedChoice(tuple(chosen), trials, accuracy_interval(trials))


def _right_on_validation(
    results: StudyResults, systems: Sequence[str], protocol: str
) -> dict[str, dict[str, dict[int, float]]]:
    """fold -> system -> seed -> share of the validation clips right; refused where a candidate lacks a cell."""
    right: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for cell, result in results.fits.items():
        if cell.protocol == protocol and cell.system in systems:
            right[cell.fold][cell.system][cell.seed] = _share_right(result, _headline(results, cell, result))
    for fold, of_fold in right.items():
        seeds = set.union(*(set(of_system) for of_system in of_fold.values()))
        for system in systems:
            if set(of_fold[system]) != seeds:
                raise InputError(
                    f"{system} was trained in fold {fold} with fewer seeds than another candidate; a choice needs "
                    f"all alike. `trichord run {results.study.name} --only system={system}` trains the missing ones."
                )
    if not right:
        raise InputError(f"Nothing of {', '.join(systems)} is committed under {protocol}. `trichord run` makes it.")
    return right


def _test_runs(
    results: StudyResults, systems: Sequence[str], protocol: str
) -> dict[tuple[str, str], list[tuple[StudyCell, CellResult, RunRecord]]]:
    """(fold, system) -> its test cells; refused where a network that was trained has not been tested."""
    found: dict[tuple[str, str], list[tuple[StudyCell, CellResult, RunRecord]]] = defaultdict(list)
    for cell in sorted(results.fits):
        if cell.protocol == protocol and cell.system in systems:
            if cell not in results.tests:
                raise InputError(
                    f"{cell.system} was not tested in fold {cell.fold}, seed {cell.seed}: whichever is chosen must "
                    f"have been. `trichord run {results.study.name} --confirm` opens the test clips."
                )
            result = results.tests[cell]
            found[cell.fold, cell.system].append((cell, result, _headline(results, cell, result)))
    return found


def _headline(results: StudyResults, cell: StudyCell, result: CellResult) -> RunRecord:
    backend = results.study.system(cell.system).headline_run.backend.name
    run = whole_run(result, backend)
    if run is None:
        raise InputError(
            f"{cell.system} has not answered all clips of fold {cell.fold}, seed {cell.seed} on {backend}."
        )
    return run


def _share_right(result: CellResult, run: RunRecord) -> float:
    return float((predictions(run.logits) == result.targets).mean())
