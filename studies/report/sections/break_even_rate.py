# studies/report/sections/break_even_rate.py
"""Spike rates at which one spiking network uses as much energy as its dense rivals."""

from studies.break_even_rate import HEADER, Meeting, meetings, table_note
from studies.report.section import Section, Values
from studies.results import StudyResults


def values(results: StudyResults) -> Values | None:
    """Left out where the study has no spiking network at several rates."""
    found = meetings(results)
    if not found:
        return None
    lines = [
        {
            "family": one.rival.system.family,
            "cells": [{"text": text, "sort": sort} for text, sort in zip(one.texts, _sorts(one), strict=True)],
        }
        for one in found
    ]
    return {"header": HEADER, "lines": lines, "note": table_note(found)}


def _sorts(one: Meeting) -> list[str]:
    """What each cell is sorted by: "" by its text."""
    numbers = (None, None, None, one.rival_joules[0], one.joules[0], one.rate, one.accuracy, None)
    return ["" if number is None else f"{number:.6g}" for number in numbers]


SECTION = Section("break-even-rate", "Break-even spike rate", values)
