# studies/importing.py
"""Results from elsewhere into a study's store: paired with its clips, checked whole, then committed.

Predictions answer for the clips of the study's own cells, by protocol, fold, seed and name of the clip, so an imported
system enters the same statistics as any other. Nothing is written before every line of every file has been checked.
"""

import csv
import datetime
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellKind, CellResult, RunRecord
from studies.cell_key import digest
from studies.import_files import COUNT_COLUMNS, JOULES_COLUMNS, PLACE_COLUMNS, Prediction, Predictions
from studies.imported import CODE_VERSION, KIND_OF, LABELS_ONLY, ImportRecord, Place, cell_of, key_of, specification_of
from studies.provenance import git_state, versions
from studies.results import StudyResults
from studies.store import Store

PREDICTIONS, COUNTS, JOULES = "predictions.csv", "counts.csv", "joules.csv"
SHOWN_CLIPS = 3


@dataclass(frozen=True)
class ImportedCell:
    """A cell that is about to be committed."""

    key: str
    description: Mapping[str, Any]
    result: CellResult


def references(results: StudyResults) -> dict[tuple[str, str, str], CellResult]:
    """The first of the study's own cells for every (protocol, fold, part): its clips are those to answer for."""
    found: dict[tuple[str, str, str], CellResult] = {}
    for part, cells in (("validation", results.fits), ("test", results.tests)):
        for cell, result in sorted(cells.items()):
            if cell.system not in results.imports:
                found.setdefault((cell.protocol, cell.fold, part), result)
    return found


def only_reference(results: StudyResults) -> CellResult:
    """Any cell of the study: labels and length of a clip are the same in all."""
    found = references(results)
    if not found:
        raise InputError(
            f"No cell of {results.study.name} is committed here, and imported results are paired with the clips of its "
            "cells. `trichord run` makes them; one system and one seed are enough."
        )
    return next(iter(found.values()))


def cells_of_import(
    results: StudyResults,
    record: ImportRecord,
    predictions: Predictions,
    counts: OperationCounts,
    content_hash: str,
) -> list[ImportedCell]:
    """Every cell of the import, all checked."""
    known = references(results)
    dataset = results.study.data.name
    by_place = _by_place(predictions)
    _check_places(results, predictions.path, by_place, known)
    cells = []
    for place, rows in by_place.items():
        reference = known[place.protocol, place.fold, place.part]
        specification = specification_of(record, place, dataset, content_hash)
        key = key_of(specification)
        description = {
            "kind": KIND_OF[place.part],
            "study": results.study.name,
            "cell": asdict(cell_of(record, place, dataset)),
            "specification": specification,
            "specification_key": digest(specification),
            "fit_key": key,
            "code_version": CODE_VERSION,
        }
        result = _result(record, predictions, rows, reference, counts, KIND_OF[place.part])
        cells.append(ImportedCell(key, description, result))
    return cells


def places_of(predictions: Predictions) -> tuple[Place, ...]:
    """The places that the predictions answer for, in order of entry."""
    return tuple(dict.fromkeys(row.place for row in predictions.rows))


def commit_import(store: Store, cells: list[ImportedCell], content_hash: str, by: str | None, note: str | None) -> int:
    """Commit the cells; return how many were not there yet. Cut short, it can be made again, and goes on."""
    source = {
        "git": git_state(),  # of the Trichord that imported; the results are of no code of ours
        "versions": {"trichord": versions()["trichord"]},
        "data_content_hash": content_hash,
        "command": ["trichord", "import"],
        "started_utc": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "by": by,
        "note": note,
    }
    return sum(store.commit(cell.key, cell.description, cell.result, source) for cell in cells)


def template_files(results: StudyResults) -> dict[str, str]:
    """File name to text: the clips of the study in a file to fill in, and the headers of the other two."""
    part = "test" if results.confirmed else "validation"
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    labels = only_reference(results).label_names
    writer.writerow([*PLACE_COLUMNS, *(f"probability_{label}" for label in labels)])
    for (protocol, fold, of_part), result in references(results).items():
        if of_part == part:
            for clip, target in zip(result.clip_names, result.targets, strict=True):
                place = (protocol, fold, results.study.seeds[0], part)
                writer.writerow([*place, clip, result.label_names[target], *[""] * len(labels)])
    return {
        PREDICTIONS: text.getvalue(),
        COUNTS: ",".join(COUNT_COLUMNS) + "\n",
        JOULES: ",".join(JOULES_COLUMNS) + "\n",
    }


def _by_place(predictions: Predictions) -> dict[Place, list[Prediction]]:
    found: dict[Place, list[Prediction]] = {}
    for row in predictions.rows:
        found.setdefault(row.place, []).append(row)
    return found


def _check_places(
    results: StudyResults,
    path: Path,
    by_place: Mapping[Place, list[Prediction]],
    known: Mapping[tuple[str, str, str], CellResult],
) -> None:
    """Every clip is one of the study's, with its label, once; every fold of a protocol is there, whole."""
    protocols = {protocol.name: protocol for protocol in results.study.protocols}
    for place, rows in by_place.items():
        where = f"{path}, line {rows[0].line}"
        choose(protocols, place.protocol, what=f"protocol of this study ({where})")
        folds = {fold: fold for protocol, fold, part in known if (protocol, part) == (place.protocol, place.part)}
        if not folds:
            confirm = " with --confirm" if place.part == "test" else ""
            raise InputError(
                f"{where}: no {place.part} clips of {place.protocol} are known here. `trichord run{confirm}` commits a "
                "cell that says which they are; one system and one seed are enough."
            )
        choose(folds, place.fold, what=f"fold of {place.protocol} with {place.part} cells ({where})")
        _check_clips(path, place, rows, known[place.protocol, place.fold, place.part])
    _check_whole(path, by_place, known)


def _check_clips(path: Path, place: Place, rows: list[Prediction], reference: CellResult) -> None:
    label_of = dict(zip(reference.clip_names, (reference.label_names[t] for t in reference.targets), strict=True))
    seen = Counter(row.clip for row in rows)
    for row in rows:
        where = f"{path}, line {row.line}"
        if row.clip not in label_of:
            raise InputError(f"{where}: {row.clip!r} is no {place.part} clip of {place.protocol}, fold {place.fold}.")
        if seen[row.clip] > 1:
            raise InputError(
                f"{where}: {row.clip!r} stands {seen[row.clip]} times in fold {place.fold}, seed {place.seed}; give "
                "each clip one line."
            )
        if row.target != label_of[row.clip]:
            raise InputError(
                f"{where}: the label of {row.clip!r} is {label_of[row.clip]!r} in this study; got {row.target!r}."
            )
    lacking = [clip for clip in reference.clip_names if clip not in seen]
    if lacking:
        shown = ", ".join(lacking[:SHOWN_CLIPS]) + (", ..." if len(lacking) > SHOWN_CLIPS else "")
        raise InputError(
            f"{path}: {place.protocol}, fold {place.fold}, seed {place.seed} lacks {len(lacking)} of its "
            f"{len(label_of)} {place.part} clips: {shown}."
        )


def _check_whole(
    path: Path, by_place: Mapping[Place, list[Prediction]], known: Mapping[tuple[str, str, str], CellResult]
) -> None:
    for protocol, seed, part in dict.fromkeys((place.protocol, place.seed, place.part) for place in by_place):
        wanted = [fold for of, fold, of_part in known if (of, of_part) == (protocol, part)]
        given = {p.fold for p in by_place if (p.protocol, p.seed, p.part) == (protocol, seed, part)}
        lacking = [fold for fold in wanted if fold not in given]
        if lacking:
            raise InputError(
                f"{path}: {protocol}, seed {seed} has no lines of the fold {lacking[0]}; a seed needs every fold: "
                f"{', '.join(wanted)}."
            )


def _result(
    record: ImportRecord,
    predictions: Predictions,
    rows: list[Prediction],
    reference: CellResult,
    counts: OperationCounts,
    kind: CellKind,
) -> CellResult:
    """The predictions in the order of the study's own cell, whose clips, groups and labels they share."""
    by_clip = {row.clip: row.logits for row in rows}
    run = RunRecord(
        backend=record.backend,
        logits=np.stack([by_clip[clip] for clip in reference.clip_names]),
        counts=counts,
        wall_seconds=float("nan"),  # nobody here took the time; the store keeps a null
        notes={} if predictions.has_scores else {"scores": LABELS_ONLY},
    )
    return CellResult(
        kind=kind,
        label_names=reference.label_names,
        clip_names=reference.clip_names,
        groups=reference.groups,
        targets=reference.targets,
        clip_seconds=reference.clip_seconds,
        n_training_clips=reference.n_training_clips,
        runs=(run,),
        training={"fitted": "elsewhere"},
    )


def refuse_name_taken(results: StudyResults, record: ImportRecord) -> None:
    """A system has one origin."""
    own = {system.name for system in results.study.systems} - set(results.imports)
    if record.system in own:
        raise InputError(f"--system {record.system}: a system of the study is called so. Give another name.")
    before = results.imports.get(record.system)
    if before is not None and before.record != record:
        raise InputError(
            f"--system {record.system}: other files were imported under this name ({before.said}). Give another name: "
            "what was imported stays, as its looks at the clips do."
        )
