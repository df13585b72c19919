# studies/report/sections/scores.py
"""How sure each system is beside how right: calibration before and after temperature scaling, its classes, and accuracy
without a class whose score is known to be optimistic."""

import numpy as np

from studies.optimistic_classes import optimistic_class
from studies.report.section import Section, Values
from studies.results import Row, StudyResults
from studies.scores import Calibration, accuracy_without, scores_of
from studies.wording import interval_text, percent


def _values(results: StudyResults) -> Values | None:
    rows = results.headline_rows
    if not rows:
        return None
    found = [(row, scores_of(row, results)) for row in rows]
    without = optimistic_class(results.study)
    if without not in rows[0].label_names:
        without = None
    return {
        "labels": rows[0].label_names,
        "without": without,
        "rows": [
            {
                "title": row.title,
                "family": row.system.family,
                "backend": row.run.backend.name,
                "before": _nll_and_ece(scores.as_trained),
                "after": _nll_and_ece(scores.scaled),
                "brier": "–" if scores.as_trained is None else f"{scores.as_trained.brier:.3f}",
                "temperature": f"{np.median(scores.temperatures):.2f}" if scores.temperatures else "–",
                "matthews": "–" if scores.matthews is None else f"{scores.matthews:.3f}",
                "accuracy": interval_text(row.interval),
                "without": "" if without is None else _without(row, results, without),
                "f1": [percent(one.f1, 0) for one in scores.classes],
            }
            for row, scores in found
        ],
    }


def _without(row: Row, results: StudyResults, label: str) -> str:
    return interval_text(accuracy_without(row, results, row.label_names.index(label)))


def _nll_and_ece(found: Calibration | None) -> tuple[str, str]:
    return ("–", "–") if found is None else (f"{found.nll:.3f}", f"{found.ece:.3f}")


SECTION = Section("scores", "Calibration and classes", _values)
