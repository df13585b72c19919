# studies/integer_run.py
"""The run of a system whose integers a deployable twin has; told from the study alone, before anything is opened."""

from classical_baselines.harness.choices import InputError
from studies.specification import Run, System

INTEGER_BACKENDS = ("int8", "low-bit")


def integer_run(system: System) -> Run:
    """The headline run, if that is one of integers, or the first that is."""
    candidates = [run for run in system.runs if run.backend.name in INTEGER_BACKENDS]
    if not candidates:
        found = ", ".join(run.backend.name for run in system.runs)
        raise InputError(
            f"{system.name} is run on {found}, and a twin is what the backend int8 or low-bit runs in integers. "
            "Choose a system with such a run, or add one to the study: a classifier with bits = 8 and the backend int8."
        )
    return next((run for run in candidates if run.headline), candidates[0])
