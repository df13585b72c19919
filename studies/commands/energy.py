# studies/commands/energy.py
"""`trichord energy`: the budget of every run of a study, priced now, from the counts in the store."""

import json
from typing import Any

from classical_baselines.harness.choices import InputError
from studies.budgets import EnergyRow
from studies.commands.request import Request
from studies.results import Row, load_results

COLUMNS = ("system", "backend", "deployment", "scenario", "boundary", "kind", "joules", "5 %", "95 %")


def energy(request: Request, as_json: bool) -> int:
    """Print one line per run, deployment, scenario and boundary."""
    study = request.open_study()
    store = request.open_store(study)
    results = load_results(study, store, request.planned(study, store, confirm=True))
    priced = [(row, one) for row in results.rows for one in row.energies if row.protocol == results.rows[0].protocol]
    if not priced:
        raise InputError(f"No run of {study.name} is committed that names a deployment. `trichord run` makes them.")
    if as_json:
        print(json.dumps([_record(row, one) for row, one in priced]))
        return 0
    lines = [COLUMNS, *(_line(row, one) for row, one in priced)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    unpriced = sorted({term for _, one in priced for term in one.unpriced})
    if unpriced:
        print("\nA lower bound leaves out what has no published price: " + "; ".join(unpriced))
    return 0


def _line(row: Row, one: EnergyRow) -> tuple[str, ...]:
    joules = (
        "" if one.nominal_joules is None else f"{'≥ ' if one.kind == 'lower-bound' else ''}{one.nominal_joules:.3g}"
    )
    bounds = ["" if bound is None else f"{bound:.3g}" for bound in (one.low, one.high)]
    return (*row.key, one.deployment, one.scenario, one.boundary, one.kind, joules, *bounds)


def _record(row: Row, one: EnergyRow) -> dict[str, Any]:
    return {
        "system": row.system.name,
        "backend": row.run.backend.name,
        "deployment": one.deployment,
        "scenario": one.scenario,
        "boundary": one.boundary,
        "kind": one.kind,
        "joules_per_decision": one.nominal_joules,
        "low": one.low,
        "high": one.high,
        "joules_per_second_of_audio": one.per_second_joules,
        "unpriced": list(one.unpriced),
        "reason": one.reason or None,
        "labels": list(one.labels),
    }
