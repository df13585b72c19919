# studies/coefficient_table.py
"""The coefficients that the energies of a study rest on, and which of them decide."""

from typing import Any

from classical_baselines.harness.devices import describe_coefficients
from studies.answers import representatives
from studies.budgets import deciding_coefficients
from studies.energy_answers import cheapest
from studies.results import StudyResults


def coefficient_rows(results: StudyResults) -> list[dict[str, Any]]:
    """Every coefficient that a number of the report rests on; those that decide a family's ratio first."""
    used = {id for row in results.rows for energy in row.energies for id in energy.coefficient_ids}
    priced = {row.key: energy for row, energy in cheapest(results.headline_rows)}
    baseline = results.row(results.study.baseline)
    reference = priced.get(baseline.key) if baseline is not None else None
    weights: dict[str, float] = {}
    for row in representatives(results).values():
        energy = priced.get(row.key)
        if energy is None or reference is None or energy is reference:
            continue
        for id, correlation in deciding_coefficients(energy, reference):
            weights[id] = max(weights.get(id, 0.0), abs(correlation))
    deployed = {energy.deployment: energy.deployed for row in results.rows for energy in row.energies}.values()
    devices = {name: one.devices[name] for one in deployed for name in one.device_names}
    lines: dict[str, dict[str, Any]] = {}
    for entry in describe_coefficients(devices):
        id = str(entry["id"])
        if id not in used:
            continue
        line = lines.setdefault(id, {**entry, "operations": {}, "devices": {}, "weight": weights.get(id)})
        line["devices"][str(entry["device"])] = None  # a dictionary keeps the order, and each name once
        if entry["operation"]:
            line["operations"][str(entry["operation"]).replace("_", " ")] = None
    return sorted(lines.values(), key=lambda line: (-(line["weight"] or 0.0), line["device"], line["id"]))
