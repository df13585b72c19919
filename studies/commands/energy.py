# studies/commands/energy.py
"""`trichord energy`: the budget of every run of a study, priced now, from the counts in the store.

(nothing)      every run, deployment, scenario and boundary; then stages, and P(uses less than the baseline)
--decides A B  which coefficient decides between two systems: a tornado of their ratio
--per-hour     energy against decisions per hour, always on, and where lines cross
--training     one training, priced, and spread over the decisions that follow it
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.coefficient import CoefficientDraws
from studies.budgets import EnergyRow, compare_rows
from studies.commands.columns import columns, print_columns, print_wrapped
from studies.commands.request import Request, place_of
from studies.decisions_per_hour import RateCrossing, RateLine, crossings_with, least_crossings, rate_lines
from studies.energy_answers import cheapest
from studies.fit import memory_checks
from studies.price_list import deployments
from studies.results import Row, StudyResults
from studies.tornado import Swing, tornado
from studies.training_energy import Amortised, Training, amortised, per_decision, training_of
from studies.what_if import Side, side_of
from studies.wording import factor_text, joules_text, plain_number, probability_text, run_name, unit_of

COLUMNS = ("scenario", "boundary", "kind", "per decision", "5 to 95 %")
RATES_SHOWN = (1.0, 10.0, 100.0, 1000.0, 3600.0)
LEAST_SWING_SHOWN = 0.01  # of the ratio
TRAINED_ON = "xeon-e5-2630-batch-64"  # unless --training-on names another deployment
SPREAD_OVER = {1e3: "1,000", 1e6: "a million", 1e9: "a billion"}  # decisions


def energy(
    request: Request,
    decides: tuple[str, str] | None,
    per_hour: bool,
    training: bool,
    training_on: str | None,
    boundary: str,
    scenario: str,
    as_json: bool,
) -> int:
    """Answer one of the questions above."""
    if sum((decides is not None, per_hour, training)) > 1:
        raise InputError("Ask one question at a time: --decides A B, --per-hour or --training.")
    if training_on is not None and not training:
        raise InputError(f"--training-on {training_on} says where training is priced; ask for it with --training.")
    place = place_of(boundary, scenario)
    if decides is not None:
        if decides[0] == decides[1]:
            raise InputError(f"--decides {decides[0]} {decides[1]}: name two different systems.")
        rows = request.rows(*decides)
        return _decides(*(side_of(row, *place) for row in rows), as_json=as_json)
    results = request.results()
    if not any(row.energies for row in results.rows):
        name = results.study.name
        raise InputError(f"No run of {name} is committed that names a deployment. `trichord run` makes them.")
    if per_hour:
        return _per_hour(results, as_json)
    if training:
        return _training(results, training_on or TRAINED_ON, as_json)
    return _budgets(results, as_json)


def priced_sides(results: StudyResults) -> list[Side]:
    """Every headline run where it costs least at the system boundary, always on, and has a full price."""
    return [
        side_of(row, "system", "always-on", found.deployment)
        for row, found in cheapest(results.headline_rows, kinds=("modelled",))
    ]


def _budgets(results: StudyResults, as_json: bool) -> int:
    priced = [(row, one) for row in results.rows for one in row.energies if row.protocol == results.rows[0].protocol]
    less = _less_than_baseline(results)
    if as_json:
        cheapest_at = {side.row.key: side.energy for side in priced_sides(results)}
        chances = [less.get(row.key) if cheapest_at.get(row.key) is one else None for row, one in priced]
        print(json.dumps([_record(row, one, p) for (row, one), p in zip(priced, chances, strict=True)]))
        return 0
    _print_budgets(priced)
    sides = priced_sides(results)
    if sides:
        stages = list(dict.fromkeys(stage for side in sides for stage in side.energy.by_stage))
        print("\nby stage, at the system boundary, always on, where each run costs least\n(nominal)")
        head = ("system on deployment", *stages, f"P(less than {results.study.baseline})")
        lines = [
            (
                side.name,
                *(joules_text(side.energy.by_stage.get(stage)) for stage in stages),
                "" if (p := less.get(side.row.key)) is None else probability_text(p).removeprefix("= "),
            )
            for side in sides
        ]
        print_columns([head, *lines])
    unpriced = sorted({term for _, one in priced for term in one.unpriced})
    if unpriced:
        print()
        print_wrapped("A lower bound leaves out what has no published price: " + "; ".join(unpriced))
    return 0


def _print_budgets(priced: Sequence[tuple[Row, EnergyRow]]) -> None:
    """A block per run and deployment, the numbers of all blocks one below the other."""
    blocks: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for row, one in priced:
        line = (one.scenario, one.boundary, one.kind, _least(one), _range(one))
        blocks.setdefault((*row.key, one.deployment), []).append(line)
    text = columns([COLUMNS, *(line for lines in blocks.values() for line in lines)], indent="  ", right=(3,))
    print(f"joules per decision\n\n{text[0]}")
    waiting = iter(text[1:])
    for (system, backend, deployment), lines in blocks.items():
        print_wrapped(f"{system} ({backend}) on {deployment}", hanging="  ")
        print("\n".join(next(waiting) for _ in lines))


def _least(one: EnergyRow) -> str:
    if one.nominal_joules is None:
        return "–"
    return f"{'≥ ' if one.kind == 'lower-bound' else ''}{joules_text(one.nominal_joules)}"


def _range(one: EnergyRow) -> str:
    return "" if one.low is None or one.high is None else f"{joules_text(one.low)} to {joules_text(one.high)}"


def _less_than_baseline(results: StudyResults) -> dict[tuple[str, str], float]:
    """P(a run uses less than the baseline), each where it costs least; empty where the baseline has no price."""
    sides = {side.row.key: side for side in priced_sides(results)}
    base = next((side for key, side in sides.items() if key[0] == results.study.baseline), None)
    if base is None:
        return {}
    others = {key: side for key, side in sides.items() if side is not base}
    return {key: compare_rows(side.energy, base.energy).probability_low for key, side in others.items()}


def _decides(a: Side, b: Side, *, as_json: bool) -> int:
    swings = tornado(a, b, CoefficientDraws())
    nominal = a.present_joules / b.present_joules
    if as_json:
        on = {"a": a.title, "b": b.title, "ratio": nominal}
        print(json.dumps({**on, "swings": [asdict(swing) for swing in swings]}))
        return 0
    for name, side in (("A", a), ("B", b)):
        print_wrapped(f"{side.title}: {joules_text(side.present_joules)}", indent=f"{name}  ", hanging="   ")
    print(f"A / B = {factor_text(nominal)}; boundary {a.energy.boundary}, {a.energy.scenario}\n")
    print_wrapped(
        "A / B with one coefficient at its low and at its high end, all others nominal; rank correlation over draws"
    )
    shown = [swing for swing in swings if swing.swing > LEAST_SWING_SHOWN]
    print_columns([("coefficient", "low", "high", "correlation", "verdict"), *(_swing_line(s) for s in shown)])
    if len(shown) < len(swings):
        print(f"{len(swings) - len(shown)} more move the ratio by less than {100 * LEAST_SWING_SHOWN:g} %")
    if not swings:
        print("no coefficient moves the ratio: both sides are made of the same prices")
    elif not any(swing.flips for swing in swings):
        print("\nno coefficient alone turns the verdict within its range")
    return 0


def _swing_line(swing: Swing) -> tuple[str, ...]:
    flips = "flips" if swing.flips else ""
    return swing.coefficient, factor_text(swing.at_low), factor_text(swing.at_high), f"{swing.correlation:+.2f}", flips


def _per_hour(results: StudyResults, as_json: bool) -> int:
    lines = rate_lines(priced_sides(results), CoefficientDraws())
    base = next((line for line in lines if line.side.row.system.name == results.study.baseline), None)
    least = least_crossings(lines)
    with_base = crossings_with(base, lines) if base is not None else []
    if as_json:
        record = {
            "lines": [_rate_record(line) for line in lines],
            "least": [asdict(crossing) for crossing in least],
            "with_baseline": [asdict(crossing) for crossing in with_base],
        }
        print(json.dumps(record))
        return 0
    print_wrapped(
        "joules per decision by decisions per hour; system boundary, always on, where each run costs least (nominal)"
    )
    head = ("system", "deployment", *(f"{rate:,.0f}/h" for rate in RATES_SHOWN), "at most per hour")
    print_columns([head, *(_rate_line(line) for line in lines)])
    print("\nwhere another system becomes the one that uses least:")
    _print_crossings(least)
    print(f"\ncrossings with the baseline, {results.study.baseline}:")
    _print_crossings(with_base)
    return 0


def _rate_line(line: RateLine) -> tuple[str, ...]:
    shown = (joules_text(line.nominal_at(rate)) if rate <= line.most_per_hour else "too fast" for rate in RATES_SHOWN)
    most = "" if line.most_per_hour == float("inf") else f"{line.most_per_hour:,.0f}"
    return line.side.row.system.name, line.side.deployment.name, *shown, most


def _rate_record(line: RateLine) -> dict[str, Any]:
    columns = {"joules_per_decision": line.joules, "low": line.low, "high": line.high, "watts": line.watts}
    return {
        "system": line.side.row.system.name,
        "deployment": line.side.deployment.name,
        "decisions_per_hour": line.per_hour.tolist(),
        **{name: [None if np.isnan(v) else float(v) for v in values] for name, values in columns.items()},
    }


def _print_crossings(crossings: Sequence[RateCrossing]) -> None:
    for crossing in sorted(crossings, key=lambda c: c.per_hour):
        above = f"{crossing.less_below} uses less below, {crossing.less_above} above"
        print_wrapped(f"{plain_number(crossing.per_hour)} decisions an hour: {above}", indent="  ", hanging="    ")
    if not crossings:
        print("  none")


def _training(results: StudyResults, training_on: str, as_json: bool) -> int:
    draws = CoefficientDraws()
    known = deployments(results.study.device_files)
    deployment = choose(known, training_on, what="deployment")
    sides = {side.row.system.name: side for side in priced_sides(results)}
    found = [(row, training_of(results, row, deployment, draws)) for row in results.headline_rows]
    base = next((t for _, t in found if t.system == results.study.baseline), None)
    even = {
        trained.system: amortised(
            (trained.joules, sides[trained.system].joules(draws)), (base.joules, sides[base.system].joules(draws))
        )
        for _, trained in found
        if base is not None
        and base.joules is not None
        and trained.joules is not None
        and trained is not base
        and {trained.system, base.system} <= set(sides)
    }
    if as_json:
        print(json.dumps([_training_record(t, even.get(t.system)) for _, t in found]))
        return 0
    passes = "3 forward passes of arithmetic per clip and epoch (nominal)"
    print_wrapped(f"one training on {deployment.title}, saturated: {passes}")
    print()
    spread = [f"per decision over {words}" for words in SPREAD_OVER.values()]
    lines = [("system", "multiply-and-adds", "training", *spread, f"even with {results.study.baseline} after")]
    for _, trained in found:
        lines.append(_training_line(trained, sides.get(trained.system), even.get(trained.system), draws))
    print_columns(lines)
    for row, trained in found:
        if trained.reason:
            print()
            print_wrapped(f"{run_name(row)} is not counted: {trained.reason}")
    for row, trained in found:
        if trained.machine_joules is not None and trained.machine_seconds is not None:
            days, joules = trained.machine_seconds / 86_400, joules_text(float(trained.machine_joules[0]))
            spent = f"{plain_number(days)} {unit_of(days, 'days')}, {joules}"
            print()
            print_wrapped(f"{run_name(row)}, trained by parameter shift on the machine: {spent}")
    return 0


def _training_line(
    trained: Training, side: Side | None, even: Amortised | None, draws: CoefficientDraws
) -> tuple[str, ...]:
    if trained.joules is None or trained.macs is None:
        return trained.system, "not counted", "–", *("–" for _ in SPREAD_OVER), ""
    spread = ["–" for _ in SPREAD_OVER]
    if side is not None:
        spread = [joules_text(joules) for joules in per_decision(trained.joules, side, draws, tuple(SPREAD_OVER))]
    return trained.system, plain_number(trained.macs), joules_text(float(trained.joules[0])), *spread, _even_text(even)


def _even_text(even: Amortised | None) -> str:
    if even is None:
        return ""
    if even.n_decisions is None:
        return "never: it uses less from the start" if even.less_in_the_end == "A" else "never: it uses more throughout"
    if even.n_decisions < 1:
        return f"the first decision: {'less' if even.less_in_the_end == 'A' else 'more'} from there on"
    interval = ""
    if even.low is not None and even.high is not None:
        interval = f" [{factor_text(even.low)}, {factor_text(even.high)}]"
    return (
        f"{factor_text(even.n_decisions)}{interval} decisions, then {'less' if even.less_in_the_end == 'A' else 'more'}"
    )


def _training_record(trained: Training, even: Amortised | None) -> dict[str, Any]:
    return {
        "system": trained.system,
        "multiply_and_adds": trained.macs,
        "joules": None if trained.joules is None else float(trained.joules[0]),
        "reason": trained.reason or None,
        "machine_seconds": trained.machine_seconds,
        "machine_joules": None if trained.machine_joules is None else float(trained.machine_joules[0]),
        "even_with_baseline": None if even is None else asdict(even),
    }


def _record(row: Row, one: EnergyRow, p_less: float | None) -> dict[str, Any]:
    """`p_less`: P(less than the baseline), at the system boundary, always on, each run where it costs least."""
    return {
        "system": row.system.name,
        "backend": row.run.backend.name,
        "deployment": one.deployment,
        "scenario": one.scenario,
        "boundary": one.boundary,
        "kind": one.kind,
        "joules_per_decision": one.nominal_joules,
        "low": one.low,
        "high": one.high,
        "joules_per_second_of_audio": one.per_second_joules,
        "joules_by_stage": dict(one.by_stage),
        "p_run_uses_less_than_baseline": p_less,
        "unpriced": list(one.unpriced),
        "reason": one.reason or None,
        "does_not_fit": one.does_not_fit or None,
        "memory": [asdict(check) for check in memory_checks(one.fit)],
        "labels": list(one.labels),
    }
