# studies/report/section.py
"""A section of the report: its name, its heading, and what its template is filled with.

sections/NAME.html.j2     the template; it has the section's values, `study`, `confirmed`, and `figure("confusion")`
sections/NAME.py          makes the values; a section of figures alone needs none
sections/__init__.py      the sections, in the order of the page
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from studies.results import Row, StudyResults

Values = Mapping[str, Any]


def nothing_more(results: StudyResults) -> Values:
    """The values of a section that consists of figures and words."""
    del results
    return {}


def row_values(row: Row) -> dict[str, str]:
    """What the tables of several sections say of a row first."""
    return {
        "title": row.title,
        "family": row.system.family,
        "backend": row.run.backend.name,
        "protocol": row.protocol,
        "evidence": row.evidence,
    }


@dataclass(frozen=True)
class Section:
    """One section of the page."""

    name: str  # its id in the page, and the name of its template
    title: str  # its heading, and its link at the top of the page; "" for neither
    values: Callable[[StudyResults], Values | None] = nothing_more  # None: the section is left out
