# studies/rechecking.py
"""Cells of older code computed anew under the present code: does a change of code change what is stored?

    stored cells of older code -> a sample of them -> each computed anew, in a store aside -> compared bit for bit
                                                   -> all of a system equal: a record in the store (`recheck.py`)

The sample of a system takes in every older code version under every protocol, on every set of backends that its cells
were run on, and every probe: at least a fit and its test cell of each where they are stored. Which cells those are is
drawn by a generator that is seeded with the system and the code versions, so that nobody chooses them: the command may
be asked for some systems or protocols, not for some folds or seeds.

A fit is trained from nothing. Its test cell and its probes are run with the weights that come of that, which are
compared bit for bit with the stored ones where those were kept: so they are run with the stored weights, or the system
differs. The cells are run by the executor that runs every cell, under the study's threads and limits, and never enter
the store: what stands there stays what the older code computed.

Counts are no answers. Where two cells of a configuration come out equal in everything else and give the same new
counts, and all its stored cells hold the same older ones, the counts follow what the network is and not what it learnt:
the record keeps both (`Recount`), and the cells are carried over with the new ones. Any other count has to be computed
again.

A test cell that comes out equal tells nothing that was not known, so it is no new look at the test clips: the record
says how many were computed, and the ledger of looks stays as it is. One that differs has shown what other code answers
on those clips, and is written into the ledger, under the key that its cell would have under the present code.

Floats may differ by the processor or by the version of torch alone. Where a cell differs that was stored on another
one, it is said, and nothing is carried over: recheck on a machine like the one that computed the cells.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy.typing import NDArray

from classical_baselines.data.cache import ENVIRONMENT_VARIABLE
from studies.bit_equality import Difference, difference_in, first_difference
from studies.cell import CellKind, StudyCell
from studies.cell_key import digest
from studies.code_version import code_version
from studies.earlier_looks import EarlierLook
from studies.executors.contract import Execution, Options
from studies.grid import Ground, KeyedCell, keyed
from studies.index import CellSummary
from studies.probe import Probe
from studies.progress import Progress
from studies.provenance import SHOWN_DIGITS
from studies.recheck import (
    SHOWN_CODE,
    Configurations,
    Paths,
    Recheck,
    Recount,
    older_fits,
    older_probes,
    probe_code,
    read_rechecks,
    recounts_between,
)
from studies.recheck_record import compared_cell, computed_here, computed_on, record_of
from studies.running import Plan, run_plan
from studies.specification import Study
from studies.store import KINDS_THAT_LOOK, Store, open_store

# Cells that are computed anew before counts that differ are put right: of one alone nobody knows what they follow.
CELLS_FOR_A_COUNT = 2

# Runs a plan of cells in the store aside; `run_plan` with everything else put in.
Recompute = Callable[[Plan, Store], Execution]


@dataclass(frozen=True)
class StoredCell:
    """A stored cell of older code, and what it is to be compared with."""

    key: str
    kind: str  # "fit", "test" or "probe"
    configuration: str
    old_code: str
    new_code: str
    new_key: str  # of the same cell under the present code
    probe: Probe | None = None


@dataclass(frozen=True)
class Candidate:
    """A cell of the study that may be drawn: its stored fit of older code, with the test cell and probes on that."""

    cell: KeyedCell  # with the keys of the present code
    fit_key: str  # of the stored fit
    stored: tuple[StoredCell, ...]
    needed: frozenset[tuple[str, str]]  # (configuration, older code) that no record carries to the present code yet


@dataclass(frozen=True)
class Outcome:
    """What came of one stored cell."""

    candidate: Candidate
    stored: StoredCell
    difference: Difference | None
    recounts: tuple[Recount, ...]  # what the present code counts otherwise in it, whatever was learnt
    stored_on: str  # processor and torch


@dataclass(frozen=True)
class Verdict:
    """What came of one system."""

    system: str
    outcomes: tuple[Outcome, ...]
    failures: tuple[str, ...]  # why cells could not be computed
    records: tuple[Recheck, ...]  # one per older code version; none unless every cell is equal
    interrupted: bool = False

    @property
    def differing(self) -> tuple[Outcome, ...]:
        """The cells that are not what is stored."""
        return tuple(one for one in self.outcomes if one.difference is not None)


def candidates(study: Study, plan: Plan, store: Store) -> dict[str, list[Candidate]]:
    """By system, the cells whose older versions no record carries to the present code."""
    summaries, paths = store.summaries(), Paths(read_rechecks(store))
    configurations = Configurations(study, plan.ground)
    present = {one.cell: one for one in keyed(study, [one.cell for one in plan.cells], plan.ground)}
    probes: dict[StudyCell, list[Probe]] = {}
    for one, probe in plan.probed:
        probes.setdefault(one.cell, []).append(probe)
    found: dict[str, list[Candidate]] = {}

    def add(cell: KeyedCell, fit_key: str, stored: list[StoredCell]) -> None:
        unknown = [one for one in stored if paths.between(one.configuration, one.old_code, one.new_code) is None]
        needed = frozenset((one.configuration, one.old_code) for one in unknown)
        if needed:
            found.setdefault(cell.cell.system, []).append(Candidate(cell, fit_key, tuple(stored), needed))

    def of_probes(cell: KeyedCell, at: KeyedCell) -> list[StoredCell]:
        """The stored probes of the fit that `at` names."""
        pairs = [(at, probe) for probe in probes.get(cell.cell, ())]
        code = probe_code(cell.code_version)
        return [
            StoredCell(one.key, "probe", where, str(one.code_version), code, cell.probe_key(study, probe), probe)
            for _, probe, where, one in older_probes(study, pairs, plan.ground, summaries)
        ]

    def stored_cell(cell: KeyedCell, kind: CellKind, one: CellSummary) -> StoredCell:
        key = cell.fit_key if kind == "fit" else cell.test_key
        where = configurations.of(cell.cell, kind)
        return StoredCell(one.key, kind, where, str(one.code_version), cell.code_version, key)

    older = older_fits(study, plan.cells, plan.ground, summaries)
    for planned in plan.cells:
        cell = present[planned.cell]
        for fit in older.get(planned.cell, ()):
            stored = [stored_cell(cell, "fit", fit.fit)]
            if fit.test is not None and fit.test.code_version != cell.code_version:
                stored.append(stored_cell(cell, "test", fit.test))
            add(cell, fit.fit.key, stored + of_probes(cell, replace(cell, fit_key=fit.fit.key)))
        if planned.fit_key in summaries:  # of the present code, or carried: its probes may be of older code still
            add(cell, planned.fit_key, of_probes(cell, planned))
    return found


def drawn(choices: Sequence[Candidate], n_cells: int, n_each: int = 1) -> list[Candidate]:
    """A sample of one system's candidates: `n_each` or more of all that is needed, `n_cells` or more of each protocol.

    Where fewer are stored, it takes in those.
    """
    codes = sorted({(one.old_code, one.new_code) for candidate in choices for one in candidate.stored})
    generator = random.Random(digest({"system": choices[0].cell.cell.system, "codes": codes}))
    waiting = sorted(choices, key=lambda one: (one.cell.cell, one.fit_key))
    generator.shuffle(waiting)
    n_stored = Counter(pair for one in waiting for pair in one.needed)
    taken: list[Candidate] = []

    def take(one: Candidate) -> None:
        waiting.remove(one)
        taken.append(one)

    for n in range(1, n_each + 1):
        n_taken = Counter(pair for one in taken for pair in one.needed)
        needed = {pair for pair, stored in n_stored.items() if n_taken[pair] < min(n, stored)}
        while needed:
            best = max(waiting, key=lambda one: len(one.needed & needed))  # of equals, the first of the drawing
            needed -= best.needed
            take(best)
    for protocol in sorted({one.cell.cell.protocol for one in choices}):
        n_left = n_cells - len({one.cell.cell for one in taken if one.cell.cell.protocol == protocol})
        for one in [one for one in waiting if one.cell.cell.protocol == protocol][: max(0, n_left)]:
            take(one)
    return taken


def plan_of(study: Study, ground: Ground, sample: Iterable[Candidate]) -> Plan:
    """The cells of a sample as what is missing of the store aside."""
    kinds: dict[KeyedCell, set[str]] = {}
    probes: dict[KeyedCell, dict[Probe, None]] = {}
    for one in sample:
        kinds.setdefault(one.cell, {"fit"}).update(stored.kind for stored in one.stored)
        probes.setdefault(one.cell, {}).update((stored.probe, None) for stored in one.stored if stored.probe)
    order: tuple[CellKind, ...] = ("fit", "test")
    return Plan(
        study,
        ground,
        tuple(kinds),
        tuple((cell, tuple(kind for kind in order if kind in wanted)) for cell, wanted in kinds.items()),
        confirm=True,
        probed=tuple((cell, probe) for cell, wanted in probes.items() for probe in wanted),
        missing_probes=tuple((cell, tuple(wanted)) for cell, wanted in probes.items() if wanted),
    )


@contextmanager
def from_nothing() -> Iterator[Path]:
    """A folder for stores aside, and an empty cache meanwhile: decoded recordings and pictures that older code left in
    the cache would hide a change of the code that makes them. The cells' processes get it from the first that is
    started, so it is one for all of them."""
    known = os.environ.get(ENVIRONMENT_VARIABLE)
    with TemporaryDirectory() as folder:
        os.environ[ENVIRONMENT_VARIABLE] = str(Path(folder) / "cache")
        try:
            yield Path(folder)
        finally:
            if known is None:
                del os.environ[ENVIRONMENT_VARIABLE]
            else:
                os.environ[ENVIRONMENT_VARIABLE] = known


def as_run_computes(
    data_root: Path | None, progress: Progress, options: Options, command: Sequence[str] = ()
) -> Recompute:
    """The way in which `trichord run` computes cells."""

    def recompute(plan: Plan, aside: Store) -> Execution:
        return run_plan(plan, aside, data_root, progress, options, command=command)

    return recompute


def recheck_system(
    study: Study,
    ground: Ground,
    store: Store,
    choices: Sequence[Candidate],
    n_cells: int,
    aside_folder: Path,
    recompute: Recompute,
    command: Sequence[str] = (),
) -> Verdict:
    """Compute a sample of one system's candidates anew, compare it, and write down what came of it."""
    aside = open_store(aside_folder, create=True)
    system = choices[0].cell.cell.system
    sample: list[Candidate] = []
    for n_each in (1, CELLS_FOR_A_COUNT):
        more = [one for one in drawn(choices, n_cells, n_each) if one not in sample]
        if not more:
            break
        execution = recompute(plan_of(study, ground, more), aside)
        if execution.interrupted:
            return Verdict(system, (), (), (), interrupted=True)
        sample += more
        cells = [(one, stored) for one in sample for stored in one.stored if aside.has(stored.new_key)]
        outcomes = _with_counts(store, aside, [_outcome(store, aside, *one) for one in cells], choices)
        failures = tuple(f"{_named(one.task.cell.cell)}: {one.reason}" for one in execution.failed)
        if failures or any(one.difference for one in outcomes) or not any(one.recounts for one in outcomes):
            break
    verdict = Verdict(system, tuple(outcomes), failures, ())
    _write_looks(study, ground, store, verdict.differing)
    if verdict.differing or failures:
        return verdict
    verdict = replace(verdict, records=_records(study, store, outcomes, command))
    for record in verdict.records:
        store.save_recheck(record.model_dump(mode="json"))
    return verdict


def elsewhere(outcome: Outcome) -> str:
    """What else may make a cell differ than the code: "" where it was stored on such a processor and torch."""
    here = computed_here()
    if outcome.stored_on == here:
        return ""
    return (
        f"It was stored on {outcome.stored_on}, and computed anew on {here}: floats may differ by that alone. "
        "Recheck on a machine like the first."
    )


def _outcome(store: Store, aside: Store, candidate: Candidate, stored: StoredCell) -> Outcome:
    """What came of one stored cell, its counts left aside."""
    older, newer = store.load(stored.key), aside.load(stored.new_key)
    found = first_difference(older, newer, with_counts=False)
    if found is None and stored.kind == "fit" and store.has_weights(stored.key):
        found = difference_in("weights", weights_of(store, stored.key), weights_of(aside, stored.new_key))
    recounts = recounts_between(stored.configuration, older, newer)
    return Outcome(candidate, stored, found, recounts, computed_on(store.provenance(stored.key)))


def weights_of(store: Store, key: str) -> dict[str, NDArray[Any]]:
    """The weights of a fit cell by name; none where it was stored without."""
    kept = store.load_weights(key) if store.has_weights(key) else {}
    return {name: value.numpy() for name, value in kept.items()}


def _with_counts(
    store: Store, aside: Store, outcomes: Sequence[Outcome], choices: Iterable[Candidate]
) -> list[Outcome]:
    """The outcomes, with what is counted otherwise as a difference unless it is so whatever was learnt."""
    carried_by: dict[tuple[str, ...], set[str]] = {}  # the stored cells that one record would carry over
    for candidate in choices:
        for stored in candidate.stored:
            carried_by.setdefault(_carrier(stored), set()).add(stored.key)
    recounts: dict[tuple[str, ...], set[tuple[Recount, ...]]] = {}
    for one in outcomes:
        recounts.setdefault(_carrier(one.stored), set()).add(one.recounts)

    def follows_structure(stored: StoredCell) -> bool:
        among = recounts[_carrier(stored)]
        cells = map(store.load, carried_by[_carrier(stored)])
        return len(among) == 1 and all(one.holds_for(cell) for cell in cells for one in next(iter(among)))

    def judged(one: Outcome) -> Outcome:
        if one.difference is not None or not one.recounts or follows_structure(one.stored):
            return one
        return replace(one, difference=first_difference(store.load(one.stored.key), aside.load(one.stored.new_key)))

    return [judged(one) for one in outcomes]


def _carrier(stored: StoredCell) -> tuple[str, ...]:
    """What a record that carries the cell over speaks for."""
    return stored.configuration, stored.old_code, stored.new_code


def _write_looks(study: Study, ground: Ground, store: Store, differing: Iterable[Outcome]) -> None:
    """Other answers on test clips were seen: that is a look."""
    looks = [
        EarlierLook(
            content_hash=ground.content_hash,
            protocol=cell.protocol,
            fold=cell.fold,
            configuration=f"{study.name}: {cell.system}, seed {cell.seed}, code {one.stored.new_code[:SHOWN_CODE]}, "
            f"rechecked and unequal to code {one.stored.old_code[:SHOWN_CODE]}",
            n=1,
            key=one.stored.new_key,
        )
        for one in differing
        if one.stored.kind in KINDS_THAT_LOOK and one.difference is not None and not one.difference.of_counts
        for cell in (one.candidate.cell.cell,)
    ]
    if looks:
        store.add_earlier_looks(looks)


def _records(study: Study, store: Store, outcomes: Sequence[Outcome], command: Sequence[str]) -> tuple[Recheck, ...]:
    """One record per older code version and what it was compared with."""
    by_codes: dict[tuple[str, str], list[Outcome]] = {}
    for one in outcomes:
        by_codes.setdefault((one.stored.old_code, one.stored.new_code), []).append(one)
    return tuple(
        record_of(
            study.name,
            group[0].candidate.cell.cell.system,
            codes,
            _changed_modules(study, store, group),
            [
                compared_cell(one.candidate.cell.cell, one.stored.key, one.stored.kind, one.stored.configuration)
                for one in group
            ],
            dict.fromkeys(recount for one in group for recount in one.recounts),
            (one.stored_on for one in group),
            command,
            test_cells_recomputed=sum(one.stored.kind in KINDS_THAT_LOOK for one in group),
        )
        for codes, group in sorted(by_codes.items())
    )


def _changed_modules(study: Study, store: Store, group: Sequence[Outcome]) -> tuple[str, ...] | None:
    """Modules that are new, gone, or of another syntax tree; None where a stored cell does not name its own."""
    modules = code_version(study, study.system(group[0].candidate.cell.cell.system)).modules
    now = {name: shown[:SHOWN_DIGITS] for name, shown in modules.items()}
    changed: set[str] = set()
    for one in group:
        then: Mapping[str, Any] | None = store.provenance(one.stored.key).get("code_modules")
        if not then:
            return None
        changed |= {name for name in {*then, *now} if then.get(name) != now.get(name)}
    return tuple(changed)


def _named(cell: StudyCell) -> str:
    return f"{cell.system} · {cell.protocol} · {cell.fold} · seed {cell.seed}"
