# studies/short_trainings.py
"""A study cut short, and its run by the code of a git revision or by the code as it stands, in a process of its own.

study -> every training a few epochs, two cells of each system and protocol -> `trichord run` of a source folder
      -> fit cells in a store aside
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from classical_baselines.harness.choices import InputError
from studies.cell import StudyCell
from studies.code_version import SOURCE, CodeVersion
from studies.grid import Ground
from studies.specification import Study, System
from studies.store import Store, open_store
from studies.study_text import study_toml
from studies.told_code import CHANGES_NO_FIT, Source

N_CELLS = 2  # of each system and protocol; of one alone nobody knows what a count follows


@dataclass(frozen=True)
class ShortCells:
    """What one code made of the shortened study, and its versions for the whole one: of each system and of probes."""

    store: Store
    keys: Mapping[StudyCell, str]  # of the fit cells
    versions: Mapping[str, CodeVersion]  # by system
    probing: CodeVersion


# Runs the cells of a shortened study (second) with the code in a folder, and tells its versions for the study (first);
# the last folder is for its store and its cache.
RunShort = Callable[[Study, Study, Sequence[StudyCell], Path, Path], ShortCells]


def shortened(study: Study, n_epochs: int, systems: Iterable[str]) -> Study:
    """The study with these systems alone, each trained for `n_epochs` at most.

    Backends that only test cells are run on are given the validation clips too, so that no test clip is opened.
    """

    def short(system: System) -> System:
        training = system.training.model_copy(update={"n_epochs": min(n_epochs, system.training.n_epochs)})
        runs = tuple(run.model_copy(update={"test_only": False}) for run in system.runs)
        beside = system.beside if system.beside in wanted else None
        return system.model_copy(update={"training": training, "runs": runs, "beside": beside})

    wanted = set(systems)
    kept = tuple(short(system) for system in study.systems if system.name in wanted)
    baseline = study.baseline if study.baseline in wanted else kept[0].name
    return study.model_copy(update={"systems": kept, "baseline": baseline, **CHANGES_NO_FIT})


def short_cells(study: Study, ground: Ground) -> tuple[StudyCell, ...]:
    """The cells of each system: of each protocol two, of different folds and seeds where there are two."""
    cells = []
    for protocol in study.protocols:
        folds = ground.folds[protocol.name]
        for number in range(N_CELLS):
            fold, seed = folds[number % len(folds)], study.seeds[number % len(study.seeds)]  # the first has all runs
            cells += [StudyCell(study.data.name, protocol.name, fold, one.name, seed) for one in study.systems]
    return tuple(dict.fromkeys(cells))


@contextmanager
def checkout(revision: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """The source as it stood at a revision, beside this one, and the revision's full name."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(SOURCE), *words], capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise InputError(
                f"--from-revision {revision}: git says {said[-1] if said else 'nothing'!r}. Name a revision that "
                "`git log` lists where Trichord's source stands; `trichord trace` says which computed a number."
            )
        return done.stdout.strip()

    full = git("rev-parse", "--verify", f"{revision}^{{commit}}")
    git("worktree", "add", "--detach", str(folder), full)
    try:
        yield folder, full
    finally:
        git("worktree", "remove", "--force", str(folder))


def run_by_command(data_root: Path | None) -> RunShort:
    """Runs `trichord run` of a source folder, in a process of its own."""

    def run_short(study: Study, short: Study, cells: Sequence[StudyCell], source: Path, folder: Path) -> ShortCells:
        folder.mkdir(parents=True)
        code = Source(source, folder)
        file, store = folder / f"{study.name}.toml", folder / "store"
        file.write_text(study_toml(short, with_defaults=False), encoding="utf-8")
        places = dict.fromkeys((cell.protocol, cell.fold, cell.seed) for cell in cells)
        for protocol, fold, seed in places:
            asked = ["-m", "studies.cli", "run", str(file), "--store", str(store), "--shard", "1/1"]
            asked += ["--only", f"protocol={protocol},fold={fold},seed={seed}"]
            asked += [] if data_root is None else ["--data-root", str(data_root.resolve())]
            code.python(*asked, task="run the shortened study")
        made = open_store(store)
        told = code.told(study)
        return ShortCells(made, fit_keys(made), told.versions, told.probing)

    return run_short


def fit_keys(store: Store) -> dict[StudyCell, str]:
    """The fit cells of a store, by what they are."""
    summaries = store.summaries().items()
    return {StudyCell(**store.description(key)["cell"]): key for key, one in summaries if one.kind == "fit"}
