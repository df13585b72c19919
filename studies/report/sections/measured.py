# studies/report/sections/measured.py
"""What was measured on a machine of one's own: gross and net, each with its interval, and the conditions."""

from typing import Any

from studies.measurement import BOUNDARY_OF, Measurement, latest
from studies.report.section import Section, Values
from studies.results import StudyResults


def _values(results: StudyResults) -> Values | None:
    found = latest(results.measurements)
    if not found:
        return None
    return {"measured": [_line(results, one, n) for one, n in found]}


def _line(results: StudyResults, one: Measurement, n_alike: int) -> dict[str, Any]:
    system = results.study.system(one.system)
    first = one.visits[0].conditions
    conditions = [
        f"{first[name]:.4g} {unit}" if isinstance(first[name], float) else str(first[name])
        for name, unit in (
            ("clock_mhz", "MHz"),
            ("governor", ""),
            ("power_limit_watts", "W allowed"),
            ("temperature_celsius", "°C"),
        )
        if name in first
    ]
    seconds = min(visit.seconds for visit in one.visits)
    return {
        "title": system.title or system.name,
        "family": system.family,
        "backend": one.backend.name,
        "device": one.described,
        "boundary": BOUNDARY_OF[one.kind],
        "gross": one.gross_text,
        "net": one.net_text,
        "idle": f"{one.idle_watts:.3g} W",
        "windows": f"{len(one.visits)} of {seconds:.3g} s",
        "conditions": ", ".join(conditions) or "not readable",
        "labels": "; ".join((*one.labels[1:], *((f"the latest of {n_alike}",) if n_alike > 1 else ()))),
    }


SECTION = Section("measured", "Measured energy", _values)
