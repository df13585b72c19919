# studies/report/sections/probes.py
"""What trained systems do under changed conditions: noise, shots, thresholds, parts of a picture that say nothing."""

from studies.report.section import Section, Values
from studies.results import StudyResults


def values(results: StudyResults) -> Values | None:
    """Left out where no probe is committed."""
    if not results.probes:
        return None
    seeds = sorted({cell.seed for cell, _ in results.probes})
    return {"n_seeds": ", ".join(map(str, seeds)), "again": _fitted_again(results)}


def _fitted_again(results: StudyResults) -> str:
    """Where weights were not in the store: how many networks were trained anew, and whether they answer as before."""
    cells = {cell: result.training for (cell, _), result in results.probes.items() if result.training}
    if not cells:
        return ""
    n_alike = sum(bool(training.get("answers_as_committed")) for training in cells.values())
    return (
        f"The weights of {len(cells)} cells were not in the store, so they were trained again for the probes; "
        f"{n_alike} of them give the stored answers on the validation clips, to the bits that are kept."
    )


SECTION = Section("probes", "Under changed conditions", values)
