"""Of data whose labels are directions: by how many degrees systems err, for each set of impulse responses."""

from studies.localising import BESIDE_DEG, MeanError, is_localised, localisations_in_noise, localisations_of
from studies.report.section import Section, Values, row_values
from studies.results import StudyResults
from studies.wording import bounded_text, percent


def _values(results: StudyResults) -> Values | None:
    if not is_localised(results):
        return None
    wanted = [row for row in results.rows if row.headline]
    rows = [
        {
            **row_values(row),
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
    return {"rows": rows, "beside": f"{BESIDE_DEG:g}", "noise": noise_table(results)} if rows else None


def noise_table(results: StudyResults) -> Values | None:
    """Lateral errors without noise and at each ratio; None where no system was put through noise."""
    found = localisations_in_noise(results)
    ratios = sorted({value for one in found for value in one.at_snr_db}, reverse=True)
    rows = [
        {
            "title": one.system.title or one.system.name,
            "family": one.system.family,
            "responses": one.responses,
            "errors": [
                "" if error is None else degrees_text(error)
                for error in (one.unchanged, *(one.at_snr_db.get(value) for value in ratios))
            ],
        }
        for one in found
    ]
    return {"columns": ["without noise", *(f"{value:g} dB" for value in ratios)], "rows": rows} if rows else None


def degrees_text(error: MeanError) -> str:
    """`4.2 [3.8, 4.6]`."""
    return bounded_text(error.mean, error.low, error.high, scale=1)


SECTION = Section("localisation", "Localisation", _values)
