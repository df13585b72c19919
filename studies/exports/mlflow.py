# studies/exports/mlflow.py
"""A study in MLflow: an experiment with a run for the study, and one below it per system, backend and protocol.

A run has the settings as parameters, accuracies and energies with their intervals as metrics, and revision, data and
evidence as tags; the report and its tables hang on the run of the study. MLflow is a copy to look at: the store stays
the truth, and nothing is read back. What was exported before is not exported twice.

`where` is a folder, which gets a database of its own, or the address of a tracking server. MLflow's own reporting is
switched off before it is imported.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from classical_baselines.harness.choices import InputError
from studies.cell_key import digest
from studies.results import Row, StudyResults

KEY = "trichord.key"  # the tag that knows an exported run again
SWITCHED_OFF = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
LONGEST_PARAMETER = 6000  # characters that MLflow takes


def export_mlflow(results: StudyResults, where: str) -> int:
    """Write the runs that are not there yet; return how many."""
    client, folder = _client(where)
    name = results.study.name
    experiment = client.get_experiment_by_name(name)
    location = None if folder is None else (folder / "artifacts").resolve().as_uri()
    number = experiment.experiment_id if experiment else client.create_experiment(name, artifact_location=location)
    present = {run.data.tags.get(KEY): run.info.run_id for run in _runs(client, number)}
    records = [(row, _parameters(row), dict(_metrics(row)), _tags(results, row)) for row in results.rows]
    whole = digest([[parameters, metrics, tags] for _, parameters, metrics, tags in records])
    parent = present.get(whole)
    if parent is None:
        parent = _write_run(client, number, name, {}, {}, {KEY: whole, "trichord.study": results.study.title})
        with TemporaryDirectory() as inside:
            from studies.report import write_report

            write_report(results, Path(inside))
            client.log_artifacts(parent, inside)
    n_new = 0
    for row, parameters, metrics, tags in records:
        key = digest([whole, parameters, metrics, tags])
        if key not in present:
            title = f"{row.system.name} · {row.run.backend.name} · {row.protocol}"
            below = {KEY: key, "mlflow.parentRunId": parent}
            _write_run(client, number, title, parameters, metrics, tags | below)
            n_new += 1
    return n_new


def _client(where: str) -> tuple[Any, Path | None]:
    """MLflow's client, and the folder of its database where `where` is one."""
    os.environ.update(SWITCHED_OFF)
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise InputError("--mlflow needs MLflow: install `trichord[mlflow]`, or mlflow-skinny beside it.") from error
    if "://" in where:
        return MlflowClient(tracking_uri=where), None
    folder = Path(where)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--mlflow {where}: this is a file. Name a folder, or the address of a tracking server.")
    folder.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=f"sqlite:///{(folder / 'mlflow.db').resolve()}"), folder


def _runs(client: Any, experiment: str) -> Iterator[Any]:
    """Every run of the experiment, page by page."""
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _write_run(
    client: Any,
    experiment: str,
    name: str,
    parameters: Mapping[str, str],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
) -> str:
    run = str(client.create_run(experiment, run_name=name, tags=dict(tags)).info.run_id)
    for key, value in parameters.items():
        client.log_param(run, key, value[:LONGEST_PARAMETER])
    for key, number in metrics.items():
        client.log_metric(run, key, number)
    client.set_terminated(run)
    return run


def _parameters(row: Row) -> dict[str, str]:
    """The settings of a system and of its run."""
    system = row.system
    training = {f"training.{name}": str(value) for name, value in system.training.model_dump().items()}
    parts = {"encoder": system.encoder, "classifier": system.classifier, "backend": row.run.backend}
    named = {name: choice.name for name, choice in parts.items()}
    options = {
        f"{name}.{option}": str(value) for name, choice in parts.items() for option, value in choice.options.items()
    }
    of_study = {"system": system.name, "family": system.family, "role": system.role, "protocol": row.protocol}
    return {**of_study, **named, **options, **training}


def _metrics(row: Row) -> Iterator[tuple[str, float]]:
    """Numbers that are known, each beside its bounds; what is not known is left out."""
    values: dict[str, float | None] = {
        "accuracy": row.interval.estimate,
        "accuracy_low": row.interval.low,
        "accuracy_high": row.interval.high,
        "macro_f1": row.macro_f1,
        "ece": row.ece,
        "cells": row.n_cells,
        "cells_wanted": row.n_wanted,
    }
    for energy in row.energies:
        place = f"joules/{energy.deployment}/{energy.boundary}/{energy.scenario}".replace("+", " and ")
        if energy.nominal_joules is None:
            continue
        name = f"{place}/at least" if energy.kind == "lower-bound" else place
        values |= {name: energy.nominal_joules, f"{place}/low": energy.low, f"{place}/high": energy.high}
    for name, value in values.items():
        if value is not None:
            yield name, float(value)


def _tags(results: StudyResults, row: Row) -> dict[str, str]:
    """Where the numbers come from, and how they were made."""
    provenances = results.provenances
    revisions = sorted({str((p.get("git") or {}).get("revision")) for p in provenances})
    hashes = sorted({str(p.get("data_content_hash")) for p in provenances})
    kinds = sorted({f"{e.deployment}/{e.boundary}/{e.scenario}: {e.kind}" for e in row.energies})
    imported = results.imports.get(row.system.name)
    return {
        "trichord.evidence": row.evidence,
        "trichord.title": row.title,
        "trichord.interval": row.interval.method,
        "trichord.revisions": ", ".join(revisions),
        "trichord.data": ", ".join(hashes),
        "trichord.energy_kinds": "; ".join(kinds),
        "trichord.imported_from": "" if imported is None else imported.record.source,
    }
