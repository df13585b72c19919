# studies/commands/decide.py
"""`trichord decide STUDY --max-energy 1mJ --min-accuracy 0.9`: which systems meet a budget, and what would flip it."""

import json
from dataclasses import asdict

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import Boundary, Scenario
from studies.commands.quantity import quantity, share
from studies.commands.request import Request, place_of
from studies.decide import Decision, Limits
from studies.decide import decide as decision_of
from studies.fit import FitCheck, fitting, seconds_text
from studies.results import Row, values_per_clip
from studies.run_fit import checks_of
from studies.specification import Study
from studies.what_if import Side, side_of
from studies.wording import joules_text

KINDS = ("modelled", "lower-bound")
ORDER = ("meets", "undecided", "fails", "does not fit")


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
    """Print one verdict per system, the likeliest to meet the budget first."""
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
    print(f"{results.study.name}: {_asked(limits)}; boundary {boundary}, {scenario}; {evidence} clips\n")
    for decision in decided:
        print("\n".join(_lines(decision)))
    if unpriced:
        print(f"\nwithout an energy there: {', '.join(unpriced)}")
    return 0


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


def _lines(decision: Decision) -> list[str]:
    low, high = decision.p_both
    p = f"P = {low:.2f}" if low == high else f"P between {low:.2f} and {high:.2f}"
    bound = "at least " if decision.p_energy[0] != decision.p_energy[1] else ""
    seconds = "latency not known" if decision.seconds is None else seconds_text(decision.seconds)
    head = f"{decision.verdict:13} {decision.system} ({decision.backend}) on {decision.deployment}: {p}"
    lines = [f"{head}; {100 * decision.accuracy:.1f} %, {bound}{joules_text(decision.joules)}, {seconds}"]
    if decision.does_not_fit:
        lines.append(f"{'':14}does not fit: {decision.does_not_fit}")
    if fits := fitting(decision.checks):
        lines.append(f"{'':14}fits: {fits}")
    lines += [f"{'':14}{sentence}" for sentence in decision.would_flip]
    if decision.not_known:
        lines.append(f"{'':14}not known: {decision.not_known}")
    return lines
