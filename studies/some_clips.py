# studies/some_clips.py
"""Runs that may have taken some of a cell's clips only: their accuracy on those clips, speed and price.

The table of systems has no place for them, since its rows hold every clip. A run says in `clip_indices` which clips of
its cell it took; None means all.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from classical_baselines.harness.evaluation import predictions
from classical_baselines.harness.operations import OperationCounts
from studies.budgets import EnergyRow, energy_rows
from studies.cell import CellResult, RunRecord, StudyCell
from studies.price_list import deployments
from studies.results import Members, StudyResults, values_per_clip
from studies.specification import Run, System
from studies.statistics import Interval, Trials, accuracy_interval


def members_with_some_clips(
    results: StudyResults, system: System, backend: str
) -> list[tuple[StudyCell, CellResult, RunRecord]]:
    """The runs of a system on a backend under the headline protocol, cell by cell: test cells where there are such."""
    protocol = results.study.headline_protocol.name
    cells = results.tests if results.evidence(protocol) == "test" else results.fits
    return [
        (cell, result, run)
        for cell, result in sorted(cells.items())
        if cell.system == system.name and cell.protocol == protocol
        for run in result.runs
        if run.backend == backend
    ]


def trials_on_some_clips(members: Sequence[tuple[StudyCell, CellResult, RunRecord, Any]]) -> Trials:
    """Right or wrong of the clips that the runs took, each run with what it decided, [clip]."""
    places = [
        np.arange(len(result.targets)) if run.clip_indices is None else np.array(run.clip_indices)
        for _, result, run, _ in members
    ]
    sizes = [len(one) for one in places]
    taken = list(zip(members, places, strict=True))
    return Trials(
        correct=np.concatenate([decided == result.targets[place] for (_, result, _, decided), place in taken]),
        groups=np.concatenate([np.array(result.groups, dtype=np.str_)[place] for (_, result, *_), place in taken]),
        clips=np.concatenate([np.array(result.clip_names, dtype=np.str_)[place] for (_, result, *_), place in taken]),
        seeds=np.repeat([cell.seed for cell, *_ in members], sizes),
        folds=np.repeat([cell.fold for cell, *_ in members], sizes),
    )


def accuracy_on_some_clips(members: Members) -> Interval:
    """Accuracy of the clips that the runs took, with its interval."""
    return accuracy_interval(trials_on_some_clips([(*member, predictions(member[2].logits)) for member in members]))


def clips_of_a_cell(members: Members) -> float:
    """How many clips a run took, mean over cells."""
    return float(np.mean([len(record.logits) for *_, record in members]))


def clips_per_second(members: Members) -> float | None:
    """Of the run on the machine that made the cells; None where one of them has no time."""
    walls = [record.wall_seconds / len(record.logits) for *_, record in members if record.wall_seconds]
    return 1 / float(np.mean(walls)) if len(walls) == len(members) else None


def rate_text(rate: float | None) -> str:
    """A rate to three digits, or a dash.

    >>> rate_text(2327.4), rate_text(0.01234), rate_text(None)
    ('2,330', '0.0123', '–')
    """
    if rate is None:
        return "–"
    return f"{float(f'{rate:.3g}'):,.0f}" if rate >= 100 else f"{rate:.3g}"


def energies_on_some_clips(results: StudyResults, run: Run, members: Members) -> tuple[EnergyRow, ...]:
    """Per decision on each deployment of the run, system boundary, always on, from the cells' mean counts."""
    counts = OperationCounts({})
    for *_, record in members:
        counts += record.counts.scaled(1 / len(members))
    rows = energy_rows(
        counts,
        run.deployments,
        members[0][1].clip_seconds,
        link_values=values_per_clip(counts),
        boundaries=("system",),
        scenarios=("always-on",),
        known=deployments(results.study.device_files),
    )
    return tuple(rows)
