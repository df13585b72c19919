# studies/report/sections/provenance.py
"""Commands, revisions, versions and machines of the cells, and the study as it was run."""

from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.tables import provenance_lines


def _values(results: StudyResults) -> Values:
    return {
        "provenance": [line.removeprefix("- ").replace("`", "") for line in provenance_lines(results)],
        "definition": results.study.model_dump_json(indent=2, by_alias=True),
    }


SECTION = Section("provenance", "Provenance", _values)
