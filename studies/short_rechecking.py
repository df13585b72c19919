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
and probes with them whose backends the fit cells were run on: there the same trained network is given other clips. No
test clip is opened, so there is no look. Probes stay where a module of theirs changed that no fit cell runs.

Counts that differ are put right by the rules of `rechecking.py`: the short trainings of two cells have to agree on
them, and every stored cell has to hold the older ones.

What a short training cannot show: code that only a long one reaches, and a new count that follows what is learnt where
the older did not and a few epochs move it in neither cell. The record says how many epochs were compared, and so does
every report.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from studies.bit_equality import Difference, difference_in, first_difference
from studies.cell import CellResult, StudyCell
from studies.cell_key import digest
from studies.code_version import SOURCE, CodeVersion
from studies.provenance import git_state, machine, versions, without_paths
from studies.recheck import (
    Carrier,
    ComparedCell,
    CountChange,
    Recheck,
    Recount,
    Shortened,
    changed_counts,
)
from studies.rechecking import Candidate, StoredCell, computed_on, weights_of
from studies.running import Plan
from studies.short_trainings import RunShort, ShortCells, checkout, run_by_command, short_cells, shortened
from studies.specification import Run, Study
from studies.store import Store

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
        spoken = Shortened(revision=full, n_epochs=n_epochs)
        verdicts = [
            _verdict(study, store, system, choices, older, newer, spoken, command) for system, choices in found.items()
        ]
    for verdict in verdicts:
        for record in verdict.records:
            store.save_recheck(record.model_dump(mode="json"))
    return verdicts


def _verdict(
    study: Study,
    store: Store,
    system: str,
    choices: Sequence[Candidate],
    older: ShortCells,
    newer: ShortCells,
    spoken: Shortened,
    command: Sequence[str],
) -> ShortVerdict:
    differences: list[tuple[StudyCell, Difference]] = []
    by_backend: dict[str, list[Changes]] = {}  # one for each cell that was run on it
    cells = sorted(cell for cell in newer.keys if cell.system == system)
    for cell in cells:
        ours, theirs = (one.store.load(one.keys[cell]) for one in (older, newer))
        if found := _difference(older, newer, cell, ours, theirs):
            differences.append((cell, found))
        for run, one, other in zip(_runs(study, cell), ours.runs, theirs.runs, strict=True):
            of_backend = by_backend.setdefault(digest(run.backend.model_dump()), [])
            of_backend.append(Changes.between(one.counts, other.counts))
            if not found and of_backend[-1] != of_backend[0]:
                what = "counts otherwise than the older code"
                place = f"run on {run.backend.name}: counts"
                differences.append((cell, Difference(place, f"another cell {what} in one way", "this cell in another")))
    if differences:
        return ShortVerdict(system, tuple(differences), (), ())
    # What one cell of several was run on shows no other count by one training alone.
    agreed = {name: made[0] for name, made in by_backend.items() if len(made) == len(cells) or not made[0].by_layer}
    return _carry(study, store, system, choices, older, newer, agreed, spoken, command)


def _carry(
    study: Study,
    store: Store,
    system: str,
    choices: Sequence[Candidate],
    older: ShortCells,
    newer: ShortCells,
    by_backend: Mapping[str, Changes],
    spoken: Shortened,
    command: Sequence[str],
) -> ShortVerdict:
    """The records of a system whose short trainings are equal, and what they cannot speak for."""
    carrier = Carrier(store)
    then, now = older.versions[system], newer.versions[system]
    uncompared = _differing(older.probing, newer.probing) - {*then.modules, *now.modules}
    groups: dict[tuple[str, str], dict[str, tuple[ComparedCell, tuple[Recount, ...]]]] = {}
    left: dict[str, None] = {}
    unspoken: set[str] = set()  # configurations with a cell that the record would put wrong
    for candidate in choices:
        for stored in candidate.stored:
            old_code, new_code = then.digest, now.digest
            if stored.probe is not None:
                old_code, new_code = _probe_code(old_code, older), _probe_code(new_code, newer)
                if uncompared:
                    left[f"probes, whose own code changed in {', '.join(sorted(uncompared))}"] = None
                    continue
            if new_code != stored.new_code:
                raise InputError("the code changed while it was rechecked. Run it again.")
            if carrier.paths.between(stored.configuration, stored.old_code, old_code) is None:
                left[f"{stored.kind} cells of code {stored.old_code[:12]}, which is not that of the revision"] = None
                continue
            result = carrier.as_counted_now(stored.key, stored.configuration, old_code, store.load(stored.key))
            recounts = _recounts(study, candidate, stored, len(result.runs), by_backend)
            if recounts is None:
                left[f"{stored.kind} cells on a backend that not all fit cells are run on"] = None
                continue
            if recounts and stored.probe is not None and stored.probe.name in OF_THE_RUN:
                left["probes of the run itself, which is counted otherwise now"] = None
                continue
            if not all(one.holds_for(result) for one in recounts):
                left[f"{stored.kind} cells whose counts follow what was learnt, and are counted otherwise now"] = None
                unspoken.add(stored.configuration)
            of_codes = groups.setdefault((old_code, new_code), {})
            of_codes.setdefault(stored.configuration, (_compared(candidate, stored), recounts))
    records = []
    for (old_code, new_code), spoken_for in sorted(groups.items()):
        kept = [one for configuration, one in spoken_for.items() if configuration not in unspoken]
        if kept and old_code != new_code:
            records.append(
                Recheck(
                    study=study.name,
                    system=system,
                    old_code=old_code,
                    new_code=new_code,
                    changed_modules=tuple(sorted(_differing(then, now))),
                    compared=tuple(cell for cell, _ in kept),
                    recounted=tuple(recount for _, recounts in kept for recount in recounts),
                    shortened=spoken,
                    test_cells_recomputed=0,
                    cpu=machine()["cpu"],
                    torch=versions()["torch"],
                    stored_on=tuple(sorted({computed_on(store.provenance(cell.key)) for cell, _ in kept})),
                    date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                    git=git_state(),
                    command=tuple(map(without_paths, command)),
                )
            )
    return ShortVerdict(system, (), tuple(left), tuple(records))


def _difference(
    older: ShortCells, newer: ShortCells, cell: StudyCell, ours: CellResult, theirs: CellResult
) -> Difference | None:
    """Where two short trainings differ first, counts aside."""
    described = [one.store.description(one.keys[cell])["specification_key"] for one in (older, newer)]
    if described[0] != described[1]:
        return Difference("specification", "as the older code reads the study", "as the present code does")
    weights = [weights_of(one.store, one.keys[cell]) for one in (older, newer)]
    return first_difference(ours, theirs, with_counts=False) or difference_in("weights", *weights)


def _recounts(
    study: Study,
    candidate: Candidate,
    stored: StoredCell,
    n_runs: int,
    by_backend: Mapping[str, Changes],
) -> tuple[Recount, ...] | None:
    """What is counted otherwise in a stored cell; None where it was run on a backend that no fit cell is run on."""
    system = study.system(candidate.cell.cell.system)
    if stored.probe is not None:
        backends = [system.headline_run.backend] * n_runs
    else:
        backends = [run.backend for run in _runs(study, candidate.cell.cell, test=stored.kind == "test")]
    recounts = []
    for number, backend in enumerate(backends):
        found = by_backend.get(digest(backend.model_dump()))
        if found is None:
            return None
        if changes := found.by_layer if stored.probe is None else found.summed:
            recounts.append(
                Recount(configuration=stored.configuration, run=number, backend=backend.name, changes=changes)
            )
    return tuple(recounts)


def _runs(study: Study, cell: StudyCell, *, test: bool = False) -> tuple[Run, ...]:
    return study.system(cell.system).runs_for(cell.seed, study.seeds, test=test)


def summed_over_layers(counts: OperationCounts) -> OperationCounts:
    """The counts as a probe keeps them (`probing.py`): one sum for each operation of a stage."""
    sums = OperationCounts()
    for (stage, _, operation), count in counts:
        sums += OperationCounts.of(stage, "all", **{operation: count})
    return sums


def _compared(candidate: Candidate, stored: StoredCell) -> ComparedCell:
    cell = candidate.cell.cell
    return ComparedCell(
        key=stored.key,
        kind=stored.kind,
        configuration=stored.configuration,
        protocol=cell.protocol,
        fold=cell.fold,
        seed=cell.seed,
    )


def _probe_code(code: str, cells: ShortCells) -> str:
    return digest({"cell": code, "probing": cells.probing.digest})


def _differing(older: CodeVersion, newer: CodeVersion) -> set[str]:
    """Modules that are new, gone, or of another syntax tree."""
    names = {*older.modules, *newer.modules}
    return {name for name in names if older.modules.get(name) != newer.modules.get(name)}
