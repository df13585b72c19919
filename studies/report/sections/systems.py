# studies/report/sections/systems.py
"""A table per protocol: every system on every backend, with accuracy, energy and P(on the front)."""

from collections.abc import Mapping, Sequence
from typing import Any

from studies.budgets import EnergyRow
from studies.energy_answers import cheapest
from studies.pareto import front_probabilities
from studies.readout_saturation import warnings
from studies.report.section import Section, Values
from studies.results import Row, StudyResults
from studies.wording import energy_parts, interval_text, note_text, percent, said_notes


def _values(results: StudyResults) -> Values:
    tables = []
    for protocol in sorted(results.study.protocols, key=lambda p: p != results.study.headline_protocol):
        rows = sorted((r for r in results.rows if r.protocol == protocol.name), key=lambda r: -r.interval.estimate)
        if not rows:
            continue
        priced = {row.key: energy for row, energy in cheapest(rows)}
        chances = front_chances([(row, priced[row.key]) for row in rows if row.key in priced])
        tables.append(
            {
                "name": protocol.name,
                "evidence": rows[0].evidence,
                "rows": [_system_row(row, priced.get(row.key), chances.get(row.key)) for row in rows],
                "warnings": warnings(rows),
                "method": ", ".join(dict.fromkeys(row.interval.method for row in rows)),
            }
        )
    return {"protocols": tables}


def front_chances(priced: Sequence[tuple[Row, EnergyRow]]) -> Mapping[tuple[str, str], float]:
    """P(on the front of accuracy and energy) of every row that has groups and draws of a full price, and that fits."""
    fitting = [(row, energy) for row, energy in priced if not energy.does_not_fit]
    scores = {row.key: row.interval.group_scores for row, _ in fitting if row.interval.group_scores}
    draws = {row.key: energy.draws for row, energy in fitting if energy.draws is not None}
    return front_probabilities(scores, draws)


def _front(energy: EnergyRow | None, chance: float | None) -> str:
    """P(on the front); what does not fit its devices cannot stand there."""
    if energy is not None and energy.does_not_fit:
        return "does not fit"
    return "–" if chance is None else f"{chance:.2f}"


def _system_row(row: Row, energy: EnergyRow | None, chance: float | None) -> dict[str, Any]:
    n_parameters = row.notes.get("n_parameters")
    return {
        "title": row.title,
        "family": row.system.family,
        "role": row.system.role,
        "backend": row.run.backend.name,
        "headline": row.headline,
        "accuracy": interval_text(row.interval),
        "macro_f1": percent(row.macro_f1),
        "ece": "–" if row.ece is None else f"{row.ece:.3f}",
        "sd_seeds": percent(row.interval.sd_seeds),
        "sd_folds": percent(row.interval.sd_folds),
        "n_parameters": f"{n_parameters:,.0f}" if isinstance(n_parameters, int | float) else "–",
        "energy": ("–", "") if energy is None else energy_parts(energy),
        "joules": None if energy is None else energy.nominal_joules,
        "deployment": "" if energy is None else energy.deployment,
        "front": _front(energy, chance),
        "cells": f"{row.n_cells} of {row.n_wanted}",
        "complete": row.n_cells == row.n_wanted,
        "notes": "; ".join(
            f"{name} {note_text(value)}" for name, value in said_notes(row.notes).items() if name != "n_parameters"
        ),
    }


SECTION = Section("systems", "Systems", _values)
