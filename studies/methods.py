# studies/methods.py
"""The methods paragraph of a study, to paste: what the store shows to have been done, and nothing else."""

from collections.abc import Mapping

from classical_baselines.harness.coefficient import N_DRAWS
from studies.left_out import left_out_text
from studies.paired_tests import ALPHA
from studies.results import StudyResults
from studies.trained_elsewhere import titles_trained_elsewhere


def methods(results: StudyResults) -> str:
    """A paragraph to paste, of what was done; numbers are those of the store."""
    if not results.headline_rows:
        return "No cell of the headline protocol is committed."
    parts = (_design(results), _statistics(results), _energy(results), _tools(results))
    return " ".join(part for part in parts if part)


def _design(results: StudyResults) -> str:
    study, row, n_missing = results.study, results.headline_rows[0], len(results.missing)
    others = [protocol.name for protocol in study.protocols if protocol != study.headline_protocol]
    units = f"{row.interval.n_groups} groups" if row.interval.n_groups else f"{row.interval.n_clips:,} clips"
    on = "test clips" if results.confirmed else "validation clips only"
    beside = f", with {', '.join(others)} beside it" if others else ""
    n, came = len(results.headline_rows), titles_trained_elsewhere(study)
    return (
        f"{n} system{'s were' if n > 1 else ' was'} compared on {study.data.name} ({len(row.label_names)} classes) "
        f"under {study.headline_protocol.name} ({row.interval.n_folds} folds, {units}, {on}){beside}. "
        f"{'Every other' if came else 'Every'} system was "
        f"trained on the same clips, folds and {row.interval.n_seeds} seeds, those with gradients by one loop (AdamW, "
        "cosine schedule with warm-up, last epoch kept); their settings stand in the study file."
        + (f" {', '.join(came)} came trained; on which recordings is not known here." if came else "")
        + left_out_text(study)
        + (f" {n_missing} cells of the study are missing." if n_missing else "")
    )


def _statistics(results: StudyResults) -> str:
    interval = results.headline_rows[0].interval
    mean = "groups" if interval.n_groups else "clips"
    return (
        f"Accuracy is the mean over {mean} with a 95 % interval ({interval.method}). Differences are paired; they are "
        f"called better or worse where interval and test (p ≤ {ALPHA:g}, uncorrected) agree, equivalent within "
        f"±{100 * results.study.equivalence_margin:g} points, undecided otherwise."
    )


def _energy(results: StudyResults) -> str:
    if not any(row.energies for row in results.headline_rows):
        return "Energy was not priced."
    seconds = results.headline_rows[0].clip_seconds
    return (
        "Energy is modelled: operations counted per clip, front end and encoder included, times sourced prices, with "
        f"{N_DRAWS:,} draws of the prices that all systems share; per decision of {seconds:g} s, always on, compared "
        "within one boundary."
    )


def _tools(results: StudyResults) -> str:
    checks = [f"{c.name} of {c.system} passed in {c.n_passed} of {c.n_cells} cells" for c in results.checks]
    versions: Mapping[str, str | None] = next((p["versions"] for p in results.provenances if "versions" in p), {})
    named = ("torch", "snntorch", "lava-nc", "qiskit", "qiskit-aer")
    tools = [f"{name} {versions[name]}" for name in named if versions.get(name)]
    said = [f"Checks: {'; '.join(checks)}."] if checks else []
    return " ".join([*said, *([f"Software: {', '.join(tools)}."] if tools else [])])
