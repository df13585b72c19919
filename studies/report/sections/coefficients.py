# studies/report/sections/coefficients.py
"""Every price that a number of the page rests on, those that decide first."""

from studies.coefficient_table import coefficient_rows
from studies.report.section import Section, Values
from studies.results import StudyResults


def _values(results: StudyResults) -> Values:
    return {"coefficients": coefficient_rows(results)}


SECTION = Section("coefficients", "Coefficients", _values)
