# studies/report/sections/early_decision.py
"""Decisions before the clip is over: accuracy, seconds heard and joules of early exit beside the whole clip."""

from typing import Any

from classical_baselines.harness.energy import SCENARIOS
from studies.early_decision import HEADER, EarlyRow, early_rows, table_note
from studies.report.section import Section, Values
from studies.results import StudyResults


def values(results: StudyResults) -> Values | None:
    """Left out where no system was asked before the clip was over."""
    rows = early_rows(results)
    if not rows:
        return None
    lines = [
        {
            "family": row.system.family,
            "deployment": row.deployment,
            "title": row.title,
            "cells": [_cell(text, sort) for text, sort in zip(row.texts[1:], _sorts(row), strict=True)],
        }
        for row in rows
    ]
    return {"header": HEADER, "early": lines, "note": table_note(rows)}


def _cell(text: str, sort: str) -> dict[str, Any]:
    """What stands first, and below it, a line each: an interval, a warning, or the rest of a list."""
    number, bracket, rest = text.partition(" [")
    first, *list_ = number.split(", ")
    below = f"[{rest}".replace("], ", "]\n").split("\n") if bracket else list_
    return {"text": first, "below": below, "sort": sort}


def _sorts(row: EarlyRow) -> list[str]:
    """What each cell after the title is sorted by."""
    joules = [
        each.energies[scenario].nominal_joules if scenario in each.energies else None
        for scenario in SCENARIOS
        for each in (row.whole, row.exit)
    ]
    numbers = (
        row.whole.interval.estimate,
        row.exit.interval.estimate,
        row.difference.difference,
    )
    texts = ["" if number is None else f"{number:.6g}" for number in (*numbers, row.exit.seconds, *joules)]
    return ["stream" if row.streams else "poll", *texts[:3], row.difference.verdict, texts[3], "", *texts[4:]]


SECTION = Section("early-decision", "Early decision", values)
