# studies/report/sections/probes.py
"""What trained systems do under changed conditions: other sound, shots, thresholds, parts of a picture left out."""

from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.robustness import cell_text, robustness, table_note


def values(results: StudyResults) -> Values | None:
    """Left out where no probe is committed."""
    if not results.probes:
        return None
    seeds = sorted({cell.seed for cell, _ in results.probes})
    return {"n_seeds": ", ".join(map(str, seeds)), "again": _fitted_again(results), **_robustness(results)}


def _robustness(results: StudyResults) -> Values:
    """The table of systems by conditions of the sound."""
    table = robustness(results)
    if table is None:
        return {"conditions": [], "robustness": [], "table_note": ""}
    rows = [
        {
            "title": row.system.title or row.system.name,
            "family": row.system.family,
            "cells": [
                {"text": cell_text(interval), "sort": "" if interval is None else f"{interval.estimate:.6f}"}
                for interval in row.accuracies
            ],
        }
        for row in table.rows
    ]
    return {
        "conditions": [condition.title for condition in table.conditions],
        "robustness": rows,
        "table_note": table_note(table),
    }


def _fitted_again(results: StudyResults) -> str:
    """Where weights were not in the store: how many networks were trained anew, and whether they answer as before."""
    cells = {cell: result.training for (cell, _), result in results.probes.items() if result.training}
    if not cells:
        return ""
    n_alike = sum(bool(training.get("answers_as_committed")) for training in cells.values())
    return (
        f"The weights of {len(cells)} cells were not in the store, so they were trained again for the probes; "
        f"{n_alike} of them give the stored answers on the validation clips, to the bits that are kept."
    )


SECTION = Section("probes", "Under changed conditions", values)
