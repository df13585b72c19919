"""Of clips of two senses: every system with one sense degraded in turn, and fusions beside the best single sense."""

from typing import Any

from studies.fused_senses import FusionRow, SensesRow, fusions_note, senses_table
from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.wording import interval_text, points_text


def values(results: StudyResults) -> Values | None:
    """Left out where no system was asked with degraded senses."""
    table = senses_table(results)
    if table is None:
        return None
    return {
        "conditions": table.titles,
        "rows": [_row(row) for row in table.rows],
        "fusions": [_fusion(row) for row in table.fusions],
        "note": fusions_note(table),
    }


def _row(row: SensesRow) -> dict[str, Any]:
    texts = [(interval_text(one), one.estimate) for one in row.accuracies]
    shows = {"both": "sound and image"}.get(row.senses, f"{row.senses} alone")
    return {"title": row.title, "family": row.system.family, "backend": row.backend, "senses": shows} | _cells(texts)


def _fusion(row: FusionRow) -> dict[str, Any]:
    texts = [(points_text(one), one.difference) for one in row.comparisons]
    return {
        "title": row.title,
        "family": row.system.family,
        "p": "–" if row.p_holm is None else f"{row.p_holm:.2g}",
        "verdict": row.comparisons[0].verdict,
    } | _cells(texts, [one.title or one.name for one in row.single])


def _cells(texts: list[tuple[str, float]], beside: list[str] | None = None) -> dict[str, Any]:
    """The number of each cell, and below it its interval and what it is held against."""
    cells = []
    for place, (text, sort) in enumerate(texts):
        number, _, interval = text.partition(" [")
        below = [f"[{interval}", *([] if beside is None else [beside[place]])]
        cells.append({"text": number, "below": below, "sort": f"{sort:.6g}"})
    return {"cells": cells}


SECTION = Section("two-senses", "Two senses", values)
