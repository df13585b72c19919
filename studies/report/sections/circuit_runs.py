# studies/report/sections/circuit_runs.py
"""Backends of circuits side by side: what ran, on how many clips, accuracy, speed and joules."""

from studies.circuit_runs import HEADER, NOTE, circuit_runs
from studies.report.section import Section, Values
from studies.results import StudyResults


def values(results: StudyResults) -> Values | None:
    """Left out where no circuit was run."""
    runs = circuit_runs(results)
    if not runs:
        return None
    return {
        "header": HEADER,
        "runs": [{"family": one.system.family, "texts": one.texts} for one in runs],
        "note": NOTE,
    }


SECTION = Section("circuit-runs", "Backends of circuits", values)
