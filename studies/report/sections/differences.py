# studies/report/sections/differences.py
"""Paired differences in accuracy: every system against the baseline, twins and controls against theirs."""

from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.tables import comparisons
from studies.wording import p_text, points_text


def _values(results: StudyResults) -> Values:
    return {
        "margin": f"{100 * results.study.equivalence_margin:g}",
        "comparisons": [
            {
                "a": a.title,
                "b": b.title,
                "family": a.system.family,
                "difference": points_text(comparison),
                "p": p_text(comparison.p_value),
                "test": comparison.test,
                "verdict": comparison.verdict,
                "would_decide": comparison.would_decide,
            }
            for a, b, comparison in comparisons(results)
        ],
    }


SECTION = Section("differences", "Differences in accuracy", _values)
