# studies/short_rechecking.py
"""Older code and present code side by side on trainings cut short: what `trichord recheck --from-revision` does.

    the code at a revision   \\
                              >  every system, two cells of each protocol, trained for a few epochs  ->  compared
    the code as it stands    /

A whole training is not computed anew. Both codes are run here, each in processes of its own and with an empty cache, on
the study with every training cut to `n_epochs`: what is fitted directly is fitted whole, schedules are shares of a
training and are all passed through. Losses, weights and the answers on the validation clips are compared bit for bit
(`bit_equality.py`). As both are computed on one machine, it need not be one like that which computed the stored cells.

It carries over the stored cells that the revision's code computed, or that earlier records carry to it, and test cells
and probes with them: there the same trained network is given other clips. Backends that only test cells are run on are
given the validation clips of the short trainings for it. No test clip is opened, so there is no look. Probes stay where
a module of theirs changed that no fit cell runs.

Counts that differ are put right by the rules of `rechecking.py`: the short trainings of two cells have to agree on
them, and every stored cell has to hold the older ones.

What a short training cannot show: code that only a long one reaches, and a new count that follows what is learnt where
the older did not and a few epochs move it in neither cell. The record says how many epochs were compared, and so does
every report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from studies.bit_equality import COUNTS_OF_A_RUN, Difference, difference_in, first_difference
from studies.cell import CellResult, StudyCell
from studies.cell_key import digest
from studies.code_version import SOURCE, CodeVersion
from studies.recheck import (
    SHOWN_CODE,
    Carrier,
    ComparedCell,
    CountChange,
    Recheck,
    Recount,
    Shortened,
    changed_counts,
)
from studies.recheck_record import compared_cell, computed_on, record_of
from studies.rechecking import Candidate, StoredCell, weights_of
from studies.running import Plan
from studies.short_trainings import RunShort, ShortCells, checkout, run_by_command, short_cells, shortened
from studies.specification import Run, Study
from studies.store import Store

FOLLOWS = "counts that follow what was learnt"
OF_THE_RUN = ("n_shots", "firing_threshold")  # probes that change what a run costs


@dataclass(frozen=True)
class Changes:
    """What newer code counts otherwise in a run: by layer, and summed over layers, as probes keep their counts."""

    by_layer: tuple[CountChange, ...]
    summed: tuple[CountChange, ...]

    @classmethod
    def between(cls, older: OperationCounts, newer: OperationCounts) -> "Changes":
        """Of the counts of one run by either code."""
        return cls(changed_counts(older, newer), changed_counts(summed_over_layers(older), summed_over_layers(newer)))


@dataclass(frozen=True)
class ShortVerdict:
    """What came of one system."""

    system: str
    differences: tuple[tuple[StudyCell, Difference], ...]
    left: tuple[str, ...]  # stored cells that are not carried over, and why
    records: tuple[Recheck, ...]


def rechecked_in_short(
    study: Study,
    plan: Plan,
    store: Store,
    found: Mapping[str, Sequence[Candidate]],
    revision: str,
    n_epochs: int,
    data_root: Path | None,
    command: Sequence[str] = (),
    run_short: RunShort | None = None,
) -> list[ShortVerdict]:
    """Compare the code at a revision with the present code, and write down what it carries over, system by system."""
    run_short = run_short or run_by_command(data_root)
    short = shortened(study, n_epochs, found)
    cells = short_cells(short, plan.ground)
    with TemporaryDirectory() as folder, checkout(revision, Path(folder) / "source") as (source, full):
        older = run_short(study, short, cells, source, Path(folder) / "older")
        newer = run_short(study, short, cells, SOURCE, Path(folder) / "newer")
        both = _BothCodes(
            study, short, store, older, newer, Shortened(revision=full, n_epochs=n_epochs), tuple(command)
        )
        verdicts = [both.verdict(system, choices) for system, choices in found.items()]
    for verdict in verdicts:
        for record in verdict.records:
            store.save_recheck(record.model_dump(mode="json"))
    return verdicts


@dataclass(frozen=True)
class _BothCodes:
    """What both codes made of the shortened study, beside the store whose cells it may carry over."""

    study: Study
    short: Study
    store: Store
    older: ShortCells
    newer: ShortCells
    spoken: Shortened
    command: tuple[str, ...]

    def verdict(self, system: str, choices: Sequence[Candidate]) -> ShortVerdict:
        """Of one system and its stored cells."""
        differences: list[tuple[StudyCell, Difference]] = []
        by_backend: dict[str, list[Changes]] = {}  # one for each cell that was run on it
        cells = sorted(cell for cell in self.newer.keys if cell.system == system)
        for cell in cells:
            ours, theirs = (one.store.load(one.keys[cell]) for one in (self.older, self.newer))
            found = _difference(self.older, self.newer, cell, ours, theirs)
            for run, one, other in zip(_runs(self.short, cell), ours.runs, theirs.runs, strict=True):
                of_backend = by_backend.setdefault(digest(run.backend.model_dump()), [])
                of_backend.append(Changes.between(one.counts, other.counts))
                if found is None and of_backend[-1] != of_backend[0]:
                    place = f"run on {run.backend.name}{COUNTS_OF_A_RUN}, what changed"
                    found = Difference(place, f"of {cells[0]} one thing", f"of {cell} another")
            if found is not None:
                differences.append((cell, found))
        if differences:
            return ShortVerdict(system, tuple(differences), (), ())
        # What one cell of several was run on shows no other count by one training alone.
        agreed = {name: made[0] for name, made in by_backend.items() if len(made) == len(cells) or not made[0].by_layer}
        return self._carried(system, choices, agreed)

    def _carried(self, system: str, choices: Sequence[Candidate], by_backend: Mapping[str, Changes]) -> ShortVerdict:
        """The records of a system whose short trainings are equal, and what they cannot speak for."""
        carrier = Carrier(self.store)
        spoken_for: dict[tuple[str, str], dict[str, tuple[ComparedCell, tuple[Recount, ...]]]] = {}
        left: dict[str, None] = {}
        unspoken: set[str] = set()  # configurations with a cell that the record would put wrong
        for candidate in choices:
            for stored in candidate.stored:
                codes = self._codes(system, stored)
                recounts = self._recounts(candidate, stored, carrier, codes, by_backend)
                if isinstance(recounts, str):
                    left[recounts] = None
                    unspoken |= {stored.configuration} if recounts.startswith(FOLLOWS) else set()
                    continue
                cell = compared_cell(candidate.cell.cell, stored.key, stored.kind, stored.configuration)
                spoken_for.setdefault(codes, {}).setdefault(stored.configuration, (cell, recounts))
        records = []
        for codes, of_codes in sorted(spoken_for.items()):
            kept = [one for configuration, one in of_codes.items() if configuration not in unspoken]
            if kept and codes[0] != codes[1]:
                records.append(
                    record_of(
                        self.study.name,
                        system,
                        codes,
                        differing_modules(self.older.versions[system], self.newer.versions[system]),
                        [cell for cell, _ in kept],
                        (recount for _, recounts in kept for recount in recounts),
                        (computed_on(self.store.provenance(cell.key)) for cell, _ in kept),
                        self.command,
                        shortened=self.spoken,
                    )
                )
        return ShortVerdict(system, (), tuple(left), tuple(records))

    def _codes(self, system: str, stored: StoredCell) -> tuple[str, str]:
        """The older and the newer code of a stored cell's kind."""
        codes = (self.older.versions[system].digest, self.newer.versions[system].digest)
        if stored.probe is not None:
            codes = (probe_code_of(codes[0], self.older.probing), probe_code_of(codes[1], self.newer.probing))
        if codes[1] != stored.new_code:
            raise InputError("the code changed while it was rechecked. Run it again.")
        return codes

    def _recounts(
        self,
        candidate: Candidate,
        stored: StoredCell,
        carrier: Carrier,
        codes: tuple[str, str],
        by_backend: Mapping[str, Changes],
    ) -> tuple[Recount, ...] | str:
        """What is counted otherwise in a stored cell, or why the short trainings do not speak for it."""
        cell = candidate.cell.cell
        then, now = self.older.versions[cell.system], self.newer.versions[cell.system]
        uncompared = differing_modules(self.older.probing, self.newer.probing) - {*then.modules, *now.modules}
        if stored.probe is not None and uncompared:
            return f"probes, whose own code changed in {', '.join(sorted(uncompared))}"
        if carrier.paths.between(stored.configuration, stored.old_code, codes[0]) is None:
            return f"{stored.kind} cells of code {stored.old_code[:SHOWN_CODE]}, which is not that of the revision"
        result = carrier.as_counted_now(stored.key, stored.configuration, codes[0], self.store.load(stored.key))
        if stored.probe is not None:
            backends = [self.study.system(cell.system).headline_run.backend] * len(result.runs)
        else:
            backends = [run.backend for run in _runs(self.study, cell, test=stored.kind == "test")]
        found = [by_backend.get(digest(backend.model_dump())) for backend in backends]
        recounts = []
        for number, (backend, changed) in enumerate(zip(backends, found, strict=True)):
            if changed is None:
                return f"{stored.kind} cells on a backend that not all short trainings are run on"
            if changes := changed.by_layer if stored.probe is None else changed.summed:
                recounts.append(
                    Recount(configuration=stored.configuration, run=number, backend=backend.name, changes=changes)
                )
        if recounts and stored.probe is not None and stored.probe.name in OF_THE_RUN:
            return "probes of the run itself, which is counted otherwise now"
        if not all(one.holds_for(result) for one in recounts):
            return f"{FOLLOWS}: {stored.kind} cells, which are counted otherwise now"
        return tuple(recounts)


def _difference(
    older: ShortCells, newer: ShortCells, cell: StudyCell, ours: CellResult, theirs: CellResult
) -> Difference | None:
    """Where two short trainings differ first, counts aside."""
    described = [one.store.description(one.keys[cell])["specification_key"] for one in (older, newer)]
    if described[0] != described[1]:
        return Difference("specification", "as the older code reads the study", "as the present code does")
    weights = [weights_of(one.store, one.keys[cell]) for one in (older, newer)]
    return first_difference(ours, theirs, with_counts=False) or difference_in("weights", *weights)


def _runs(study: Study, cell: StudyCell, *, test: bool = False) -> tuple[Run, ...]:
    return study.system(cell.system).runs_for(cell.seed, study.seeds, test=test)


def summed_over_layers(counts: OperationCounts) -> OperationCounts:
    """The counts as a probe keeps them (`probing.py`): one sum for each operation of a stage."""
    sums = OperationCounts()
    for (stage, _, operation), count in counts:
        sums += OperationCounts.of(stage, "all", **{operation: count})
    return sums


def probe_code_of(code: str, probing: CodeVersion) -> str:
    """The code version of a probe of a system of this code version."""
    return digest({"cell": code, "probing": probing.digest})


def differing_modules(older: CodeVersion, newer: CodeVersion) -> set[str]:
    """Modules that are new, gone, or of another syntax tree."""
    names = {*older.modules, *newer.modules}
    return {name for name in names if older.modules.get(name) != newer.modules.get(name)}
