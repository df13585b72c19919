# studies/report/sections/recording_conditions.py
"""Of clips that say what recorded them and where: accuracy by device and by city."""

from studies.recording_conditions import REFERENCE, Fall, conditions_of, has_recording_conditions
from studies.report.section import Section, Values, row_values
from studies.results import StudyResults
from studies.wording import bounded_text, interval_text, percent


def _values(results: StudyResults) -> Values | None:
    if not has_recording_conditions(results):
        return None
    rows = [
        {
            **row_values(row),
            "kind": one.kind,
            "name": one.name,
            "accuracy": interval_text(one.accuracy),
            "by_scene": percent(one.by_scene),
            "less": "" if one.less_reference is None else fall_text(one.less_reference),
            "heard": "yes" if one.heard else "no",
            "n_clips": f"{one.n_clips:,}",
            "n_places": one.n_places,
        }
        for row in results.rows
        if row.headline
        for one in conditions_of(row, results)
    ]
    return {"rows": rows, "reference": REFERENCE} if rows else None


def fall_text(fall: Fall) -> str:
    """In points: `−12.0 [−15.1, −8.9]`."""
    return bounded_text(fall.mean, fall.low, fall.high, "+.1f")


SECTION = Section("recording-conditions", "Devices and cities", _values)
