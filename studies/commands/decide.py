# studies/commands/decide.py
"""`trichord decide STUDY --max-energy 1mJ --min-accuracy 0.9`: which systems meet a budget, and what would flip it."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import Boundary, Scenario
from studies.commands.columns import print_columns, print_wrapped
from studies.commands.quantity import quantity, share
from studies.commands.request import Request, place_of
from studies.decide import Decision, Limits
from studies.decide import decide as decision_of
from studies.fit import FitCheck, fitting, seconds_text
from studies.results import Row, values_per_clip
from studies.run_fit import checks_of
from studies.specification import Study
from studies.what_if import Side, side_of
from studies.wording import joules_text, probability_text

KINDS = ("modelled", "lower-bound")
ORDER = ("meets", "undecided", "fails", "does not fit")
HEADER = ("verdict", "system", "on", "P", "accuracy", "energy", "latency")


def decide(
    request: Request,
    max_energy: str | None,
    min_accuracy: str | None,
    max_latency: str | None,
    boundary: str,
    scenario: str,
    device: str | None,
    as_json: bool,
) -> int:
    """Print the answer, then one verdict per system, the likeliest to meet the budget first."""
    limits = Limits(
        max_joules=None if max_energy is None else quantity(max_energy, "J", "--max-energy"),
        min_accuracy=None if min_accuracy is None else share(min_accuracy, "--min-accuracy"),
        max_seconds=None if max_latency is None else quantity(max_latency, "s", "--max-latency"),
    )
    if limits == Limits(None, None):
        raise InputError("Nothing is asked. Give --max-energy, --min-accuracy or --max-latency.")
    place = place_of(boundary, scenario)
    results = request.results()
    rows = results.headline_rows
    draws = CoefficientDraws()
    decided, unpriced = [], []
    for row in rows:
        sides = _sides(row, *place, device)
        unpriced += [] if sides else [row.system.name]
        decided += [decision_of(side, limits, _checks(results.study, side), draws) for side in sides]
    if not decided:
        known = sorted({e.deployment for row in rows for e in row.energies})
        on = f" on {device!r}" if device else ""
        raise InputError(
            f"No system has an energy{on} within the boundary {boundary}, {scenario}. Deployments of this study: "
            f"{', '.join(known) or 'none'}."
        )
    decided.sort(key=lambda d: (ORDER.index(d.verdict), -d.p_both[1], d.joules))
    if as_json:
        print(json.dumps([asdict(decision) for decision in decided]))
        return 0
    evidence = "test" if results.confirmed else "validation"
    print_wrapped(_answer(decided))
    print_wrapped(
        f"Asked of {results.study.name}: {_asked(limits)}; boundary {boundary}, {scenario}; {evidence} clips."
    )
    print()
    print_columns([HEADER, *map(_line, decided)], right=(4, 5, 6))
    for decision in decided:
        print(f"\n{decision.system} ({decision.backend}) on {decision.deployment}")
        for said in _reasons(decision):
            print_wrapped(said, indent="  ", hanging="    ")
    if unpriced:
        print()
        print_wrapped(f"without an energy there: {', '.join(unpriced)}")
    return 0


def _answer(decided: Sequence[Decision]) -> str:
    """One sentence: what meets the budget, or what comes nearest to it."""
    first, n = decided[0], len(decided)
    meeting, open_ones = (sum(d.verdict == verdict for d in decided) for verdict in ("meets", "undecided"))
    name = f"{first.system} on {first.deployment}"
    p = f"P {_probability(first)}"
    if meeting == 1:
        return f"{name} meets the budget ({p}); it is the only one of {n} that surely does."
    if meeting:
        return f"{meeting} of {n} meet the budget, {name} most surely ({p})."
    if open_ones:
        verb = "is" if open_ones == 1 else "are"
        return f"None of {n} surely meets the budget; {open_ones} {verb} undecided, the likeliest {name} ({p})."
    if first.verdict == "does not fit":
        return f"None of {n} meets the budget: none fits what it would run on."
    return f"None of {n} meets the budget; the nearest is {name} ({p})."


def _probability(decision: Decision) -> str:
    """`= 0.79`, `between 0.1 and 0.79`."""
    low, high = decision.p_both
    return probability_text(low) if low == high else f"between {low:.2f} and {high:.2f}"


def _line(decision: Decision) -> tuple[str, ...]:
    bound = "≥ " if decision.p_energy[0] != decision.p_energy[1] else ""
    seconds = "not known" if decision.seconds is None else seconds_text(decision.seconds)
    p = _probability(decision).removeprefix("= ").replace("between ", "").replace(" and ", " to ")
    numbers = (f"{100 * decision.accuracy:.1f} %", f"{bound}{joules_text(decision.joules)}", seconds)
    return (decision.verdict, decision.system, decision.deployment, p, *numbers)


def _checks(study: Study, side: Side) -> tuple[FitCheck, ...]:
    row = side.row
    return checks_of(study, row.counts, row.notes, row.energies, side.deployment, values_per_clip(row.counts))


def _sides(row: Row, boundary: Boundary, scenario: Scenario, device: str | None) -> list[Side]:
    """The run where it fits and costs least; with a device, on every deployment that uses it."""
    priced = [e for e in row.energies if (e.boundary, e.scenario) == (boundary, scenario) and e.kind in KINDS]
    sides = [side_of(row, boundary, scenario, e.deployment) for e in priced]
    if device is not None:
        return [side for side in sides if device in _names(side)]
    own = [side for side in sides if not side.energy.alternative_to]
    own.sort(key=lambda s: (s.energy.kind == "lower-bound", s.energy.does_not_fit != "", s.present_joules))
    return own[:1]


def _names(side: Side) -> set[str]:
    """What `--device` may call a side by."""
    return {side.deployment.name, *(device for devices in side.deployment.stages.values() for device in devices)}


def _asked(limits: Limits) -> str:
    parts = []
    if limits.max_joules is not None:
        parts.append(f"at most {joules_text(limits.max_joules)} per decision")
    if limits.min_accuracy is not None:
        parts.append(f"at least {100 * limits.min_accuracy:g} % accuracy")
    if limits.max_seconds is not None:
        parts.append(f"an answer within {seconds_text(limits.max_seconds)}")
    return ", ".join(parts)


def _reasons(decision: Decision) -> list[str]:
    """What is behind a verdict, a paragraph each."""
    said = [f"does not fit: {decision.does_not_fit}"] if decision.does_not_fit else []
    said += decision.would_flip
    if fits := fitting(decision.checks):
        said.append(f"fits: {fits}")
    if decision.not_known:
        said.append(f"not known: {decision.not_known}")
    return said
