# studies/report/sections/detection.py
"""Of data whose labels are bona fide and spoof: equal error rate and tandem cost, of all attacks and of each."""

from studies.detecting import ALL, FOOLED, AttackDetection, Rate, detections_of, is_detection
from studies.report.section import Section, Values, row_values
from studies.results import StudyResults
from studies.statistics import Comparison
from studies.wording import bounded_text, p_text, percent, points_text


def _values(results: StudyResults) -> Values | None:
    if not is_detection(results):
        return None
    wanted = [row for row in results.rows if row.headline]
    found = [(row, detections_of(row, results)) for row in wanted]
    attacks = sorted({one.attack for _, some in found for one in some} - {ALL})
    rows = [
        {
            **row_values(row),
            **_texts(some[0]),
            "by_attack": [_texts(by_name[attack]) if attack in by_name else None for attack in attacks],
        }
        for row, some in found
        if some
        for by_name in [{one.attack: one for one in some}]
    ]
    return {
        "rows": rows,
        "attacks": attacks,
        "baseline": results.study.baseline,
        "margin": f"{100 * results.study.equivalence_margin:g}",
        "any_beyond": any(row["beyond"] for row in rows),
        "any_held": any(row["held"] for row in rows),
        "n_without": len(wanted) - len(rows),
        "verifier": (
            f"misses {percent(FOOLED.miss, 0)} % of target speakers, accepts {percent(FOOLED.false_alarm, 0)} % of "
            f"other speakers and {percent(FOOLED.spoof_false_alarm, 0)} % of spoofs"
        ),
    }


def _texts(one: AttackDetection) -> dict[str, object]:
    held = one.held
    return {
        "eer": eer_text(one.eer),
        "cost": cost_text(one.min_tdcf),
        "held": "" if held is None else f"{percent(held.miss)} / {percent(held.false_alarm)}",
        "beyond": None if one.beyond_baseline is None else difference_texts(one.beyond_baseline),
        "half_total": "" if held is None else eer_text(held.half_total),
        "n_speakers": one.n_speakers,
        "n_clips": one.n_clips,
    }


def difference_texts(comparison: Comparison) -> dict[str, str]:
    """The difference, p and verdict of a comparison, as cells of a table."""
    return {
        "points": points_text(comparison),
        "p": p_text(comparison.p_value),
        "verdict": comparison.verdict,
        "would_decide": comparison.would_decide,
    }


def eer_text(rate: Rate) -> str:
    """Per cent: `14.2 [9.5, 18.9]`."""
    return bounded_text(rate.estimate, rate.low, rate.high)


def cost_text(rate: Rate) -> str:
    """A share of the cost of no countermeasure: `0.342 [0.241, 0.443]`."""
    return bounded_text(rate.estimate, rate.low, rate.high, ".3f", scale=1)


SECTION = Section("detection", "Detection", _values)
