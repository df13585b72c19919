# studies/report/sections/data.py
"""The data statement: what the recordings are, who is in them, whose they are, how they are split, what to mind."""

from studies.data_statement import data_statement
from studies.report.section import Section, Values
from studies.results import StudyResults


def _values(results: StudyResults) -> Values:
    return {"parts": data_statement(results)}


SECTION = Section("data", "Data statement", _values)
