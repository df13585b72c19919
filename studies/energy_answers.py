# studies/energy_answers.py
"""What the energies of a study say, in sentences: at the system boundary, always on, each run where it costs least.

Ratios are taken draw by draw, so a price that both sides share cancels. A lower bound ranks nowhere.
"""

from collections.abc import Sequence

import numpy as np

from studies.budgets import EnergyRow, compare_rows, deciding_coefficients
from studies.results import Row, StudyResults
from studies.wording import energy_text, factor_text, probability_text, run_name

Priced = tuple[Row, EnergyRow]
FULL_PRICES = ("modelled", "measured")


def cheapest(
    rows: Sequence[Row], boundary: str = "system", kinds: Sequence[str] = FULL_PRICES, *, fitting: bool = False
) -> list[Priced]:
    """The deployment with the least nominal energy of each row that has a price of these kinds, the least first.

    `fitting` leaves out what is shown not to fit its devices: it cannot stand on a front.
    """
    found = []
    for row in rows:
        priced = [
            energy
            for energy in row.energies
            if energy.stands_at(boundary, "always-on")
            and energy.kind in kinds
            and not (fitting and energy.does_not_fit)
        ]
        if priced:
            found.append((row, min(priced, key=_nominal)))
    return sorted(found, key=lambda pair: _nominal(pair[1]))


def energy_ratio(a: EnergyRow, b: EnergyRow) -> tuple[float, float, float] | None:
    """Median and 5 to 95 % of A's energy over B's, draw by draw; None where one of them has no draws."""
    if a.draws is None or b.draws is None:
        return None
    low, median, high = np.quantile(a.draws / b.draws, (0.05, 0.5, 0.95))
    return float(median), float(low), float(high)


def least_energy(ranked: Sequence[Priced]) -> tuple[str, str]:
    """Who uses least, and how sure that is against the next; (sentence, verdict)."""
    (row, energy), *rest = ranked
    text = (
        f"{run_name(row)} on {energy.deployment}: {energy_text(energy)} per decision at the system boundary, always on."
    )
    if not rest:
        return text, ""
    compared = compare_rows(energy, rest[0][1])
    next_one = f"{run_name(rest[0][0])} on {rest[0][1].deployment}"
    return (
        f"{text} P(it uses less than the next, {next_one}) {probability_text(compared.probability_low)}.",
        compared.verdict,
    )


def least_energy_at_best_accuracy(results: StudyResults, ranked: Sequence[Priced]) -> tuple[str, str]:
    """The least energy among the systems that match the most accurate one, or are at least not shown to be worse."""
    best, best_energy = max(ranked, key=lambda pair: pair[0].interval.estimate)
    against = [(row, energy, results.compare(row, best).verdict) for row, energy in ranked if row is not best]
    matching = [entry for entry in against if entry[2] in ("equivalent", "better")]
    candidates = matching or [entry for entry in against if entry[2] == "undecided"]
    if not candidates or _nominal(candidates[0][1]) >= _nominal(best_energy):
        return f"{run_name(best)} on {best_energy.deployment}: whatever costs less is less accurate.", ""
    row, energy, _ = candidates[0]
    says = f"matches {run_name(best)}" if matching else f"is not shown to be less accurate than {run_name(best)}"
    text = f"{run_name(row)} on {energy.deployment} {says}, and uses {_times(energy, best_energy)} its energy"
    verdict = compare_rows(energy, best_energy).verdict if matching else "undecided"
    return f"{text} on {best_energy.deployment}.", verdict


def ratio_sentence(row: Row, other: Row) -> tuple[str, str]:
    """The energy of a run over that of another, each where it costs least; (sentence, verdict).

    A lower bound stands in for a run without a full price: it can lose, and settles nothing else.
    """
    bounds = {found.key: energy for found, energy in cheapest([row, other], kinds=("lower-bound",))}
    priced = bounds | {found.key: energy for found, energy in cheapest([row, other], kinds=("measured",))}
    priced |= {found.key: energy for found, energy in cheapest([row, other], kinds=("modelled",))}
    unpriced = [run_name(each) for each in (row, other) if each.key not in priced]
    if unpriced:
        return f"Energy: no price at the system boundary for {' and '.join(unpriced)}.", "undecided"
    a, b = priced[row.key], priced[other.key]
    if (a.kind == "measured") != (b.kind == "measured"):
        measured, modelled = (row, other) if a.kind == "measured" else (other, row)
        return (
            f"Energy: {run_name(measured)} was measured and {run_name(modelled)} is modelled; they do not compare.",
            ("undecided"),
        )
    compared = compare_rows(a, b)
    places = f"on {a.deployment}" if a.deployment == b.deployment else f"on {a.deployment} against {b.deployment}"
    if b.kind == "lower-bound":
        return f"Energy {places}: only a lower bound of {run_name(other)} is known.", compared.verdict
    deciding = deciding_coefficients(a, b)
    most = f"; the price {deciding[0][0]} decides most" if deciding else ""
    if a.kind == "lower-bound":
        return f"Energy {places}: at least {_times(a, b)} as much, as some terms have no price{most}.", compared.verdict
    text = f"Energy {places}: {_times(a, b)} as much, P(less) {probability_text(compared.probability_low)}{most}."
    return text, compared.verdict


def _times(a: EnergyRow, b: EnergyRow) -> str:
    """`195 times [94.9, 371]`; without draws no range is known."""
    ratio = energy_ratio(a, b)
    if ratio is None:
        return f"{factor_text(_nominal(a) / _nominal(b))} times"
    return f"{factor_text(ratio[0])} times [{factor_text(ratio[1])}, {factor_text(ratio[2])}]"


def _nominal(energy: EnergyRow) -> float:
    assert energy.nominal_joules is not None
    return energy.nominal_joules
