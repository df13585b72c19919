"""Of data whose labels are directions: by how many degrees systems err, for each set of impulse responses."""

from studies.localising import BESIDE_DEG, MeanError, is_localised, localisations_of
from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.wording import percent


def _values(results: StudyResults) -> Values | None:
    if not is_localised(results):
        return None
    wanted = [row for row in results.rows if row.headline]
    rows = [
        {
            "title": row.title,
            "family": row.system.family,
            "backend": row.run.backend.name,
            "evidence": row.evidence,
            "responses": one.responses,
            "lateral": degrees_text(one.lateral),
            "beyond_delay": "" if one.beyond_delay is None else degrees_text(one.beyond_delay),
            "azimuth": f"{one.azimuth:.1f}",
            "confused": "" if one.confused is None else percent(one.confused),
            "as_measured": degrees_text(one.as_measured),
            "n_recordings": one.n_recordings,
        }
        for row in wanted
        for one in localisations_of(row, results)
    ]
    return {"rows": rows, "beside": f"{BESIDE_DEG:g}"} if rows else None


def degrees_text(error: MeanError) -> str:
    """`4.2 [3.8, 4.6]`."""
    if error.low is None or error.high is None:
        return f"{error.mean:.1f} [no interval]"
    return f"{error.mean:.1f} [{error.low:.1f}, {error.high:.1f}]"


SECTION = Section("localisation", "Localisation", _values)
