# studies/exports/rows.py
"""The rows of a study for other tools: CSV, Parquet, JSON.

CSV has six digits and empty fields for what is not known; Parquet and JSON have every digit, types, and null.
"""

import io
import json as json_text
from typing import Any

from classical_baselines.harness.choices import InputError
from studies.answers import answers
from studies.exports import Files
from studies.figures import FIGURES, file_stem
from studies.report.page import Drawings
from studies.results import StudyResults
from studies.robustness import robustness_records
from studies.tables import COLUMNS, comparisons, csv_records, csv_text, provenance_lines, results_csv

# What a column holds; all others are text.
FLOATS = (
    *("accuracy", "low", "high", "macro_f1", "ece", "joules_per_decision", "joules_per_decision_low"),
    *("joules_per_decision_high", "joules_per_second", "joules_per_second_low", "joules_per_second_high"),
    *("clip_seconds", "period_seconds", "latency_seconds", "readouts_saturated_per_clip"),
)
INTEGERS = ("seeds", "groups", "clips", "cells", "cells_wanted")
BOOLEANS = ("headline", "keeps_up")


def csv(results: StudyResults, drawings: Drawings) -> Files:
    """`results.csv`, `robustness.csv` where the sound was changed, and the numbers behind each figure."""
    files = {"results.csv": results_csv(results).encode()}
    if changed := robustness_records(results):
        files["robustness.csv"] = csv_text(changed).encode()
    for name in FIGURES:
        drawing = drawings.drawing(name)
        if drawing is not None:
            files[f"figures/{file_stem(name)}.csv"] = csv_text(drawing.records).encode()
    return files


def parquet(results: StudyResults, drawings: Drawings) -> Files:
    """`results.parquet`: the columns of `results.csv` with their types."""
    del drawings
    try:
        import pyarrow
        from pyarrow import parquet as writer
    except ModuleNotFoundError:
        raise InputError(
            "--format parquet needs pyarrow, which is not installed: install trichord with the extra `export`."
        ) from None
    kinds = dict.fromkeys(FLOATS, pyarrow.float64())
    kinds |= dict.fromkeys(INTEGERS, pyarrow.int64()) | dict.fromkeys(BOOLEANS, pyarrow.bool_())
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in COLUMNS])
    table = pyarrow.Table.from_pylist(csv_records(results), schema=schema)
    buffer = io.BytesIO()
    writer.write_table(table, buffer, compression="zstd")
    return {"results.parquet": buffer.getvalue()}


def json(results: StudyResults, drawings: Drawings) -> Files:
    """`results.json`: all that the report says, for programs."""
    del drawings
    study = results.study
    content: dict[str, Any] = {
        "study": study.model_dump(mode="json", by_alias=True),
        "confirmed": results.confirmed,
        "answers": [
            {"topic": answer.topic, "text": answer.text, "verdicts": [list(pair) for pair in answer.verdicts]}
            for answer in answers(results)
        ],
        "rows": csv_records(results),
        "accuracy_by_group": [
            {"system": row.system.name, "backend": row.run.backend.name, "protocol": row.protocol}
            | {"scores": dict(row.interval.group_scores)}
            for row in results.rows
        ],
        "differences": [
            {
                "a": a.system.name,
                "b": b.system.name,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p_value": found.p_value,
                "test": found.test,
                "margin": found.margin,
                "verdict": found.verdict,
                "would_decide": found.would_decide,
            }
            for a, b, found in comparisons(results)
        ],
        "looks": [{"protocol": p, "fold": fold, "looks": n} for (p, fold), n in sorted(results.looks.items())],
        "missing": list(results.gaps),
        "provenance": [line.removeprefix("- ") for line in provenance_lines(results)],
    }
    return {"results.json": (json_text.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()}
