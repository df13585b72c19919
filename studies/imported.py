# studies/imported.py
"""Results from elsewhere, as a store keeps them: test (or validation) cells like any other, whose description says so.

    cell.json     specification.imported = what is imported, from which files, measured how; code_version = "imported"

Each cell of an import lists all of its places (protocol, fold, seed, part). An import of which a place is missing was
cut short and is left out whole, until it is made again. An imported system joins its study as a contender whose title
says that it is imported; its test cells are looks like any others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from classical_baselines.harness.choices import InputError
from studies.budgets import EnergyRow
from studies.cell import CellKind, CellResult, StudyCell
from studies.cell_key import digest
from studies.measured_energy import MeasuredEnergy, measured_row
from studies.specification import Choice, Family, Name, Run, Study, System

if TYPE_CHECKING:
    from studies.store import Store

CODE_VERSION = "imported"  # of a cell that no code of ours made
Part = Literal["test", "validation"]
KIND_OF: Mapping[str, CellKind] = {"test": "test", "validation": "fit"}
LABELS_ONLY = "labels only"  # the note of a run without scores: it has no calibration error and no likelihood


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Place(_Model):
    """Which clips some predictions answer for."""

    protocol: str
    fold: str
    seed: int
    part: Part


class ImportRecord(_Model):
    """What was imported as one system; the key of its cells is made of this."""

    system: Name
    title: str
    family: Family
    backend: Name
    deployments: tuple[Name, ...]  # that its counts are priced for
    source: str  # who measured what, on what, when
    files: dict[str, str]  # "predictions", "counts", "joules" -> SHA-256
    has_scores: bool  # False where the file gives labels alone
    measured: tuple[MeasuredEnergy, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Import:
    """An import that is committed whole."""

    record: ImportRecord
    by: str | None  # whoever imported it, as they call themselves
    note: str | None
    imported_utc: str
    keys: Mapping[tuple[StudyCell, CellKind], str]

    @property
    def title(self) -> str:
        """Of the system, wherever it stands."""
        return f"{self.record.title} (imported)"

    @property
    def as_system(self) -> System:
        """The system as a study names one; nothing of it can be run here."""
        run = Run(backend=Choice(name=self.record.backend), deployments=self.record.deployments)
        return System(
            name=self.record.system,
            family=self.record.family,
            title=self.title,
            augment=False,
            classifier=Choice(name="imported"),
            runs=(run,),
        )

    @property
    def said(self) -> str:
        """Where it comes from, in a line."""
        by = f", imported by {self.by}" if self.by else ", imported"
        note = f"; {self.note}" if self.note else ""
        files = ", ".join(f"{name} {sha256[:16]}" for name, sha256 in sorted(self.record.files.items()))
        return f"{self.title}: {self.record.source}{by} {self.imported_utc[:10]}{note} (SHA-256 of the files: {files})"

    def measured_rows(self, clip_seconds: float) -> tuple[EnergyRow, ...]:
        """Its measured energies, as rows beside the modelled ones."""
        return tuple(_measured_row(one, clip_seconds) for one in self.record.measured)


def key_of(specification: Mapping[str, Any]) -> str:
    """The key of an imported cell: what is imported, and the clips that it answers for."""
    return digest({"imported": specification})


def specification_of(record: ImportRecord, place: Place, dataset: str, content_hash: str) -> dict[str, Any]:
    """All that an imported cell depends on: the record holds the hashes of the files."""
    return {
        "kind": KIND_OF[place.part],
        "data": {"name": dataset, "content_hash": content_hash},
        "imported": record.model_dump(mode="json"),
        "place": place.model_dump(mode="json"),
    }


def cell_of(record: ImportRecord, place: Place, dataset: str) -> StudyCell:
    """The cell that some predictions are."""
    return StudyCell(dataset, place.protocol, place.fold, record.system, place.seed)


def read_imports(study: Study, store: "Store", content_hash: str) -> tuple[Import, ...]:
    """The imports of a study on these recordings that are committed whole, by name of their system."""
    found: dict[str, dict[tuple[StudyCell, CellKind], str]] = {}
    records: dict[str, ImportRecord] = {}
    for key, summary in store.summaries().items():
        where = (summary.code_version, summary.study, summary.content_hash)
        if where != (CODE_VERSION, study.name, content_hash):
            continue
        description = store.description(key)
        record = _record(key, description["specification"]["imported"])
        known_as = digest(record.model_dump(mode="json"))
        records[known_as] = record
        found.setdefault(known_as, {})[StudyCell(**description["cell"]), description["kind"]] = key
    whole = [name for name, record in records.items() if len(found[name]) == len(record.places)]
    imports = [_import(records[name], found[name], store) for name in whole]
    return tuple(sorted(imports, key=lambda one: one.record.system))


def with_imported(study: Study, imports: Iterable[Import]) -> Study:
    """The study with its imported systems after its own."""
    return study.model_copy(update={"systems": (*study.systems, *(one.as_system for one in imports))})


def imported_results(imports: Iterable[Import], store: "Store", kind: CellKind) -> dict[StudyCell, CellResult]:
    """The imported cells of one kind."""
    return {cell: store.load(key) for one in imports for (cell, of_kind), key in one.keys.items() if of_kind == kind}


def _record(key: str, raw: Any) -> ImportRecord:
    try:
        return ImportRecord.model_validate(raw)
    except ValidationError as error:
        raise InputError(
            f"cell {key[:12]} was imported by another version of Trichord ({error.errors()[0]['msg']}). "
            "Read the store with that version, or import the files again into a new store."
        ) from error


def _import(record: ImportRecord, keys: Mapping[tuple[StudyCell, CellKind], str], store: "Store") -> Import:
    provenance = store.provenance(min(keys.values()))
    return Import(record, provenance.get("by"), provenance.get("note"), str(provenance.get("started_utc", "")), keys)


def _measured_row(one: MeasuredEnergy, clip_seconds: float) -> EnergyRow:
    n = len(one.joules_by_window)
    label = f"measured elsewhere: {one.meter}, {n} windows of {one.window_seconds:g} s or more"
    return measured_row(one, clip_seconds, f"{one.device}, measured elsewhere", (label,))
