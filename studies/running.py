# studies/running.py
"""From a study to committed cells: what is there, what is missing, and running what is missing."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from classical_baselines.harness.choices import choose
from studies.cell import CellKind
from studies.cell_key import digest
from studies.code_version import code_of, code_version, defining_modules
from studies.executors import EXECUTORS
from studies.executors.contract import Execution, Listener, Options
from studies.grid import (
    Ground,
    KeyedCell,
    Shard,
    accepting,
    expand,
    keep_ground,
    kept_ground,
    keyed,
    measured_ground,
    select,
)
from studies.probe import Probe, probes_of
from studies.progress import Progress
from studies.provenance import SOURCE
from studies.recheck import Carrier, carried, with_carried_probes
from studies.remembered import remembered
from studies.specification import Probes, Study
from studies.store import Store, open_store
from studies.worker import PIPELINE, Task

PROBE_MODULE = "studies.probe"


@dataclass(frozen=True)
class Plan:
    """The cells of a study and what is missing of them."""

    study: Study
    ground: Ground
    cells: tuple[KeyedCell, ...]
    missing: tuple[tuple[KeyedCell, tuple[CellKind, ...]], ...]
    confirm: bool
    probed: tuple[tuple[KeyedCell, Probe], ...] = ()  # every probe that the study asks for; none without `confirm`
    missing_probes: tuple[tuple[KeyedCell, tuple[Probe, ...]], ...] = ()

    @property
    def n_wanted(self) -> int:
        """Cells that the study asks for, fit and test."""
        return len(self.cells) * (2 if self.confirm else 1) + len(self.probed)

    @property
    def n_missing(self) -> int:
        """Cells that are not committed."""
        return sum(len(wanted) for _, wanted in (*self.missing, *self.missing_probes))

    @property
    def tasks(self) -> tuple[tuple[KeyedCell, tuple[CellKind, ...], tuple[Probe, ...]], ...]:
        """What is missing of each cell that lacks something, in the order of the grid."""
        kinds = {cell.cell: missing for cell, missing in self.missing}
        probes = {cell.cell: missing for cell, missing in self.missing_probes}
        waiting = [cell for cell in self.cells if cell.cell in kinds or cell.cell in probes]
        return tuple((cell, kinds.get(cell.cell, ()), probes.get(cell.cell, ())) for cell in waiting)


def store_of(study: Study, folder: Path | None, *, create: bool = False) -> Store:
    """The study's store (./stores/STUDY where none is named), with the published one behind it."""
    folder = folder or Path("stores") / study.name
    published = published_folder(study)
    is_behind = (published / "store.json").is_file() and published.resolve() != folder.resolve()
    return open_store(folder, behind=open_store(published) if is_behind else None, create=create)


def published_folder(study: Study) -> Path:
    """Where the published cells of a study stand in a source checkout."""
    return SOURCE / "docs" / "results" / study.name / "store"


def known_ground(study: Study, store: Store, data_root: Path | None) -> Ground:
    """The ground that a run left in the store, or else from the recordings."""
    return kept_ground(study, store) or measured_ground(study, data_root)


def make_plan(
    study: Study,
    ground: Ground,
    store: Store,
    *,
    confirm: bool,
    only: str | None = None,
    accept_code: str | None = None,
) -> Plan:
    """Which cells the study has, and which are missing from the store."""
    carrier = Carrier(store)
    cells = carried(study, keyed(study, select(expand(study, ground), only), ground), ground, carrier)
    cells = accepting(study, cells, ground, store, accept_code)
    committed = store.keys()
    missing = []
    for cell in cells:
        kinds: list[CellKind] = [] if cell.fit_key in committed else ["fit"]
        if confirm and cell.test_key not in committed:
            kinds.append("test")
        if kinds:
            missing.append((cell, tuple(kinds)))
    probed = _probed(study, ground, cells) if confirm else ()
    if changed := with_carried_probes(study, probed, ground, carrier):
        cells = [changed.get(one.cell, one) for one in cells]
        probed = tuple((changed.get(one.cell, one), probe) for one, probe in probed)
    missing_probes = [
        (cell, probes)
        for cell, of_cell in groupby(probed, key=lambda one: one[0])
        if (probes := tuple(p for _, p in of_cell if cell.probe_key(study, p) not in committed))
    ]
    return Plan(study, ground, tuple(cells), tuple(missing), confirm, probed, tuple(missing_probes))


def _probed(study: Study, ground: Ground, cells: Sequence[KeyedCell]) -> tuple[tuple[KeyedCell, Probe], ...]:
    """The probes of every cell; remembered, as asking a backend whether it samples imports torch."""
    if study.probes == Probes():
        return ()

    def found() -> dict[str, Any]:
        of_cells = (probes_of(study, cell.cell, ground.folds[cell.cell.protocol]) for cell in cells)
        return {"probes": [[[probe.name, probe.values, probe.noise] for probe in probes] for probes in of_cells]}

    backends = {system.headline_run.backend.name for system in study.systems}
    depends_on = {
        "code": code_of({PROBE_MODULE}.union(*(defining_modules("backend", name) for name in backends))).digest,
        "study": study.model_dump(mode="json", exclude={"title", "question"}),
        "folds": ground.folds,
        "cells": digest([asdict(cell.cell) for cell in cells]),
    }
    table = remembered("probes", depends_on, found)["probes"]
    return tuple(
        (cell, Probe(name, tuple(values), noise))
        for cell, probes in zip(cells, table, strict=True)
        for name, values, noise in probes
    )


def sharded(plan: Plan, shard: Shard) -> Plan:
    """The plan with what one shard is to run; the cells that it knows of stay those of the whole study."""
    own = shard.of([cell.cell for cell in plan.cells])
    return replace(
        plan,
        missing=tuple(one for one in plan.missing if one[0].cell in own),
        missing_probes=tuple(one for one in plan.missing_probes if one[0].cell in own),
    )


def tasks_of(
    plan: Plan, store: Store, data_root: Path | None, command: Sequence[str] = (), pipeline: str = PIPELINE
) -> list[Task]:
    """What is missing, as tasks for an executor."""
    study = plan.study
    modules = {system.name: dict(code_version(study, system).modules) for system in study.systems}
    return [
        Task(
            study,
            cell,
            kinds,
            plan.ground,
            store,
            data_root,
            modules[cell.cell.system],
            tuple(command),
            pipeline,
            probes,
        )
        for cell, kinds, probes in plan.tasks
    ]


def run_plan(
    plan: Plan,
    store: Store,
    data_root: Path | None,
    progress: Progress,
    options: Options,
    executor: str = "inline",
    command: Sequence[str] = (),
    pipeline: str = PIPELINE,
) -> Execution:
    """Run what is missing; the cells are committed as they end. A complete store may be read-only."""
    execute = choose(EXECUTORS, executor, what="executor")()
    study = plan.study
    if not plan.tasks:
        if kept_ground(study, store) is None:
            keep_ground(study, plan.ground, store)
        return Execution()
    store.refuse_unwritable(plan.n_missing)
    keep_ground(study, plan.ground, store)
    store.sweep()
    tasks = tasks_of(plan, store, data_root, command, pipeline)
    systems, n_committed = [task.cell.cell.system for task in tasks], plan.n_wanted - plan.n_missing
    began = False

    def begin(n_at_a_time: int, executor_seconds: float | None) -> None:
        nonlocal began
        began = True
        progress.start(systems, n_committed, n_at_a_time, executor_seconds)

    try:
        return execute(tasks, options, Listener(begin, progress.finished))
    finally:
        if began:
            progress.close()
        with suppress(OSError):  # it is derived, and only saves time
            store.write_index()
