# studies/commands/trace.py
"""`trichord trace STUDY NUMBER`: from a number of the report to its cells, counts, coefficients and sources."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from classical_baselines.harness.coefficient import Coefficient
from studies.cell import CellKind, StudyCell
from studies.commands.columns import print_columns, print_wrapped
from studies.commands.request import Request
from studies.origins import Origin, origin_of
from studies.printed_numbers import Place, every_place, no_place, parsed, places
from studies.recheck import Recheck, rechecks_of
from studies.results import Row, StudyResults, load_results
from studies.running import Plan
from studies.store import Store
from studies.tracing import AccuracyTrace, DifferenceTrace, EnergyTrace, MeasuredTrace, Trace, TracedTerm, trace_address
from studies.wording import (
    amount_text,
    counted,
    energy_text,
    interval_text,
    joules_text,
    percent,
    plain_number,
    points_text,
)

MOST_PLACES = 30
SHOWN_KEY = 12
MOST_LAYERS = 4


def trace(request: Request, number: Sequence[str], as_json: bool) -> int:
    """Print what the number is made of; 1 where it does not come to the same when it is computed anew."""
    study, store = request.opened()
    plan = request.planned(study, store, confirm=True)
    results = load_results(study, store, plan)
    words = " ".join(number).split()
    printed = parsed(" ".join(words))
    if printed is not None:
        found = places(printed, every_place(results))
        if not found:
            raise no_place(" ".join(words))
        addresses = dict.fromkeys(place.address for place in found)
        if len(addresses) > 1:
            _say_places(found, " ".join(words), request.study, as_json=as_json)
            return 0
        words = found[0].address.split()
        if not as_json:
            print(f"{' '.join(number)} is the {found[0].what}.\n")
    traced = trace_address(results, words)
    keys = _keys(traced, plan, results)
    origin = origin_of(store, list(keys.values()))
    rechecks = _rechecks(keys, plan, store)
    if as_json:
        print(json.dumps(_record(traced, keys, origin, rechecks), ensure_ascii=False))
    else:
        _say(traced)
        _say_origin(keys, origin, store, rechecks)
    if not traced.agrees:
        print("trichord: computed anew, this number comes out differently; see above.", file=sys.stderr)
        return 1
    return 0


def _row_of(traced: Trace) -> Row:
    return traced.a.row if isinstance(traced, DifferenceTrace) else traced.row


def _cells(traced: Trace) -> list[StudyCell]:
    if isinstance(traced, DifferenceTrace):
        return [*_cells(traced.a), *_cells(traced.b)]
    return [one.cell for one in traced.cells] if isinstance(traced, AccuracyTrace) else list(traced.cells)


def _keys(traced: Trace, plan: Plan, results: StudyResults) -> dict[StudyCell, str]:
    """The key of every cell that the number rests on."""
    kind: CellKind = "test" if results.evidence(_row_of(traced).protocol) == "test" else "fit"
    known = {one.cell: one.test_key if kind == "test" else one.fit_key for one in plan.cells}
    for one in results.imports.values():
        known |= {cell: key for (cell, of_kind), key in one.keys.items() if of_kind == kind}
    return {cell: known[cell] for cell in _cells(traced)}


def _rechecks(keys: Iterable[StudyCell], plan: Plan, store: Store) -> list[Recheck]:
    """The records that carry cells of older code among these over to the present code."""
    wanted = set(keys)
    return rechecks_of((one for one in plan.cells if one.cell in wanted), store)


def _say_places(found: Sequence[Place], text: str, study: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"number": text, "places": [asdict(place) for place in found]}, ensure_ascii=False))
        return
    print(f"{text} stands in {len(found)} places. Name one: `trichord trace {study} ADDRESS`.\n")
    for place in found[:MOST_PLACES]:
        print(f"{place.address}\n    {place.what}, {_value(place)}")
    if len(found) > MOST_PLACES:
        print(f"... and {len(found) - MOST_PLACES} more, which --json lists.")


def _value(place: Place) -> str:
    if place.unit == "joules":
        return joules_text(place.value)
    return plain_number(place.value) if place.unit == "plain" else f"{percent(place.value, 2)} %"


def _say(traced: Trace) -> None:
    print(traced.address)
    if isinstance(traced, AccuracyTrace):
        _say_accuracy(traced)
    elif isinstance(traced, EnergyTrace):
        _say_energy(traced)
    elif isinstance(traced, MeasuredTrace):
        _say_measured(traced)
    else:
        _say_difference(traced)


def _say_accuracy(traced: AccuracyTrace) -> None:
    interval = traced.row.interval
    unit = "group" if interval.n_groups else "clip"
    print_wrapped(f"{interval_text(interval)} %, {traced.row.evidence} clips, {interval.method}", indent="  ")
    print()
    formula = f"mean over {unit}s of the {unit}'s accuracy: right / clips in each seed, then the mean over seeds"
    print_wrapped(formula, indent="formula   ", hanging=" " * 10)
    if interval.n_groups:
        print(f"\n{'group':16}  {'accuracy, %':>11}  right / clips, seed by seed")
        for name, score in traced.scores.items():
            sums: dict[int, tuple[int, int]] = {}
            for one in traced.cells:
                right, n = one.right_by_unit.get(name, (0, 0))
                before = sums.get(one.cell.seed, (0, 0))
                sums[one.cell.seed] = (before[0] + right, before[1] + n)
            print(f"{name:16}  {percent(score, 2):>11}  {'   '.join(f'{r}/{n}' for r, n in sums.values())}")
    said = "the number of the report" if traced.agrees else f"the report has {percent(interval.estimate, 4)}"
    print(f"\nmean of {counted(len(traced.scores), unit)}: {percent(traced.recomputed, 4)} %, {said}")
    print(f"\n{'fold':16}  {'seed':>4}  right / clips")
    for one in traced.cells:
        print(f"{one.cell.fold:16}  {one.cell.seed:>4}  {one.n_right}/{one.n_clips}")


def _say_difference(traced: DifferenceTrace) -> None:
    found = traced.comparison
    print_wrapped(f"{points_text(found)} points, {found.test}", indent="  ")
    print(f"  verdict: {found.verdict} (margin {found.margin:g})\n")
    formula = f"mean over {found.unit}s of A's accuracy less B's, over the seeds, folds and clips that both have"
    print_wrapped(formula, indent="formula   ", hanging=" " * 10)
    if found.differences:
        print(f"\n{'group':16}  {'A, %':>8}  {'B, %':>8}  {'A - B':>8}")
    for group, difference in found.differences.items():
        a, b = (percent(one.scores.get(group), 2) for one in (traced.a, traced.b))
        print(f"{group:16}  {a:>8}  {b:>8}  {100 * difference:>+8.2f}")
    for name, one in (("A", traced.a), ("B", traced.b)):
        print(f"\n{name} is {one.address}")
        _say_accuracy(one)


def _say_energy(traced: EnergyTrace) -> None:
    energy = traced.energy
    over = f"per decision over {energy.clip_seconds:g} s of audio, {energy.kind}; {energy.deployed.title}"
    print_wrapped(f"{energy_text(energy)} {over}", indent="  ")
    print()
    lines = [("stage", "operation", "on", "mean per clip", "price", "joules"), *map(_term_line, traced.terms)]
    lines.append(("", "", "", "", "sum", joules_text(traced.recomputed)))
    print_columns(lines, right=(3, 5))
    said = "that of the report" if traced.agrees else f"the report has {joules_text(energy.nominal_joules)}"
    print()
    cells = counted(len(traced.cells), "cell")
    print_wrapped(f"The sum is {said}. Counts are means over {cells}, each a mean over its clips.")
    notes = {(t.term.stage, t.term.operation, t.term.device): _term_note(t) for t in traced.terms}
    for (stage, operation, device), note in notes.items():
        if note:
            print_wrapped(f"{stage} {operation} on {device}: {note}", indent="  ", hanging="    ")
    for heading, entries in (
        ("Counted, and paid for within another price:", traced.included),
        ("Without a price, so that the sum is a lower bound:", energy.unpriced),
    ):
        if entries:
            print(f"\n{heading}")
            for entry in entries:
                print_wrapped(entry, indent="  ", hanging="    ")
    print("\nCoefficients:")
    for coefficient in traced.coefficients:
        within = f"{coefficient.kind}, boundary {coefficient.boundary}"
        print_wrapped(f"{coefficient.id}: {_coefficient_text(coefficient)}", indent="  ", hanging="      ")
        print_wrapped(f"{within}; {coefficient.node}; {coefficient.conditions}", indent="      ")
        print_wrapped(f"evidence: {coefficient.evidence}; source: {coefficient.source}", indent="      ")


def _say_measured(traced: MeasuredTrace) -> None:
    energy, measured = traced.energy, traced.measured
    windows = f"{counted(len(measured.joules_by_window), 'window')} of {measured.window_seconds:g} s or more"
    print(f"  {energy_text(energy)} per decision over {energy.clip_seconds:g} s of audio")
    print_wrapped(f"measured with {measured.meter}; 95 % (t) over {windows}", indent="  ")
    print()
    for number, joules in enumerate(measured.joules_by_window, start=1):
        print(f"  window {number}  {joules_text(joules)} per decision")
    print(f"  mean      {joules_text(traced.recomputed)}\n")
    print_wrapped(traced.said)


def _term_line(traced: TracedTerm) -> tuple[str, ...]:
    term = traced.term
    price = " x ".join(_amount(coefficient, coefficient.nominal) for coefficient in traced.price)
    return term.stage, term.operation, term.device, _count(term.count), price, joules_text(traced.joules)


def _term_note(traced: TracedTerm) -> str:
    if traced.derivation:
        return traced.derivation
    spread = "" if traced.least == traced.most else f" ({_count(traced.least)} to {_count(traced.most)} by cell)"
    largest = sorted(traced.layers.items(), key=lambda layer: -layer[1])[:MOST_LAYERS]
    if len(traced.layers) == 1 and not spread:
        return ""
    rest = f", {len(traced.layers) - MOST_LAYERS} more" if len(traced.layers) > MOST_LAYERS else ""
    return ", ".join(f"{name} {_count(count)}" for name, count in largest) + rest + spread


def _count(number: float | None) -> str:
    return "–" if number is None else plain_number(number, 6)


def _coefficient_text(coefficient: Coefficient) -> str:
    low, high = (_amount(coefficient, value) for value in (coefficient.low, coefficient.high))
    of = f" of {coefficient.of}" if coefficient.of else ""
    assumed = ", range assumed" if coefficient.range_assumed else ""
    return f"{_amount(coefficient, coefficient.nominal)} [{low}, {high}]{of}{assumed}"


def _amount(coefficient: Coefficient, value: float) -> str:
    return amount_text(value, coefficient.unit)


def _say_origin(keys: Mapping[StudyCell, str], origin: Origin, store: Store, rechecks: Sequence[Recheck]) -> None:
    print(f"\nWhere it comes from: {counted(len(keys), 'cell')}, {origin.wall_seconds:,.0f} s of computing")
    for name, values in (
        ("revision", origin.revisions),
        ("code", origin.code_versions),
        ("rechecked", [one.said for one in rechecks]),
        ("data", origin.data),
        ("machine", origin.machines),
        ("software", origin.software),
        ("command", origin.commands),
        ("started", origin.started),
    ):
        for value in values:
            if name == "command":  # to copy
                print(f"  {name:9} {value}")
            else:
                print_wrapped(str(value), indent=f"  {name:9} ", hanging=" " * 12)
    behind = f", and the published one behind it, {store.behind.path}" if store.behind is not None else ""
    print_wrapped(f"{store.path}{behind}", indent="  store     ", hanging=" " * 12)
    for cell, key in keys.items():
        print(f"  {key[:SHOWN_KEY]}  {cell.system} · {cell.protocol} · {cell.fold} · seed {cell.seed}")


def _record(
    traced: Trace, keys: Mapping[StudyCell, str], origin: Origin, rechecks: Sequence[Recheck]
) -> dict[str, Any]:
    """The same for machines."""
    cells = [{**asdict(cell), "key": key} for cell, key in keys.items()]
    carried = [one.model_dump(mode="json") for one in rechecks]
    return {**_body(traced), "agrees": traced.agrees, "cells": cells, "origin": asdict(origin), "rechecks": carried}


def _body(traced: Trace) -> dict[str, Any]:
    if isinstance(traced, AccuracyTrace):
        interval = traced.row.interval
        return {
            "address": traced.address,
            "value": interval.estimate,
            "low": interval.low,
            "high": interval.high,
            "method": interval.method,
            "evidence": traced.row.evidence,
            "recomputed": traced.recomputed,
            "scores": traced.scores if interval.n_groups else {},
            "right": [
                {"fold": one.cell.fold, "seed": one.cell.seed, "right": one.n_right, "clips": one.n_clips}
                for one in traced.cells
            ],
        }
    if isinstance(traced, DifferenceTrace):
        return {
            "address": traced.address,
            "comparison": asdict(traced.comparison),
            "a": _body(traced.a),
            "b": _body(traced.b),
        }
    energy = traced.energy
    common = {
        "address": traced.address,
        "value": energy.nominal_joules,
        "low": energy.low,
        "high": energy.high,
        "kind": energy.kind,
        "clip_seconds": energy.clip_seconds,
        "period_seconds": energy.period_seconds,
        "recomputed": traced.recomputed,
    }
    if isinstance(traced, MeasuredTrace):
        return {**common, "measured": traced.measured.model_dump(mode="json"), "source": traced.said}
    return {
        **common,
        "terms": [
            {
                **asdict(term.term),
                "price": [coefficient.id for coefficient in term.price],
                "layers": term.layers,
                "least": term.least,
                "most": term.most,
                "derivation": term.derivation or None,
            }
            for term in traced.terms
        ],
        "coefficients": [asdict(coefficient) for coefficient in traced.coefficients],
        "included": traced.included,
        "unpriced": energy.unpriced,
    }
