# studies/report/sections/diagnosis.py
"""Of data that say which label is normal: how much of the ill is found, and how much of the well is left alone."""

import numpy as np

from studies.diagnosing import Share, diagnosis_of, normal_place
from studies.report.section import Section, Values, row_values
from studies.report.sections.detection import difference_texts
from studies.results import StudyResults
from studies.wording import bounded_text


def _values(results: StudyResults) -> Values | None:
    normal = normal_place(results)
    if normal is None:
        return None
    labels = results.rows[0].label_names
    wanted = [row for row in results.rows if row.headline]
    found = [(row, diagnosis_of(row, results, normal)) for row in wanted]
    rows = [
        {
            **row_values(row),
            "sensitivity": share_text(one.sensitivity),
            "specificity": share_text(one.specificity),
            "score": share_text(one.score),
            "auroc": bounded_text(one.auroc.estimate, one.auroc.low, one.auroc.high, ".3f", scale=1),
            "beyond": None if one.beyond_baseline is None else difference_texts(one.beyond_baseline),
            "threshold": f"{np.median(one.thresholds):.2f}",
            "n_ill": one.sensitivity.n_patients,
            "n_well": one.specificity.n_patients,
        }
        for row, one in found
        if one is not None
    ]
    return {
        "rows": rows,
        "baseline": results.study.baseline,
        "margin": f"{100 * results.study.equivalence_margin:g}",
        "any_beyond": any(row["beyond"] for row in rows),
        "normal": labels[normal],
        "score": "MAcc" if len(labels) == 2 else "ICBHI score",
        "n_classes": len(labels),
        "n_without": len(wanted) - len(rows),
    }


def share_text(share: Share) -> str:
    """`84.2 [76.5, 91.8]`."""
    return bounded_text(share.estimate, share.low, share.high)


SECTION = Section("diagnosis", "Sensitivity and specificity", _values)
