# studies/short_trainings.py
"""A study cut short, and its run by the code of a git revision or by the code as it stands, in a process of its own.

study -> every training a few epochs, two cells of each system and protocol -> `trichord run` of a source folder
      -> fit cells in a store aside
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from classical_baselines.data.cache import ENVIRONMENT_VARIABLE
from classical_baselines.harness.choices import InputError
from studies.cell import StudyCell
from studies.code_version import SOURCE
from studies.grid import Ground
from studies.probe import probing_code
from studies.specification import Probes, Study, System
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


def shortened(study: Study, n_epochs: int, systems: Iterable[str]) -> Study:
    """The study with these systems alone, each trained for `n_epochs` at most, on the backends of its fit cells."""

    def short(system: System) -> System:
        training = system.training.model_copy(update={"n_epochs": min(n_epochs, system.training.n_epochs)})
        runs = tuple(run for run in system.runs if not run.test_only)
        beside = system.beside if system.beside in wanted else None
        return system.model_copy(update={"training": training, "runs": runs, "beside": beside})

    wanted = set(systems)
    kept = tuple(short(system) for system in study.systems if system.name in wanted)
    baseline = study.baseline if study.baseline in wanted else kept[0].name
    left_out = {"probes": Probes(), "device_files": (), "search": None}  # they change no fit cell
    return study.model_copy(update={"systems": kept, "baseline": baseline, **left_out})


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


def run_by_command(data_root: Path | None) -> RunShort:
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
