# studies/grid.py
"""From a study to its cells: protocol x fold x system x seed, in an order that gives a first answer early.

All systems see a fold before the next fold begins, and all folds are seen with the first seed before the second:
whatever is committed when a run is interrupted can already be compared pair by pair. The headline protocol leads.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classical_baselines.harness.choices import InputError
from studies.cell import CellKind, StudyCell
from studies.cell_key import digest, specification_of, test_key
from studies.code_version import code_version
from studies.key_maker import KeyMaker
from studies.probe import Probe, probe_key
from studies.specification import Study
from studies.store import Store

if TYPE_CHECKING:
    from studies.checked_study import CheckedStudy

SHORTEST_CODE = 6  # characters of a code version that may stand for it
FILTERS = ("protocol", "fold", "system", "seed")


@dataclass(frozen=True)
class Ground:
    """What a grid needs to know of the data: its content hash, and the fold names of every protocol."""

    content_hash: str
    folds: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class KeyedCell:
    """A cell with its keys, and the older cells that stand for it, rechecked or because `--accept-code` says so."""

    cell: StudyCell
    code_version: str
    fit_key: str
    test_key: str
    accepted_code: str | None = None  # the code version of the older cells that the keys name, taken on trust
    rechecked_code: str | None = None  # that of the older fit cell that the keys name, carried by records
    rechecks: tuple[str, ...] = ()  # the keys of those records (`recheck.py`)
    older_probes: tuple[tuple[Probe, str], ...] = ()  # probes of older code that records carry, with their keys

    def probe_key(self, study: Study, probe: Probe) -> str:
        """The key under which a probe of the cell is committed, or will be."""
        return dict(self.older_probes).get(probe) or probe_key(study, self.cell, self.fit_key, probe)


def ground_of(checked: "CheckedStudy") -> Ground:
    """The ground of a study that has been checked against its recordings."""
    return Ground(checked.content_hash, {name: protocol.folds for name, protocol in checked.protocols.items()})


def ground_key(study: Study) -> str:
    """Under which the store keeps the ground of a study: its data and protocols as chosen."""
    protocols = [{"name": p.name, "options": p.options} for p in study.protocols]
    return digest({"data": study.data.model_dump(), "protocols": protocols})


def keep_ground(study: Study, ground: Ground, store: Store) -> None:
    """Write the ground into the store, so that status and report need no recordings."""
    store.save_ground(ground_key(study), asdict(ground))


def kept_ground(study: Study, store: Store) -> Ground | None:
    """The ground that a run of the study left in the store; None where it was never run there."""
    found = store.load_ground(ground_key(study))
    if found is None:
        return None
    try:
        ground = Ground(str(found["content_hash"]), {name: tuple(folds) for name, folds in found["folds"].items()})
        named = all(ground.folds[protocol.name] for protocol in study.protocols)
    except (KeyError, TypeError, AttributeError):
        named = False
    if not named:
        raise InputError(
            f"{store.path}/grounds/{ground_key(study)}.json is damaged: it does not name the folds of every protocol. "
            "Remove that file; `trichord run` writes it again."
        )
    return ground


def measured_ground(study: Study, data_root: Path | None) -> Ground:
    """The ground from the recordings themselves, everything in the study checked on the way."""
    from studies.checked_study import checked_study

    return ground_of(checked_study(study, data_root))


def expand(study: Study, ground: Ground) -> list[StudyCell]:
    """Every cell of the study, in canonical order."""
    protocols = sorted(study.protocols, key=lambda p: p != study.headline_protocol)
    return [
        StudyCell(study.data.name, protocol.name, fold, system.name, seed)
        for seed in study.seeds
        for protocol in protocols
        for fold in ground.folds[protocol.name]
        for system in study.systems
    ]


def keyed(study: Study, cells: Iterable[StudyCell], ground: Ground) -> list[KeyedCell]:
    """The cells with their keys under the code as it stands."""
    versions = {system.name: code_version(study, system).digest for system in study.systems}
    maker = KeyMaker(study, ground.content_hash, versions)
    made = [(cell, maker.of(cell)) for cell in cells]
    return [KeyedCell(cell, versions[cell.system], keys.fit, keys.test) for cell, keys in made]


def accepting(
    study: Study, cells: list[KeyedCell], ground: Ground, store: Store, old_code: str | None
) -> list[KeyedCell]:
    """Let older cells whose code version begins with `old_code`, or one of several between commas, stand for those that
    are missing. A system has a code version of its own, so a study may need several.
    """
    if old_code is None:
        return cells
    prefixes = tuple(old_code.split(","))
    summaries = store.summaries()
    for prefix in prefixes:
        if len(prefix) < SHORTEST_CODE:
            raise InputError(
                f"--accept-code {prefix!r}: give {SHORTEST_CODE} or more characters of the code version of the cells."
            )
        if not any(str(one.code_version).startswith(prefix) for one in summaries.values()):
            raise InputError(f"No cell of {store.path} was made by code {prefix!r}. `trichord status` lists the codes.")
    older = {
        (one.specification_key, str(one.code_version)): key
        for key, one in summaries.items()
        if one.kind == "fit" and str(one.code_version).startswith(prefixes)
    }
    codes = sorted({code for _, code in older})
    maker = KeyMaker(study, ground.content_hash, {cell.cell.system: cell.code_version for cell in cells})

    def accepted(keyed_cell: KeyedCell) -> KeyedCell:
        if keyed_cell.fit_key in summaries:
            return keyed_cell
        fitted = maker.of(keyed_cell.cell).fit_specification
        for code in codes:
            key = older.get((fitted, code))
            if key is not None:
                tested = specification_of(study, keyed_cell.cell, ground.content_hash, "test")
                return replace(keyed_cell, fit_key=key, test_key=test_key(key, tested), accepted_code=code)
        return keyed_cell

    return [accepted(cell) for cell in cells]


def describe(study: Study, keyed_cell: KeyedCell, ground: Ground, kind: CellKind) -> dict[str, Any]:
    """`cell.json` of a cell."""
    specification = specification_of(study, keyed_cell.cell, ground.content_hash, kind)
    return {
        "kind": kind,
        "study": study.name,
        "cell": asdict(keyed_cell.cell),
        "specification": specification,
        "specification_key": digest(specification),
        "fit_key": keyed_cell.fit_key,
        "code_version": keyed_cell.accepted_code or keyed_cell.code_version,
    }


def only(expression: str | None) -> Callable[[StudyCell], bool]:
    """The filter of `--only`: `system=ds-cnn,seed=0,fold=george`; a key given twice allows either value.

    >>> only("system=ds-cnn,seed=0")(StudyCell("fsdd", "leave-one-group-out", "george", "ds-cnn", 0))
    True
    """
    allowed: dict[str, set[str]] = {}
    for part in (expression or "").split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if not equals or name not in FILTERS or not value:
            raise InputError(
                f"--only {expression}: {part.strip()!r} is not one of "
                f"{', '.join(f'{key}=VALUE' for key in FILTERS)}, joined by commas."
            )
        allowed.setdefault(name, set()).add(value)
    return lambda cell: all(str(getattr(cell, name)) in values for name, values in allowed.items())


@dataclass(frozen=True)
class Shard:
    """One of several runs that share a study between them: `number` of `count`, from 1."""

    number: int
    count: int

    @classmethod
    def parsed(cls, text: str) -> "Shard":
        """From `--shard 2/4`.

        >>> Shard.parsed("2/4")
        Shard(number=2, count=4)
        """
        number, slash, count = text.partition("/")
        digits = len(text) < 20 and number.isdecimal() and count.isdecimal()
        if not (slash and digits and 1 <= int(number) <= int(count)):
            raise InputError(f"--shard {text}: give I/N with I from 1 to N, such as 2/4 for the second of four runs.")
        return cls(int(number), int(count))

    def of(self, cells: Sequence[StudyCell]) -> frozenset[StudyCell]:
        """Its cells: they are dealt system by system, so that every shard gets as many dear ones as another."""
        dealt = sorted(cells, key=lambda cell: cell.system)  # stable: within a system the order of the grid
        return frozenset(dealt[self.number - 1 :: self.count])


def select(cells: list[StudyCell], expression: str | None) -> list[StudyCell]:
    """The cells that `--only` leaves; InputError where it leaves none."""
    wanted = only(expression)
    kept = [cell for cell in cells if wanted(cell)]
    if not kept:
        known = {f.name: sorted({str(getattr(cell, f.name)) for cell in cells}) for f in fields(StudyCell)}
        values = "; ".join(f"{name}: {', '.join(known[name])}" for name in FILTERS)
        raise InputError(f"--only {expression} leaves no cell. The study has {values}.")
    return kept
