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
test clip is opened, so there is no look. What a short training cannot show is code that only a long one
reaches: the record says how many epochs were compared, and so does every report.

Counts that differ are put right by the rules of `rechecking.py`: the short trainings of both cells have to agree on
them, and every stored cell has to hold the older ones.
"""

import datetime
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from classical_baselines.data.cache import ENVIRONMENT_VARIABLE
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from studies.bit_equality import Difference, difference_in, first_difference
from studies.cell import CellResult, StudyCell
from studies.cell_key import digest
from studies.code_version import SOURCE, code_version
from studies.grid import Ground
from studies.probe import probing_code
from studies.provenance import SHOWN_DIGITS, git_state, machine, versions, without_paths
from studies.recheck import (
    Carrier,
    ComparedCell,
    CountChange,
    Recheck,
    Recount,
    Shortened,
    changed_counts,
)
from studies.rechecking import Candidate, StoredCell, computed_here, weights_of
from studies.running import Plan
from studies.specification import Probes, Run, Study, System
from studies.store import Store, open_store
from studies.study_text import study_toml

N_CELLS = 2  # of each system and protocol; of one alone nobody knows what a count follows


@dataclass(frozen=True)
class ShortCells:
    """What one code made of the shortened study: its fit cells, its version by system, and that of its probes."""

    store: Store
    keys: Mapping[StudyCell, str]
    code_versions: Mapping[str, str]
    specification_keys: Mapping[StudyCell, str]
    modules: Mapping[str, Mapping[str, str]]  # by system
    probing: str


# Runs the shortened study with the code in a folder; the last folder is for its store and its cache.
RunShort = Callable[[Study, Sequence[StudyCell], Path, Path], ShortCells]


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


def shortened(study: Study, n_epochs: int, systems: Iterable[str]) -> Study:
    """The study with these systems alone, each trained for `n_epochs` at most, on the backends of its fit cells."""

    def short(system: System) -> System:
        training = system.training.model_copy(update={"n_epochs": min(n_epochs, system.training.n_epochs)})
        runs = tuple(run for run in system.runs if not run.test_only)
        return system.model_copy(update={"training": training, "runs": runs})

    wanted = set(systems)
    kept = tuple(short(system) for system in study.systems if system.name in wanted)
    baseline = study.baseline if study.baseline in wanted else kept[0].name
    return study.model_copy(update={"systems": kept, "baseline": baseline, "probes": Probes(), "device_files": ()})


def short_cells(study: Study, ground: Ground) -> tuple[StudyCell, ...]:
    """The cells of each system: of each protocol two, of different folds and seeds where there are two."""
    cells = []
    for protocol in study.protocols:
        folds = ground.folds[protocol.name]
        for number in range(N_CELLS):
            fold, seed = folds[number % len(folds)], study.seeds[number % len(study.seeds)]  # the first has all runs
            cells += [StudyCell(study.data.name, protocol.name, fold, one.name, seed) for one in study.systems]
    return tuple(dict.fromkeys(cells))


def rechecked_in_short(
    study: Study,
    plan: Plan,
    store: Store,
    found: Mapping[str, Sequence[Candidate]],
    revision: str,
    n_epochs: int,
    data_root: Path | None,
    command: Sequence[str] = (),
    run_short: "RunShort | None" = None,
) -> list[ShortVerdict]:
    """Compare the code at a revision with the present code, and write down what it carries over, system by system."""
    run_short = run_short or _runner(data_root)
    short = shortened(study, n_epochs, found)
    cells = short_cells(short, plan.ground)
    with TemporaryDirectory() as folder, _checkout(revision, Path(folder) / "source") as (source, full):
        older = run_short(short, cells, source, Path(folder) / "older")
        newer = run_short(short, cells, SOURCE, Path(folder) / "newer")
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
    by_backend: dict[str, Changes] = {}
    for cell in sorted(cell for cell in newer.keys if cell.system == system):
        ours, theirs = (one.store.load(one.keys[cell]) for one in (older, newer))
        found = _difference(older, newer, cell, ours, theirs)
        for run, one, other in zip(_runs(study, cell), ours.runs, theirs.runs, strict=True):
            changes = Changes.between(one.counts, other.counts)
            if found is None and by_backend.setdefault(digest(run.backend.model_dump()), changes) != changes:
                found = first_difference(ours, theirs) or Difference("counts", "equal", "unequal in another cell")
        if found is not None:
            differences.append((cell, found))
    if differences:
        return ShortVerdict(system, tuple(differences), (), ())
    return _carry(study, store, system, choices, older, newer, by_backend, spoken, command)


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
    then, now = older.code_versions[system], newer.code_versions[system]
    groups: dict[tuple[str, str], dict[str, tuple[ComparedCell, tuple[Recount, ...]]]] = {}
    left: dict[str, None] = {}
    unspoken: set[str] = set()  # configurations with a cell that the record would put wrong
    for candidate in choices:
        for stored in candidate.stored:
            old_code, new_code = (_probe_code(then, older), _probe_code(now, newer)) if stored.probe else (then, now)
            if new_code != stored.new_code:
                raise InputError("the code changed while it was rechecked. Run it again.")
            if carrier.paths.between(stored.configuration, stored.old_code, old_code) is None:
                left[f"{stored.kind} cells of code {stored.old_code[:12]}, which is not that of the revision"] = None
                continue
            result = carrier.as_counted_now(stored.key, stored.configuration, old_code, store.load(stored.key))
            recounts = _recounts(study, candidate, stored, len(result.runs), by_backend)
            if recounts is None:
                left[f"{stored.kind} cells on a backend that no fit cell is run on"] = None
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
                    changed_modules=_changed_modules(study, system, older),
                    compared=tuple(cell for cell, _ in kept),
                    recounted=tuple(recount for _, recounts in kept for recount in recounts),
                    shortened=spoken,
                    test_cells_recomputed=0,
                    cpu=machine()["cpu"],
                    torch=versions()["torch"],
                    stored_on=(computed_here(),),
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
    if older.specification_keys[cell] != newer.specification_keys[cell]:
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
    return digest({"cell": code, "probing": cells.probing})


def _changed_modules(study: Study, system: str, older: ShortCells) -> tuple[str, ...]:
    now = {name: one[:SHOWN_DIGITS] for name, one in code_version(study, study.system(system)).modules.items()}
    then = older.modules[system]
    return tuple(sorted(name for name in {*then, *now} if then.get(name) != now.get(name)))


@contextmanager
def _checkout(revision: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """The source as it stood at a revision, beside this one, and the revision's full name."""
    git = ["git", "-C", str(SOURCE)]
    asked = [*git, "rev-parse", "--verify", f"{revision}^{{commit}}"]
    named = subprocess.run(asked, capture_output=True, text=True, check=False)
    if named.returncode:
        raise InputError(
            f"--from-revision {revision}: the git history of this checkout has no such revision. Name one that "
            "`git log` lists; `trichord trace` says which revision computed a number."
        )
    full = named.stdout.strip()
    subprocess.run([*git, "worktree", "add", "--detach", str(folder), full], capture_output=True, check=True)
    try:
        yield folder, full
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(folder)], capture_output=True, check=False)


def _runner(data_root: Path | None) -> RunShort:
    """Runs `trichord run` of a source folder, in a process of its own."""

    def run_short(study: Study, cells: Sequence[StudyCell], source: Path, folder: Path) -> ShortCells:
        folder.mkdir(parents=True)
        file, store = folder / f"{study.name}.toml", folder / "store"
        file.write_text(study_toml(study), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(source), ENVIRONMENT_VARIABLE: str(folder / "cache")}
        places = dict.fromkeys((cell.protocol, cell.fold, cell.seed) for cell in cells)
        for protocol, fold, seed in places:
            asked = ["run", str(file), "--store", str(store), "--shard", "1/1"]
            asked += ["--only", f"protocol={protocol},fold={fold},seed={seed}"]
            asked += [] if data_root is None else ["--data-root", str(data_root.resolve())]
            done = subprocess.run(
                [sys.executable, "-m", "studies.cli", *asked],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                said = done.stderr.strip().splitlines()
                raise InputError(
                    f"the code in {source.name} cannot run the shortened study: {said[-1] if said else ''}"
                )
        asked_code = "from studies.probe import probing_code; print(probing_code())"
        probing = subprocess.run(
            [sys.executable, "-c", asked_code], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        return read_short_cells(open_store(store), probing.stdout.strip())

    return run_short


def read_short_cells(store: Store, probing: str = "") -> ShortCells:
    """The fit cells of a store, by what they are."""
    keys, codes, specifications, modules = {}, {}, {}, {}
    for key, one in store.summaries().items():
        if one.kind == "fit":
            described = store.description(key)
            cell = StudyCell(**described["cell"])
            keys[cell] = key
            codes[cell.system] = str(described["code_version"])
            specifications[cell] = str(described["specification_key"])
            modules[cell.system] = dict(store.provenance(key)["code_modules"])
    return ShortCells(store, keys, codes, specifications, modules, probing or probing_code())
