# studies/report/sections/integer_cost.py
"""What each precision between floats and the chip's integers costs: points, decisions, spikes, saturations."""

from studies.integer_cost import HEADER, PrecisionRow, lava_sentences, precision_rows, table_note
from studies.report.section import Section, Values
from studies.results import StudyResults


def values(results: StudyResults) -> Values | None:
    """Left out where no system was run at two precisions."""
    rows = precision_rows(results)
    if not rows:
        return None
    lines = [
        {
            "family": one.row.system.family,
            "title": one.row.title,
            "cells": [{"text": text, "sort": sort} for text, sort in zip(one.texts[1:-1], _sorts(one), strict=True)],
            "saturated": one.saturated_text,
        }
        for one in rows
    ]
    return {"header": HEADER, "lines": lines, "note": table_note(rows), "lava": lava_sentences(results)}


def _sorts(one: PrecisionRow) -> list[str]:
    """What each cell between the title and the saturations is sorted by."""
    numbers = (
        one.row.interval.estimate,
        None if one.lost is None else one.lost.difference,
        None if one.lost is None else one.lost.verdict,
        one.decisions_changed,
        one.spike_rate,
        None if one.lost is None else one.rate_change,
    )
    shown = ["" if value is None else value if isinstance(value, str) else f"{value:.6g}" for value in numbers]
    return [one.precision, *shown]


SECTION = Section("integer-cost", "What integers cost", values)
