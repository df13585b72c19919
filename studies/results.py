# studies/results.py
"""What came of a study: its committed cells, and from them one row per system, backend and protocol.

    results = load_results(study, store, plan);  results.rows

A protocol's rows come from its test cells as soon as there is one, else from the validation clips of its fit cells;
the two are never mixed in a row. Accuracy and energy of a row come from the same runs. A backend that ran only some of
the clips (a verification) gives no accuracy; its checks are kept. This module imports no torch and no matplotlib.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.calibration import expected_calibration_error
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.evaluation import confusion_matrix, macro_f1, negative_log_likelihood, predictions
from classical_baselines.harness.operations import OperationCounts
from studies.budgets import EnergyRow, energy_rows
from studies.cell import CellKind, CellResult, RunRecord, StudyCell
from studies.imported import LABELS_ONLY, Import, imported_results, read_imports, with_imported
from studies.left_out import without_class
from studies.measurement import Measurement, measured_rows, read_measurements
from studies.merging import CheckSummary, averaged, merged
from studies.price_list import deployments
from studies.probe import Probe
from studies.recheck import (
    Carrier,
    Configurations,
    Recheck,
    probe_code,
    probe_configuration,
    rechecks_of,
)
from studies.run_fit import with_fit
from studies.specification import Run, Study, System
from studies.statistics import Comparison, Interval, Trials, accuracy_interval, paired_difference

if TYPE_CHECKING:
    from studies.running import Plan
    from studies.store import Store

Evidence = Literal["test", "validation"]
Members = Sequence[tuple[StudyCell, CellResult, RunRecord]]


UNFITTED = "it was not fitted"  # why a test cell is missing whose fit cell is


@dataclass(frozen=True)
class MissingCell:
    """A cell that the study asks for and that is not committed."""

    cell: StudyCell
    kind: CellKind
    reason: str  # of the last failed attempt; "" where it was never tried


@dataclass(frozen=True, eq=False)
class Row:
    """One system on one backend under one protocol."""

    system: System
    run: Run
    protocol: str
    evidence: Evidence
    trials: Trials
    interval: Interval
    macro_f1: float  # of the clips of all folds together, averaged over seeds
    ece: float | None  # None where labels alone were imported
    nll: float | None
    confusion: NDArray[np.float64]  # [target, prediction], clips, averaged over seeds
    label_names: tuple[str, ...]
    counts: OperationCounts  # mean per clip
    clip_seconds: float
    wall_seconds_per_clip: float | None  # None where nobody here took the time
    notes: Mapping[str, Any]  # numbers are averaged over the cells
    energies: tuple[EnergyRow, ...]
    n_cells: int
    n_wanted: int

    @property
    def key(self) -> tuple[str, str]:
        """System and backend."""
        return self.system.name, self.run.backend.name

    @property
    def title(self) -> str:
        """The system's title, or its name."""
        return self.system.title or self.system.name

    @property
    def headline(self) -> bool:
        """Whether this run stands for its system in the answers."""
        return self.run.backend.name == self.system.headline_run.backend.name


@dataclass(frozen=True, eq=False)
class StudyResults:
    """The committed cells of a study, and what is missing."""

    study: Study
    wanted: tuple[StudyCell, ...]
    fits: Mapping[StudyCell, CellResult]
    tests: Mapping[StudyCell, CellResult]
    failures: Mapping[tuple[StudyCell, CellKind], str] = field(default_factory=dict)
    looks: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (protocol, fold) -> test cells, dropped too
    provenances: tuple[Mapping[str, Any], ...] = ()  # one per committed cell
    accepted_codes: tuple[str, ...] = ()
    rechecks: tuple[Recheck, ...] = ()  # that carry cells of older code over to the present code
    probes: Mapping[tuple[StudyCell, Probe], CellResult] = field(default_factory=dict)
    imports: Mapping[str, Import] = field(default_factory=dict)  # by system: results from elsewhere
    measurements: tuple[Measurement, ...] = ()  # joules of these cells' weights, read from a meter here
    _compared: dict[tuple[Row, Row], Comparison] = field(default_factory=dict, init=False, repr=False)

    def evidence(self, protocol: str) -> Evidence:
        """Where the rows of a protocol come from."""
        return "test" if any(cell.protocol == protocol for cell in self.tests) else "validation"

    @property
    def confirmed(self) -> bool:
        """Whether the headline protocol's answers come from test clips."""
        return self.evidence(self.study.headline_protocol.name) == "test"

    @property
    def missing(self) -> tuple[MissingCell, ...]:
        """Cells that are not committed; test cells count as wanted once a protocol has one."""
        gaps = [MissingCell(cell, "fit", self._failure(cell, "fit")) for cell in self.wanted if cell not in self.fits]
        gaps += [
            MissingCell(cell, "test", self._failure(cell, "test") or ("" if cell in self.fits else UNFITTED))
            for cell in self.wanted
            if self.evidence(cell.protocol) == "test" and cell not in self.tests
        ]
        return tuple(gaps)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is missing, in words: every failure by itself, and how many cells of which systems were not run.

        A test cell that waits for its fit cell is not named beside it.
        """
        named = [gap for gap in self.missing if gap.reason != UNFITTED]
        lines = [
            f"{gap.kind} of {gap.cell.system}, {gap.cell.protocol}, {gap.cell.fold}, seed {gap.cell.seed}: {gap.reason}"
            for gap in named
            if gap.reason
        ]
        untried = Counter((gap.cell.protocol, gap.kind, gap.cell.system) for gap in named if not gap.reason)
        alike: dict[tuple[str, str, int], list[str]] = {}
        for (protocol, kind, system), n in untried.items():
            alike.setdefault((protocol, kind, n), []).append(system)
        lines += [
            f"{protocol}: {n} {kind} cell{'s' if n > 1 else ''} not run of {'each of ' if len(systems) > 1 else ''}"
            + ", ".join(systems)
            for (protocol, kind, n), systems in alike.items()
        ]
        return tuple(lines)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every system, backend and protocol that has an accuracy; the headline protocol first."""
        draws = CoefficientDraws()
        headline = self.study.headline_protocol
        protocols = sorted(self.study.protocols, key=lambda protocol: protocol != headline)
        found = [
            self._row(system, run, protocol.name, draws)
            for protocol in protocols
            for system in self.study.systems
            for run in system.runs
        ]
        return tuple(row for row in found if row is not None)

    @property
    def headline_rows(self) -> tuple[Row, ...]:
        """One row per system: its headline run under the headline protocol."""
        protocol = self.study.headline_protocol.name
        return tuple(row for row in self.rows if row.headline and row.protocol == protocol)

    @property
    def ranked_rows(self) -> tuple[Row, ...]:
        """The headline rows that stand on all their cells, or on most cells where none does; the best first."""
        complete = [row for row in self.headline_rows if row.n_cells == row.n_wanted]
        most = max((row.n_cells for row in self.headline_rows), default=0)
        rows = complete or [row for row in self.headline_rows if row.n_cells == most]
        return tuple(sorted(rows, key=lambda row: -row.interval.estimate))

    def row(self, system: str, backend: str | None = None, protocol: str | None = None) -> Row | None:
        """The row of a system; its headline run and the headline protocol where none is named."""
        protocol = protocol or self.study.headline_protocol.name
        for row in self.rows:
            named = row.run.backend.name == backend if backend else row.headline
            if row.system.name == system and row.protocol == protocol and named:
                return row
        return None

    def compare(self, a: Row, b: Row) -> Comparison:
        """Accuracy of `a` less that of `b`, paired, at the study's margin."""
        if (a.protocol, a.evidence) != (b.protocol, b.evidence):
            raise InputError(f"Rows compare within one protocol; got {a.protocol!r} and {b.protocol!r}.")
        if (a, b) not in self._compared:  # answers, tables and figures ask for the same pairs
            self._compared[a, b] = paired_difference(a.trials, b.trials, self.study.equivalence_margin)
        return self._compared[a, b]

    @cached_property
    def checks(self) -> tuple[CheckSummary, ...]:
        """Every check that a backend made, of fit and test cells together."""
        grouped: dict[tuple[str, str, str], list[tuple[bool, Mapping[str, Any]]]] = {}
        for cell, result in [*self.fits.items(), *self.tests.items()]:
            for run in result.runs:
                for check in run.checks:
                    key = (cell.system, run.backend, check.name)
                    grouped.setdefault(key, []).append((check.passed, check.details))
        return tuple(
            CheckSummary(*key, sum(passed for passed, _ in made), len(made), merged([details for _, details in made]))
            for key, made in grouped.items()
        )

    @property
    def leak_audit(self) -> dict[str, int]:
        """The audits that ran: `n` of `n_cells`; cells whose groups are apart; equal recordings found across parts."""
        audits = [result.training.get("audit") for result in [*self.fits.values(), *self.tests.values()]]
        made: list[Mapping[str, Any]] = [audit for audit in audits if audit]
        return {
            "n": len(made),
            "n_cells": len(audits),
            "n_apart": sum(bool(audit.get("groups_apart")) for audit in made),
            "n_equal": sum(int(audit.get("n_equal_recordings", 0)) for audit in made),
        }

    def members(self, system: str, backend: str, protocol: str) -> list[tuple[StudyCell, CellResult, RunRecord]]:
        """The cells of the protocol's evidence in which a system was run on a backend, over all clips."""
        cells = self.tests if self.evidence(protocol) == "test" else self.fits
        return [
            (cell, result, run)
            for cell, result in sorted(cells.items())
            if cell.system == system and cell.protocol == protocol
            if (run := whole_run(result, backend)) is not None
        ]

    def test_per_train(self, row: Row) -> float:
        """Clips that a cell of the row answers for, per clip that it was trained on; the mean over its cells."""
        members = self.members(row.system.name, row.run.backend.name, row.protocol)
        return float(np.mean([len(result.targets) / result.n_training_clips for _, result, _ in members]))

    def _failure(self, cell: StudyCell, kind: CellKind) -> str:
        return self.failures.get((cell, kind), "")

    def _row(self, system: System, run: Run, protocol: str, draws: CoefficientDraws) -> Row | None:
        members = self.members(system.name, run.backend.name, protocol)
        if not members:
            return None
        testing = self.evidence(protocol) == "test"
        imported = self.imports.get(system.name)
        n_wanted = sum(
            run in system.runs_for(cell.seed, self.study.seeds, test=testing)
            for cell in self.wanted
            if cell.system == system.name and cell.protocol == protocol
        )
        trials = trials_of(members)
        by_seed = [_pooled(members, seed) for seed in sorted({cell.seed for cell, _, _ in members})]
        confusions = [confusion_matrix(logits, targets) for logits, targets in by_seed]
        counts = OperationCounts({})
        for _, _, record in members:
            counts += record.counts.scaled(1 / len(members))
        first = members[0][1]
        has_scores = all(record.notes.get("scores") != LABELS_ONLY for _, _, record in members)
        walls = [
            record.wall_seconds / len(record.logits) for _, _, record in members if record.wall_seconds is not None
        ]
        notes = averaged([record.notes for _, _, record in members])
        energies = energy_rows(
            counts,
            run.deployments,
            first.clip_seconds,
            link_values=values_per_clip(counts),
            with_alternatives=True,
            draws=draws,
            known=deployments(self.study.device_files),
        )
        return Row(
            system=system,
            run=run,
            protocol=protocol,
            evidence=self.evidence(protocol),
            trials=trials,
            interval=accuracy_interval(trials),
            macro_f1=float(np.mean([macro_f1(confusion) for confusion in confusions])),
            ece=float(np.mean([expected_calibration_error(*pooled) for pooled in by_seed])) if has_scores else None,
            nll=float(np.mean([negative_log_likelihood(*pooled) for pooled in by_seed])) if has_scores else None,
            confusion=np.mean(confusions, axis=0),
            label_names=first.label_names,
            counts=counts,
            clip_seconds=first.clip_seconds,
            wall_seconds_per_clip=float(np.mean(walls)) if len(walls) == len(members) else None,
            notes=notes,
            energies=(
                *with_fit(self.study, counts, notes, energies, values_per_clip(counts)),
                *(imported.measured_rows(first.clip_seconds) if imported is not None else ()),
                *measured_rows(self.measurements, system.name, run.backend, protocol, first.clip_seconds),
            ),
            n_cells=len(members),
            n_wanted=n_wanted if imported is None else len(members),
        )


def load_results(study: Study, store: "Store", plan: "Plan") -> StudyResults:
    """Read what a store holds of the planned cells."""
    carrier, configurations = Carrier(store), Configurations(study, plan.ground)
    fits: dict[StudyCell, CellResult] = {}
    tests: dict[StudyCell, CellResult] = {}
    failures: dict[tuple[StudyCell, CellKind], str] = {}
    provenances: list[Mapping[str, Any]] = []
    for keyed in plan.cells:
        places: tuple[tuple[CellKind, str, dict[StudyCell, CellResult]], ...] = (
            ("fit", keyed.fit_key, fits),
            ("test", keyed.test_key, tests),
        )
        for kind, key, found in places:
            if store.has(key):
                where = configurations.of(keyed.cell, kind)
                found[keyed.cell] = carrier.as_counted_now(key, where, keyed.code_version, store.load(key))
                provenances.append(store.provenance(key))
            elif attempts := store.attempts(key):
                failures[keyed.cell, kind] = attempts[-1].reason
    probes = {
        (keyed.cell, probe): carrier.as_counted_now(
            key,
            probe_configuration(study, keyed, plan.ground, probe),
            probe_code(keyed.code_version),
            store.load(key),
        )
        for keyed, probe in plan.probed
        if store.has(key := keyed.probe_key(study, probe))
    }
    imports = read_imports(study, store, plan.ground.content_hash)
    fits |= imported_results(imports, store, "fit")
    tests |= imported_results(imports, store, "test")
    fits, tests = ({cell: without_class(r, study.score_without) for cell, r in of.items()} for of in (fits, tests))
    probes = {probed: without_class(r, study.score_without) for probed, r in probes.items()}
    _name_alike(fits)
    _name_alike(tests)
    return StudyResults(
        study=with_imported(study, imports),
        wanted=tuple(keyed.cell for keyed in plan.cells),
        fits=fits,
        tests=tests,
        failures=failures,
        looks=store.looks(plan.ground.content_hash),
        provenances=tuple(provenances),
        accepted_codes=tuple(sorted({keyed.accepted_code for keyed in plan.cells if keyed.accepted_code})),
        rechecks=tuple(rechecks_of(plan.cells, store)),
        probes=probes,
        imports={one.record.system: one for one in imports},
        measurements=read_measurements(store, (keyed.fit_key for keyed in plan.cells)),
    )


def _name_alike(results: dict[StudyCell, CellResult]) -> None:
    """Give the clips of a fold the names that its first cell has for them.

    Cells of one fold have the same clips in the same order, as their keys hold the content; names are in no key, and a
    recording that was renamed or converted between two runs is still the same.
    """
    first: dict[tuple[str, str], tuple[str, ...]] = {}
    for cell, result in results.items():
        names = first.setdefault((cell.protocol, cell.fold), result.clip_names)
        if names != result.clip_names and len(names) == len(result.clip_names):
            results[cell] = replace(result, clip_names=names)


def whole_run(result: CellResult, backend: str) -> RunRecord | None:
    """The run of a cell on a backend, where it answered every clip."""
    return next((run for run in result.runs if run.backend == backend and run.clip_indices is None), None)


def trials_of(members: Members) -> Trials:
    """Right or wrong, clip by clip, of one system on one backend."""
    sizes = [len(result.targets) for _, result, _ in members]
    return Trials(
        correct=np.concatenate([predictions(run.logits) == result.targets for _, result, run in members]),
        groups=np.concatenate([np.array(result.groups, dtype=np.str_) for _, result, _ in members]),
        clips=np.concatenate([np.array(result.clip_names, dtype=np.str_) for _, result, _ in members]),
        seeds=np.repeat([cell.seed for cell, _, _ in members], sizes),
        folds=np.repeat([cell.fold for cell, _, _ in members], sizes),
    )


def _pooled(members: Members, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits and targets of all folds of one seed."""
    of_seed = [(run.logits, result.targets) for cell, result, run in members if cell.seed == seed]
    return np.concatenate([logits for logits, _ in of_seed]), np.concatenate([targets for _, targets in of_seed])


def values_per_clip(counts: OperationCounts) -> float | None:
    """Intensities of one clip that pass from the front end's device to the network's, read off the counts.

    Pooling multiplies once per value that it gives; the intensity scale adds once per value that it gives.
    """
    pooled = counts.counts.get(("encoder", "pool", "multiply_fp32"))
    return pooled or counts.counts.get(("front_end", "intensity", "add_fp32"))
