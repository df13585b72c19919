# studies/report/sections/energy_curves.py
"""Families as curves of accuracy against energy, two and two beside each other."""

from studies.energy_curves import HEADER, Pair, pairs, table_note
from studies.report.section import Section, Values
from studies.results import StudyResults


def values(results: StudyResults) -> Values | None:
    """Left out where the study has no two curves."""
    found = pairs(results)
    if not found:
        return None
    lines = [[{"text": text, "sort": sort} for text, sort in zip(one.texts, _sorts(one), strict=True)] for one in found]
    return {"header": HEADER, "lines": lines, "note": table_note(found)}


def _sorts(one: Pair) -> list[str]:
    """What each cell is sorted by: "" by its text."""
    difference = None if one.difference is None else one.difference.nominal
    ratio, less = one.ratio.nominal, one.probability_less[0]
    numbers = (None, None, None, one.accuracy.nominal, ratio, less, None, one.energy, difference, None)
    return ["" if number is None else f"{number:.6g}" for number in numbers]


SECTION = Section("energy-curves", "Families as curves", values)
