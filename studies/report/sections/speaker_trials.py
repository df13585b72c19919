# studies/report/sections/speaker_trials.py
"""Of data whose labels are known and unknown speakers: how often two clips of unheard voices are mistaken."""

from studies.report.section import Section, Values, row_values
from studies.results import StudyResults
from studies.speaker_trials import (
    N_TRIALS,
    P_TARGET,
    Estimate,
    has_speaker_trials,
    verifications_of,
)
from studies.wording import bounded_text


def _values(results: StudyResults) -> Values | None:
    if not has_speaker_trials(results):
        return None
    rows = [
        {
            **row_values(row),
            "kind": one.kind,
            "eer": estimate_text(one.eer),
            "min_dcf": f"{one.min_dcf.value:.3f}",
            "held": "" if one.held is None else estimate_text(one.held),
            "beyond": "" if one.beyond_baseline is None else estimate_text(one.beyond_baseline, signed=True),
            "n_trials": f"{one.n_trials:,}",
            "n_speakers": one.n_speakers,
        }
        for row in results.rows
        if row.headline
        for one in verifications_of(row, results)
    ]
    if not rows:
        return None
    return {"rows": rows, "n_trials": N_TRIALS, "p_target": f"{P_TARGET:g}", "baseline": results.study.baseline}


def estimate_text(estimate: Estimate, *, signed: bool = False) -> str:
    """In per cent or points: `18.2 [13.0, 23.4]`, `−1.2 [−3.0, +0.6]`."""
    return bounded_text(estimate.value, estimate.low, estimate.high, "+.1f" if signed else ".1f")


SECTION = Section("speaker-trials", "Verification of unheard speakers", _values)
