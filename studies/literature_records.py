# studies/literature_records.py
"""Repriced claims for machines: all that is known of one, case by case, as JSON has it."""

from typing import Any

from studies.literature_repricing import Case, PricedView, Repriced, claimed_joules


def record(found: Repriced) -> dict[str, Any]:
    """All of it, for machines; what is not known is null."""
    claim = found.claim
    kept = claim.model_dump(mode="json", exclude={"views", "twin_views", "a", "b", "twin"})
    return {
        "name": found.name,
        **kept,
        "a": claim.a.title,
        "b": None if claim.b is None else claim.b.title,
        "twin": None if claim.twin is None else claim.twin.title,
        "claimed_joules_a": claimed_joules(claim.a),
        "claimed_joules_b": None if claim.b is None else claimed_joules(claim.b),
        "claimed_ratio": found.claimed_ratio,
        "verdict": found.verdict,
        "reason": found.reason,
        "twin_verdict": found.twin_verdict or None,
        "n_cases_too_slow": found.slow_cases[0] if found.views else None,
        "views": [_view_record(one) for one in found.views],
        "twin_views": [_view_record(one) for one in found.twin_views],
        "own_prices": list(found.own_prices),
        "coefficients": [row.id for row in found.coefficients],
    }


def _view_record(one: PricedView) -> dict[str, Any]:
    return {
        **one.view.model_dump(mode="json"),
        "verdict": one.verdict,
        "cases": [
            {
                "case": case.name,
                "verdict": case.verdict,
                "joules_a": case.a.nominal_joules,
                "joules_a_low": case.a.low,
                "joules_a_high": case.a.high,
                "joules_b": case.b.nominal_joules,
                "joules_b_low": case.b.low,
                "joules_b_high": case.b.high,
                "unpriced_a": list(case.a.unpriced),
                "unpriced_b": list(case.b.unpriced),
                "reason": case.a.reason or case.b.reason or None,
                **_ratio_record(case),
            }
            for case in one.cases
        ],
    }


def _ratio_record(case: Case) -> dict[str, float | None]:
    if None in (case.a.nominal_joules, case.b.nominal_joules):
        return dict.fromkeys(("ratio", "ratio_low", "ratio_high", "share_of_draws"))
    low, high = case.ratio_ends
    return {"ratio": case.ratio, "ratio_low": low, "ratio_high": high, "share_of_draws": case.share}
