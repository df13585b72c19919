# studies/report/sections/checks.py
"""What the backends checked of themselves, and the leak audit."""

from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.wording import note_text


def _values(results: StudyResults) -> Values:
    return {
        "audit": results.leak_audit,
        "checks": [
            {
                "system": results.study.system(check.system).title or check.system,
                "family": results.study.system(check.system).family,
                "backend": check.backend,
                "name": check.name,
                "passed": check.passed,
                "cells": f"{check.n_passed} of {check.n_cells}",
                "details": "; ".join(
                    f"{name.replace('_', ' ')} {note_text(value)}" for name, value in check.details.items()
                ),
            }
            for check in results.checks
        ],
    }


SECTION = Section("checks", "Checks", _values)
