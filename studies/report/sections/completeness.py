# studies/report/sections/completeness.py
"""How often each test fold was looked at, and which cells are missing."""

from studies.report.section import Section, Values
from studies.results import StudyResults


def _values(results: StudyResults) -> Values:
    return {
        "looks": sorted(results.looks.items()),
        "missing": results.gaps,
        "n_missing": len(results.missing),
        "n_wanted": len(results.wanted),
    }


SECTION = Section("completeness", "Looks and completeness", _values)
