# studies/recheck.py
"""Evidence that older code and newer code compute the same: what `trichord recheck` keeps, and what follows from it.

    STORE/rechecks/<key>.json       the key is the SHA-256 of what is kept; it carries its seal (`sealed_json.py`)

A record says that the codes `old_code` and `new_code` compute the same cells of a system, bit for bit
(`bit_equality.py`). It speaks for configurations, and for no others: a configuration is all that a cell's specification
holds but fold, seed and whether pictures are kept. So the same system with other options, under another protocol, on
other recordings or on another backend is not carried by it. There are three kinds:

    whole         stored cells were computed anew from nothing; test cells and probes are carried where some were too
    `shortened`   both codes made trainings cut short, on validation clips (`short_rechecking.py`); test cells and
                  probes are carried with the fit cells, as the same networks on other clips
    `same_clips`  the codes differ in what finds recordings alone, and both read the same clips (`same_clips.py`)

From then on every command takes the older cells for cells of the present code: for a cell that is missing, an older one
of the same specification stands in, where records lead from its code to the present code, one or several in a row.
Records are evidence: they are added and never changed, and `trichord gc` leaves them.

Code that only counts otherwise changes no answer, and its older cells need no training: where everything else came out
equal, and the counts that differ stood in every stored cell of the configuration as one and the same number (so they
follow what the network is, not what it learnt), the record holds them as they were and as they are counted now. A
carried cell is read with the counts of now (`Carrier.as_counted_now`); what is stored stays as it is.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import Key, OperationCounts
from studies.cell import CellKind, CellResult, StudyCell
from studies.cell_key import digest, specification_of, test_key
from studies.grid import Ground, KeyedCell, describe
from studies.index import CellSummary
from studies.key_maker import KeyMaker
from studies.probe import Probe, describe_probe
from studies.specification import Study

if TYPE_CHECKING:
    from studies.store import Store

OF_ONE_CELL = ("fold", "seed", "pictures")  # what a specification holds beside the configuration
SHOWN_CODE = 12


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ComparedCell(_Model):
    """A stored cell that was computed anew and came out equal; of a short recheck, one of those that it speaks for."""

    key: str
    kind: str  # "fit", "test" or "probe"
    configuration: str  # SHA-256 of what the record speaks for
    protocol: str
    fold: str
    seed: int


class CountChange(_Model):
    """One count of a run, as older and as newer code have it; 0 where a code does not count it."""

    stage: str
    layer: str
    operation: str
    old: float
    new: float

    @property
    def key(self) -> Key:
        """Under which `OperationCounts` has it."""
        return self.stage, self.layer, self.operation


class Recount(_Model):
    """What newer code counts otherwise in one run of every cell of a configuration."""

    configuration: str
    run: int  # its place among the runs of the cell
    backend: str
    changes: tuple[CountChange, ...] = Field(min_length=1)

    @property
    def said(self) -> str:
        """The sums of what changed, by operation."""
        old, new = Counter[str](), Counter[str]()
        for one in self.changes:
            old[one.operation] += one.old  # type: ignore[assignment]  # a Counter adds up floats as well
            new[one.operation] += one.new  # type: ignore[assignment]
        sums = ", ".join(f"{name} {old[name]:g} -> {new[name]:g}" for name in old)
        n_layers = len({(one.stage, one.layer) for one in self.changes})
        return f"counts of {self.backend} put right in {_layers(n_layers)}: {sums}"

    def holds_for(self, result: CellResult) -> bool:
        """Whether a cell has the older counts."""
        counts = result.runs[self.run].counts.counts
        return all(counts.get(one.key, 0.0) == one.old for one in self.changes)

    def applied(self, result: CellResult) -> CellResult:
        """The cell with the newer counts; InputError where it does not have the older."""
        if not self.holds_for(result):
            raise InputError(
                f"a stored run on {self.backend} has other counts than the recheck that carries it over says: they "
                "follow what was learnt. Remove that record from the store's folder `rechecks`, and run the study."
            )
        counts = dict(result.runs[self.run].counts.counts)
        for one in self.changes:
            counts[one.key] = one.new
        runs = list(result.runs)
        runs[self.run] = replace(runs[self.run], counts=OperationCounts({k: n for k, n in counts.items() if n}))
        return replace(result, runs=tuple(runs))


class Shortened(_Model):
    """That trainings cut short were compared, which the code at a revision and the newer code did side by side."""

    revision: str
    n_epochs: int


class SameClips(_Model):
    """That the code at a revision and the newer code differ in what finds recordings alone, and read the same clips."""

    revision: str
    clips: str  # SHA-256 over every clip and fold


class Recheck(_Model):
    """Stored cells of one system and one code version, equal under another."""

    study: str
    system: str
    old_code: str
    new_code: str
    changed_modules: tuple[str, ...] | None  # whose syntax trees differ; None: the stored cells do not name theirs
    compared: tuple[ComparedCell, ...] = Field(min_length=1)
    recounted: tuple[Recount, ...] = ()  # what the newer code counts otherwise
    shortened: Shortened | None = None  # then `compared` are the cells that it speaks for
    same_clips: SameClips | None = None  # likewise
    test_cells_recomputed: int  # tests and probes: answers that had been seen, so that none of them is a new look
    cpu: str
    torch: str | None
    stored_on: tuple[str, ...]  # processor and torch that the stored cells were computed with
    date: str
    git: dict[str, Any]
    command: tuple[str, ...]

    @property
    def said(self) -> str:
        """The record in one sentence."""
        revision = str(self.git.get("revision") or "no checkout")[:10]
        changed = " with local changes" if self.git.get("dirty") else ""
        kinds = Counter(one.kind for one in self.compared)
        places = {(change.stage, change.layer) for one in self.recounted for change in one.changes}
        but = f" but for counts, put right in {_layers(len(places))}" if places else ""
        if self.same_clips is not None:
            read = self.same_clips
            how = (
                f"by the clips and folds, which the code of revision {read.revision[:10]} and this, that differ in "
                f"nothing but what finds them, read alike (SHA-256 {read.clips[:SHOWN_CODE]})"
            )
        elif self.shortened is None:
            of_kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
            how = f"with {len(self.compared)} cells compared ({of_kinds}), all equal bit for bit{but}"
        else:
            short = self.shortened
            by = f"to {short.n_epochs} epochs, by the code of revision {short.revision[:10]} and by this"
            how = f"with trainings compared that are cut short ({by}), all equal bit for bit{but}"
        return (
            f"{self.system}: computed by code {self.old_code[:SHOWN_CODE]}, rechecked under "
            f"{self.new_code[:SHOWN_CODE]} {how}; {self.cpu}, torch {self.torch}, {self.date[:10]}, "
            f"revision {revision}{changed}"
        )


def configuration_of(specification: Mapping[str, Any]) -> str:
    """The digest of what cells of other folds and seeds have in common with one; its kind is part of it."""
    return digest({name: value for name, value in specification.items() if name not in OF_ONE_CELL})


def changed_counts(older: OperationCounts, newer: OperationCounts) -> tuple[CountChange, ...]:
    """The counts that differ, in the order of the older, what is new behind them."""
    before, after = older.counts, newer.counts
    return tuple(
        CountChange(stage=key[0], layer=key[1], operation=key[2], old=before.get(key, 0.0), new=after.get(key, 0.0))
        for key in dict.fromkeys([*before, *after])
        if before.get(key, 0.0) != after.get(key, 0.0)
    )


def recounts_between(configuration: str, older: CellResult, newer: CellResult) -> tuple[Recount, ...]:
    """What newer code counts otherwise in a cell that both computed, run by run."""
    found = []
    for number, (old, new) in enumerate(zip(older.runs, newer.runs, strict=True)):
        if changes := changed_counts(old.counts, new.counts):
            found.append(Recount(configuration=configuration, run=number, backend=old.backend, changes=changes))
    return tuple(found)


def read_rechecks(store: "Store") -> dict[str, Recheck]:
    """Every record of the store, and of the one behind it, by key."""
    return {key: _read(key, raw) for key, raw in sorted(store.rechecks().items())}


def rechecks_of(cells: Iterable[KeyedCell], store: "Store") -> list[Recheck]:
    """The records that carry these cells over, in the order of their keys."""
    used = {key for cell in cells for key in cell.rechecks}
    return [one for key, one in read_rechecks(store).items() if key in used] if used else []


@dataclass(frozen=True)
class Carrier:
    """What a store holds to carry cells over: its records, and what is known of its cells; each is read once."""

    store: "Store"

    @cached_property
    def records(self) -> dict[str, Recheck]:
        """Every record, by key."""
        return read_rechecks(self.store)

    @cached_property
    def summaries(self) -> dict[str, CellSummary]:
        """Every committed cell, by key."""
        return self.store.summaries()

    @cached_property
    def paths(self) -> "Paths":
        """How the records lead from older code to newer."""
        return Paths(self.records)

    def as_counted_now(self, key: str, configuration: str, code: str, result: CellResult) -> CellResult:
        """A stored cell with the counts that `code` gives it, by the records that carry it over to that code."""
        way = self.paths.between(configuration, str(self.summaries[key].code_version), code) if self.records else ()
        for record in way or ():
            for one in self.records[record].recounted:
                if one.configuration == configuration:
                    result = one.applied(result)
        return result


class Paths:
    """How records lead from older code to newer, configuration by configuration."""

    def __init__(self, records: Mapping[str, Recheck]) -> None:
        self._steps: dict[tuple[str, str], dict[str, str]] = {}  # (configuration, code) -> {newer code: record}
        for key, record in records.items():
            for cell in record.compared:
                self._steps.setdefault((cell.configuration, record.old_code), {}).setdefault(record.new_code, key)

    def between(self, configuration: str, old_code: str, new_code: str) -> tuple[str, ...] | None:
        """The keys of the fewest records that lead there; () where the codes are one, None where nothing does."""
        reached: dict[str, tuple[str, ...]] = {old_code: ()}
        waiting = deque([old_code])
        while waiting:
            code = waiting.popleft()
            if code == new_code:
                return reached[code]
            for newer, key in sorted(self._steps.get((configuration, code), {}).items()):
                if newer not in reached:
                    reached[newer] = (*reached[code], key)
                    waiting.append(newer)
        return None


class Configurations:
    """The configurations of a study's cells; those that cells share are digested once."""

    def __init__(self, study: Study, ground: Ground) -> None:
        self._study, self._ground = study, ground
        self._known: dict[tuple[str, str, int, CellKind], tuple[str, dict[str, Any]]] = {}

    def of(self, cell: StudyCell, kind: CellKind) -> str:
        """Of a fit or a test cell."""
        return self._shared(cell, kind)[0]

    def test_key(self, cell: StudyCell, fit_key: str) -> str:
        """The key of the test cell of a fit."""
        return test_key(fit_key, self._shared(cell, "test")[1])

    def _shared(self, cell: StudyCell, kind: CellKind) -> tuple[str, dict[str, Any]]:
        place = (cell.system, cell.protocol, cell.seed, kind)
        if place not in self._known:
            specification = specification_of(self._study, cell, self._ground.content_hash, kind)
            self._known[place] = (configuration_of(specification), specification)
        return self._known[place]


@dataclass(frozen=True)
class OlderFit:
    """A committed fit cell of a study's cell that older code computed, and its test cell where it has one."""

    fit: CellSummary
    test_key: str
    test: CellSummary | None


def older_fits(
    study: Study, cells: Sequence[KeyedCell], ground: Ground, summaries: Mapping[str, CellSummary]
) -> dict[StudyCell, list[OlderFit]]:
    """Of each cell whose fit is not committed under its code: the committed fits of the same specification."""
    by_specification: dict[str, list[CellSummary]] = {}
    for one in summaries.values():
        if one.kind == "fit" and one.specification_key is not None:
            by_specification.setdefault(one.specification_key, []).append(one)
    maker = KeyMaker(study, ground.content_hash, {one.cell.system: one.code_version for one in cells})
    configurations = Configurations(study, ground)
    found: dict[StudyCell, list[OlderFit]] = {}
    for keyed_cell in cells:
        if keyed_cell.fit_key in summaries:
            continue
        for fit in by_specification.get(maker.of(keyed_cell.cell).fit_specification, []):
            key = configurations.test_key(keyed_cell.cell, fit.key)
            found.setdefault(keyed_cell.cell, []).append(OlderFit(fit, key, summaries.get(key)))
    return found


def carried(study: Study, cells: Sequence[KeyedCell], ground: Ground, carrier: Carrier) -> list[KeyedCell]:
    """Let older cells stand in for those that are missing, where records lead from their code to the present code."""
    if not carrier.records:
        return list(cells)
    paths, configurations = carrier.paths, Configurations(study, ground)
    older = older_fits(study, cells, ground, carrier.summaries)

    def stand_in(keyed_cell: KeyedCell) -> KeyedCell:
        cell, code = keyed_cell.cell, keyed_cell.code_version
        ways = []
        for one in older.get(cell, ()):
            of_fit = paths.between(configurations.of(cell, "fit"), str(one.fit.code_version), code)
            tested = code if one.test is None else str(one.test.code_version)
            of_test = paths.between(configurations.of(cell, "test"), tested, code)
            if of_fit is not None and of_test is not None:
                order = (one.test is None, len(of_fit), str(one.fit.code_version))
                ways.append((order, tuple(dict.fromkeys(of_fit + of_test)), one))
        if not ways:
            return keyed_cell
        _, used, best = min(ways, key=lambda way: way[0])
        old_code = str(best.fit.code_version)
        return replace(keyed_cell, fit_key=best.fit.key, test_key=best.test_key, rechecked_code=old_code, rechecks=used)

    return [stand_in(one) for one in cells]


def older_probes(
    study: Study,
    probed: Iterable[tuple[KeyedCell, Probe]],
    ground: Ground,
    summaries: Mapping[str, CellSummary],
) -> list[tuple[KeyedCell, Probe, str, CellSummary]]:
    """Of each probe that is not committed by the present code, that of its system included: the configuration, and each
    committed probe of the same fit cell and specification."""
    stored: dict[tuple[str, str], list[CellSummary]] = {}
    for one in summaries.values():
        if one.kind == "probe":
            stored.setdefault((str(one.fit_key), str(one.specification_key)), []).append(one)
    if not stored:
        return []
    found = []
    for keyed_cell, probe in probed:
        committed = summaries.get(keyed_cell.probe_key(study, probe))
        if committed is None or committed.code_version != probe_code(keyed_cell.code_version):
            described = describe_probe(describe(study, keyed_cell, ground, "test"), probe)
            configuration = configuration_of(described["specification"])
            for one in stored.get((keyed_cell.fit_key, described["specification_key"]), ()):
                found.append((keyed_cell, probe, configuration, one))
    return found


def with_carried_probes(
    study: Study, probed: Sequence[tuple[KeyedCell, Probe]], ground: Ground, carrier: Carrier
) -> dict[StudyCell, KeyedCell]:
    """The cells some of whose missing probes older ones stand in for, with the keys of those."""
    if not carrier.records or not probed:
        return {}
    changed: dict[StudyCell, KeyedCell] = {}
    for keyed_cell, probe, configuration, one in older_probes(study, probed, ground, carrier.summaries):
        way = carrier.paths.between(configuration, str(one.code_version), probe_code(keyed_cell.code_version))
        now = changed.get(keyed_cell.cell, keyed_cell)
        if way is not None and probe not in dict(now.older_probes):
            rechecks = tuple(dict.fromkeys((*now.rechecks, *way)))
            changed[keyed_cell.cell] = replace(
                now, older_probes=(*now.older_probes, (probe, one.key)), rechecks=rechecks
            )
    return changed


def probe_configuration(study: Study, keyed_cell: KeyedCell, ground: Ground, probe: Probe) -> str:
    """The configuration of a probe of a cell."""
    return configuration_of(describe_probe(describe(study, keyed_cell, ground, "test"), probe)["specification"])


def probe_code(code_version: str) -> str:
    """The code version of a probe cell whose system's own code is `code_version`, under the present code of probes."""
    return str(describe_probe({"specification": {}, "code_version": code_version}, Probe("snr_db", ()))["code_version"])


def _layers(n: int) -> str:
    return f"{n} layer{'s' if n > 1 else ''}"


def _read(key: str, raw: Mapping[str, Any]) -> Recheck:
    try:
        return Recheck.model_validate(raw)
    except ValidationError as error:
        raise InputError(
            f"recheck {key[:12]} was made by another version of Trichord ({error.errors()[0]['msg']}). "
            "Remove its file from the store's folder `rechecks`, and run `trichord recheck` again."
        ) from error
