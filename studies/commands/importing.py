# studies/commands/importing.py
"""`trichord import`: predictions, counts and joules measured elsewhere, into the statistics of a study."""

from pathlib import Path
from typing import get_args

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.operations import OperationCounts
from studies.commands.request import Request
from studies.import_files import read_counts, read_joules, read_predictions, sha256_of
from studies.imported import ImportRecord
from studies.importing import (
    cells_of_import,
    commit_import,
    only_reference,
    places_of,
    refuse_name_taken,
    template_files,
)
from studies.plain_errors import explained
from studies.price_list import deployments
from studies.results import load_results
from studies.specification import Family


def import_results(
    request: Request,
    predictions: Path | None,
    counts: Path | None,
    joules: Path | None,
    template: Path | None,
    system: str | None,
    title: str | None,
    family: str | None,
    backend: str,
    deployed: list[str] | None,
    source: str | None,
    by: str | None,
    note: str | None,
) -> int:
    """Check every line of the files, then commit all of their cells; or write files to fill in."""
    study, store = request.opened()
    plan = request.planned(study, store, confirm=True)
    results = load_results(study, store, plan)
    if template is not None:
        return _write_template(template, template_files(results))
    if predictions is None:
        raise InputError("Name a file of predictions; --template DIR writes one to fill in.")
    said = {"--system": system, "--family": family, "--source": source}
    lacking = [option for option, value in said.items() if not (value or "").strip()]
    if lacking:
        raise InputError(
            f"{lacking[0]} is missing: an import says what it is (--system, --family) and whence (--source)."
        )
    choose({name: name for name in get_args(Family)}, str(family), what="family")
    for name in deployed or []:
        choose(deployments(study.device_files), name, what="deployment")
    if deployed and counts is None:
        raise InputError("--deployment prices counted operations; give them with --counts.")
    reference = only_reference(results)
    read = read_predictions(predictions, reference.label_names)
    counted = OperationCounts({}) if counts is None else read_counts(counts)
    if deployed and "front_end" not in counted.stages():
        raise InputError(
            f"{counts}: it counts nothing of the stage front_end, whose cost is in every budget here. Add it."
        )
    measured = () if joules is None else read_joules(joules, reference.clip_seconds, deployments(study.device_files))
    files = {"predictions": predictions, "counts": counts, "joules": joules}
    record = _record(
        system=system,
        title=title or system,
        family=family,
        backend=backend,
        deployments=tuple(deployed or ()),
        source=source,
        files={name: sha256_of(path) for name, path in files.items() if path is not None},
        has_scores=read.has_scores,
        measured=measured,
        places=places_of(read),
    )
    refuse_name_taken(results, record)
    cells = cells_of_import(results, record, read, counted, plan.ground.content_hash)
    target = request.open_store(study, create=True)
    n_new = commit_import(target, cells, plan.ground.content_hash, by, note)
    n_looks = sum(cell.result.kind == "test" for cell in cells)
    print(f"{record.title}: {len(cells)} cells imported, {n_new} of them new; {n_looks} are looks at test folds.")
    print(f"`trichord report {request.study}` and `trichord compare {request.study} {record.system} ...` take them in.")
    return 0


def _record(**values: object) -> ImportRecord:
    from pydantic import ValidationError

    try:
        return ImportRecord.model_validate(values)
    except ValidationError as error:
        raise InputError(f"--{explained(error, values)}") from error


def _write_template(folder: Path, files: dict[str, str]) -> int:
    """Never over a file that is there: it may be filled in already."""
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise InputError(f"--template {folder}: {there[0]} is there already. Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    print(f"{', '.join(files)} written to {folder}. Fill in the predictions; the other two files may be left out.")
    return 0
