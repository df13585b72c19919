# studies/report/sections/recording_conditions.py
"""Of clips that say what recorded them and where: accuracy by device and by city."""

from studies.recording_conditions import REFERENCE, Fall, conditions_of, has_recording_conditions
from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.wording import interval_text, percent


def _values(results: StudyResults) -> Values | None:
    if not has_recording_conditions(results):
        return None
    rows = [
        {
            "title": row.title,
            "family": row.system.family,
            "backend": row.run.backend.name,
            "protocol": row.protocol,
            "evidence": row.evidence,
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
    values = [fall.mean, fall.low, fall.high]
    texts = ["–" if value is None else f"{100 * value:+.1f}".replace("-", "−") for value in values]
    return f"{texts[0]} [no interval]" if fall.low is None else f"{texts[0]} [{texts[1]}, {texts[2]}]"


SECTION = Section("recording-conditions", "Devices and cities", _values)
