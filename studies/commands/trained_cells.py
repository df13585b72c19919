# studies/commands/trained_cells.py
"""The cells whose trained weights a command works with, and what to do where the store has none.

request, study, store -> planned_at(fold, seed) -> the plan -> place_with_weights -> a fold, a seed, its cells
request, study, one system -> trained_place -> its store, and the same
"""

from collections.abc import Sequence
from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from studies.commands.request import Request, refuse_absent
from studies.grid import KeyedCell
from studies.running import Plan, known_ground
from studies.specification import Study
from studies.store import Store


@dataclass(frozen=True)
class Asking:
    """What is asked for, as messages name it."""

    study: str  # as it was given
    command: str  # "explain"
    what: str  # "an explanation"


@dataclass(frozen=True)
class Place:
    """A fold and a seed, and the trained cells of systems there."""

    fold: str
    seed: int
    cells: tuple[KeyedCell, ...]
    without: tuple[str, ...]  # systems of which the store has no weights there


def planned_at(request: Request, study: Study, store: Store, fold: str | None, seed: int | None) -> Plan:
    """The plan of the study; a fold or a seed that is none of its own is refused before it is made."""
    if seed is not None and seed not in study.seeds:
        raise InputError(
            f"--seed {seed}: it is none of the study's seeds. Choose one of: {', '.join(map(str, study.seeds))}."
        )
    protocol = study.headline_protocol.name
    ground = known_ground(study, store, request.data_root)
    folds = ground.folds[protocol]
    if fold is not None and fold not in folds:
        raise InputError(f"--fold {fold}: no fold of {protocol} is called that. Choose one of: {', '.join(folds)}.")
    return request.planned(study, store, confirm=False, ground=ground)


def trained_place(
    request: Request, study: Study, asking: Asking, system: str, fold: str | None, seed: int | None
) -> tuple[Store, Place]:
    """The store, and the place of its first trained cell of the system."""
    store = request.open_store(study)
    refuse_absent(store, named=request.store is not None)
    plan = planned_at(request, study, store, fold, seed)
    return store, place_with_weights(asking, study, plan, store, [system], fold, seed)


def place_with_weights(
    asking: Asking,
    study: Study,
    plan: Plan,
    store: Store,
    wanted: Sequence[str],
    fold: str | None,
    seed: int | None,
) -> Place:
    """The first fold and seed, of those that are asked for, of which the store has weights of a wanted system."""
    protocol = study.headline_protocol.name
    at: dict[tuple[str, int], dict[str, KeyedCell]] = {}
    for keyed in plan.cells:
        cell = keyed.cell
        is_asked = cell.protocol == protocol and fold in (None, cell.fold) and seed in (None, cell.seed)
        if is_asked and cell.system in wanted:
            at.setdefault((cell.fold, cell.seed), {})[cell.system] = keyed
    for (name, number), cells in at.items():
        trained = {system: cells[system] for system in wanted if store.has_weights(cells[system].fit_key)}
        if trained:
            without = tuple(system for system in wanted if system not in trained)
            return Place(name, number, tuple(trained.values()), without)
    first_fold, first_seed = next(iter(at))
    raise no_weights(
        asking, study, store, plan, list(wanted), fold or first_fold, seed if seed is not None else first_seed
    )


def no_weights(
    asking: Asking, study: Study, store: Store, plan: Plan, systems: Sequence[str], fold: str, seed: int
) -> InputError:
    """What to do where there are no weights: run the cells, in a copy of the study where they are published."""
    only = ",".join([f"fold={fold}", f"seed={seed}", *(f"system={name}" for name in systems)])
    protocol = study.headline_protocol.name
    published = any(
        store.has(one.fit_key)
        for one in plan.cells
        if one.cell.system in systems and (one.cell.protocol, one.cell.fold, one.cell.seed) == (protocol, fold, seed)
    )
    head = f"{store.path} has no weights of {', '.join(systems)} for the fold {fold} and the seed {seed}, and "
    head += f"{asking.what} needs trained weights. "
    if published:
        copy = f"my-{study.name}"
        return InputError(
            f"{head}Published cells have none and are taken as computed; a copy of the study trains its own: "
            f"`trichord new {copy} --from {study.name}`, `trichord run {copy}.toml --only {only}`, then "
            f"`trichord {asking.command} {copy}.toml`."
        )
    return InputError(f"{head}`trichord run {asking.study} --only {only}` makes them, with the same --store.")
