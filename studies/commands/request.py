# studies/commands/request.py
"""What most commands are asked with: which study, which store, which cells."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.data.cache import ENVIRONMENT_VARIABLE, cache_folder
from classical_baselines.harness.choices import InputError, choose
from studies.grid import FILTERS, Ground, only
from studies.plugins import load_plugins
from studies.running import Plan, known_ground, make_plan, store_of
from studies.specification import Study
from studies.store import Store
from studies.study_file import load_study

if TYPE_CHECKING:
    from classical_baselines.harness.energy import Boundary, Scenario
    from studies.results import Row, StudyResults


def refuse_absent(store: Store, *, named: bool) -> None:
    """Refuse a store that nothing was run in: one that was named, or the default without a published one behind it."""
    is_store = (store.path / "store.json").is_file() or (store.path / "cells").is_dir()
    if not is_store and (named or store.behind is None):
        raise InputError(f"{store.path} is no store: nothing was run there yet. Name the study's folder with --store.")


def use_cache_of(folder: Path) -> None:
    """Keep what is decoded of a user's folder apart from what is of any other, here and in the cells' processes.

    The cache knows a recording by its name below the folder, its size and its time: two folders may agree in all three.
    """
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    os.environ[ENVIRONMENT_VARIABLE] = str(cache_folder() / "folders" / name)


@dataclass(frozen=True)
class Request:
    """The options that commands share, as they were given."""

    study: str
    store: Path | None = None
    data_root: Path | None = None
    only: str | None = None
    settings: list[str] | None = None
    seeds: str | None = None
    accept_code: str | None = None

    def open_study(self) -> Study:
        """The study with its `--set` and `--seeds`."""
        load_plugins()
        if self.only is not None and not self.only.strip(", "):
            raise InputError(
                f"--only {self.only!r} names no cell. Give some of {', '.join(f'{name}=VALUE' for name in FILTERS)}, "
                "joined by commas; without --only it is every cell."
            )
        only(self.only)  # refuses a filter that cannot be read before anything is opened
        overrides: dict[str, str] = {}
        for setting in self.settings or []:
            key, equals, value = setting.partition("=")
            if not equals or not key.strip():
                raise InputError(f"--set {setting}: give KEY=VALUE, such as data.clip_seconds=0.5.")
            overrides[key.strip()] = value.strip()
        if self.seeds is not None:
            try:
                seeds = [int(part) for part in self.seeds.split(",")]
            except ValueError:
                raise InputError(f"--seeds {self.seeds}: give whole numbers, joined by commas.") from None
            overrides["seeds"] = str(seeds)
        study = load_study(self.study, overrides)
        if study.data.folder is not None:
            use_cache_of(Path(study.data.folder))
        return study

    def open_store(self, study: Study, *, create: bool = False) -> Store:
        """The study's store."""
        return store_of(study, self.store, create=create)

    def opened(self) -> tuple[Study, Store]:
        """The study and its store; InputError where nothing was run there yet."""
        study = self.open_study()
        store = self.open_store(study)
        refuse_absent(store, named=self.store is not None)
        return study, store

    def results(self) -> "StudyResults":
        """What the store holds of the study, test cells included; InputError where nothing was run there yet."""
        from studies.results import load_results

        study, store = self.opened()
        return load_results(study, store, self.planned(study, store, confirm=True))

    def rows(self, *systems: str) -> "list[Row]":
        """The headline rows of these systems under the headline protocol; InputError where one has no cell."""
        results = self.results()
        for name in systems:
            results.study.system(name)
        return [self.row_of(results, name) for name in systems]

    def row_of(self, results: "StudyResults", system: str) -> "Row":
        """The headline row of a system of the study; InputError where no cell of it is committed."""
        row = results.row(system)
        if row is None:
            raise InputError(
                f"No cell of {system} is committed. `trichord run {self.study} --only system={system}` makes them, "
                "with --store."
            )
        return row

    def planned(self, study: Study, store: Store, *, confirm: bool, ground: Ground | None = None) -> Plan:
        """The cells of the study, by what a run left in the store where there is no need to open the recordings."""
        ground = ground or known_ground(study, store, self.data_root)
        return make_plan(study, ground, store, confirm=confirm, only=self.only, accept_code=self.accept_code)


def place_of(boundary: str, scenario: str) -> "tuple[Boundary, Scenario]":
    """A boundary and a scenario by name."""
    from classical_baselines.harness.energy import BOUNDARIES, SCENARIOS

    boundaries: dict[str, Boundary] = {name: name for name in BOUNDARIES}
    scenarios: dict[str, Scenario] = {name: name for name in SCENARIOS}
    return choose(boundaries, boundary, what="boundary"), choose(scenarios, scenario, what="scenario")
