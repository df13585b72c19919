# studies/report/sections/noise_conditions.py
"""Runs under the noise of machines: what each found and costs, and the map of degree, noise and shots."""

from studies.noise_conditions import (
    RUNS_HEADER,
    condition_rows,
    condition_texts,
    conditions_header,
    conditions_note,
    noisy_rows,
)
from studies.report.section import Section, Values
from studies.results import StudyResults


def values(results: StudyResults) -> Values | None:
    """Left out where nothing was run under noise."""
    runs, conditions = noisy_rows(results), condition_rows(results)
    if not runs:
        return None
    return {
        "runs_header": RUNS_HEADER,
        "runs": [{"family": one.system.family, "texts": one.texts} for one in runs],
        "header": conditions_header(conditions) if conditions else (),
        "lines": condition_texts(conditions) if conditions else (),
        "note": conditions_note(conditions) if conditions else "",
    }


SECTION = Section("noise-conditions", "Under noise", values)
