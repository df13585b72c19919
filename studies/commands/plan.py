# studies/commands/plan.py
"""`trichord plan`: the cells of a study and what is missing, before anything is run."""

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from studies.cell_key import digest
from studies.checked_study import CheckedStudy, checked_study
from studies.code_version import code_of
from studies.commands.columns import print_wrapped
from studies.commands.request import Request
from studies.executors.inline import jobs_of_cores
from studies.grid import ground_of
from studies.remembered import remembered
from studies.resolution import (
    ASSUMED_CLIP_SPREAD,
    PUBLISHED_SPREAD,
    Resolution,
    Spread,
    in_words,
    observed_spread,
    resolution_of,
)
from studies.rough_time import TimeToCome, time_to_come
from studies.rough_time import in_words as time_in_words
from studies.running import Plan
from studies.specification import Study
from studies.store import Store
from studies.wording import counted, joules_text

if TYPE_CHECKING:
    from studies.energy_before_training import Before


def plan(request: Request, confirm: bool, energy: bool, as_json: bool) -> int:
    """Print the plan; or, with `energy`, what every system will cost, before any training."""
    study = request.open_study()
    if energy:
        return _energies(study, request, as_json)
    store = request.open_store(study)
    checked = checked_study(study, request.data_root)
    made = request.planned(study, store, confirm=confirm, ground=ground_of(checked))
    resolution = _resolution(study, checked, made, store)
    missing = Counter(cell.cell.system for cell, _ in made.missing)
    time = time_to_come(made, store.summaries(), checked, jobs_of_cores(study.threads_per_cell))
    if as_json:
        record = {
            "study": study.name,
            "cells": made.n_wanted,
            "committed": made.n_wanted - made.n_missing,
            "missing_by_system": dict(missing),
            "seconds_left": time.seconds,
            "seconds_left_from": time.source,
            "resolution": asdict(resolution),
            "near_duplicates": checked.near_duplicates or None,
            "notes": list(checked.notes),
        }
        print(json.dumps(record))
        return 0
    print_wrapped(study.title)
    print_wrapped(study.question)
    print()
    _print_time(made, time)
    print(f"\ndata      {study.data.name}, {made.ground.content_hash[:12]}")
    for name, folds in made.ground.folds.items():
        _say("protocol", f"{name}: {counted(len(folds), 'fold')} ({', '.join(folds)})")
    if checked.near_duplicates:
        _say("warning", checked.near_duplicates)
    for note in checked.notes:
        _say("note", note)
    print(f"seeds     {', '.join(map(str, study.seeds))}")
    finds, finer = in_words(resolution)
    _say("finds", finds)
    _say("", finer)
    for system in study.systems:
        backends = ", ".join(run.backend.name for run in system.runs)
        _say("system", f"{system.name} ({system.family}, {system.role}) on {backends}: {missing[system.name]} to run")
    codes = Counter(str(cell.rechecked_code)[:12] for cell in made.cells if cell.rechecked_code)
    for code, n in codes.items():
        stand = "stands" if n == 1 else "stand"
        _say("rechecked", f"{counted(n, 'fit cell')} of code {code} {stand} in, with what was run on them")
    if not confirm:
        print("\nValidation only: add --confirm to open the test clips.")
    return 0


def _print_time(made: Plan, time: TimeToCome) -> None:
    print_wrapped(f"{counted(made.n_wanted, 'cell')}, {made.n_missing:,} to run; {time_in_words(time)}")


def _say(what: str, text: str) -> None:
    print_wrapped(text, indent=f"{what:9} ", hanging=" " * 10)


def _resolution(study: Study, checked: CheckedStudy, made: Plan, store: Store) -> Resolution:
    """What the headline protocol can tell, by the spread of the committed cells, or an assumed one.

    It is remembered, as it takes reading hundreds of cells; committed cells never change.
    """
    protocol = checked.protocols[study.headline_protocol.name]

    def found() -> dict[str, Any]:
        assumed = PUBLISHED_SPREAD if protocol.unit == "group" else ASSUMED_CLIP_SPREAD
        spread = observed_spread(made, store) or assumed
        n_seeds, shares = len(study.seeds), len(made.ground.folds[study.headline_protocol.name]) < protocol.n_units
        return asdict(resolution_of(protocol.n_units, protocol.unit, n_seeds, spread, study.equivalence_margin, shares))

    committed = store.keys()
    keys = [key for cell in made.cells for key in (cell.fit_key, cell.test_key) if key in committed]
    depends_on = {
        "code": code_of({"studies.resolution", "studies.commands.plan"}).digest,
        "study": study.model_dump(mode="json"),
        "protocol": asdict(protocol),
        "committed": digest(keys),
    }
    table = remembered("resolution", depends_on, found)
    return Resolution(**table | {"spread": Spread(**table["spread"])})


def _energies(study: Study, request: Request, as_json: bool) -> int:
    from studies.energy_before_training import RATES, energies_before_training

    checked_study(study, request.data_root)
    found = energies_before_training(study, request.data_root)
    if as_json:
        records = [
            {
                "system": one.system,
                "backend": one.backend,
                "deployment": one.energies[0].deployment if one.energies else None,
                "nominal_joules": [energy.nominal_joules for energy in one.energies],
                "spike_rates": list(RATES) if len(one.energies) > 1 else None,
                "network_joules": [energy.nominal_joules for energy in one.network],
                "low": one.low_joules,
                "high": one.high_joules,
                "kind": one.energies[0].kind if one.energies else "unavailable",
                "reason": one.reason or None,
            }
            for one in found
        ]
        print(json.dumps({"study": study.name, "before_training": True, "energies": records}))
        return 0
    print_wrapped(f"{study.name}: joules per decision BEFORE TRAINING, from one clip through every untrained system")
    print_wrapped("system boundary, always on, headline run where it costs least; in brackets 5 to 95 % of the draws")
    print()
    for one in found:
        print_wrapped(_energy_text(one), indent=f"{one.system:26}  ", hanging=" " * 28)
    print(f"\nspiking networks over {100 * RATES[0]:g} to {100 * RATES[1]:g} % spikes per neuron and step")
    return 0


def _energy_text(one: "Before") -> str:
    if not one.energies:
        return f"not known: {one.reason or 'no price for its network'}"
    nominal = " to ".join(dict.fromkeys(joules_text(energy.nominal_joules) for energy in one.energies))
    bound = "at least " if one.energies[0].kind == "lower-bound" else ""
    interval = f"[{joules_text(one.low_joules)}, {joules_text(one.high_joules)}]"
    text = f"{bound}{nominal} {interval} on {one.energies[0].deployment} ({one.backend})"
    if len(one.network) > 1:
        low, high = (joules_text(energy.nominal_joules) for energy in (one.network[0], one.network[-1]))
        text += f"; its network alone, operations and routing, {low} to {high}"
    return text
