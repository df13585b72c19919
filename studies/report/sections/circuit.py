# studies/report/sections/circuit.py
"""What each circuit adds to its controls, and how far its energy is from that of an FFT."""

from studies.circuit_controls import AgainstControls, against_controls, energy_sentence, run_title
from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.wording import interval_text, p_text, percent, points_text


def values(results: StudyResults) -> Values | None:
    """Left out where no circuit stands beside controls."""
    found = against_controls(results)
    if not found:
        return None
    return {
        "sentences": [one.sentence for one in found],
        "energies": [said for one in found if (said := energy_sentence(one))],
        "runs": [{"title": run_title(one.row), "score": interval_text(one.row.interval), "controls": _lines(one)}
                 for one in found],
        "confirmed": found[0].row.evidence == "test",
        "margin": f"{100 * results.study.equivalence_margin:g}",
    }  # fmt: skip


def _lines(one: AgainstControls) -> list[dict[str, str]]:
    return [
        {
            "title": run_title(control),
            "family": control.system.family,
            "validation": percent(score),
            "score": interval_text(control.interval),
            "difference": points_text(comparison),
            "p": p_text(comparison.p_value),
            "verdict": comparison.verdict,
            "would_decide": comparison.would_decide,
        }
        for (control, comparison), score in zip(one.controls, one.validation, strict=True)
    ]


SECTION = Section("circuit", "What the circuit adds", values)
