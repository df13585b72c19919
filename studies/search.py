# studies/search.py
"""Co-search: systems, with the device that runs them, by accuracy against energy and latency under a budget.

    study file with [search]  ->  trials, each a system of one space  ->  fit cells  ->  accuracy, joules, seconds

A trial is a system like any other: its cells are trained by the executor, committed to the store and priced from their
counts. Only validation clips are seen. Every space gets the same number of trials, and what does not go together is
refused before any training and counts as none. The more accurate and the cheaper trial is looked for; a bound that the
study names is kept:

    accuracy >= min_accuracy      joules <= max_joules      seconds of all devices <= max_latency_seconds

What has no full price on its device keeps no budget. What was drawn is kept in STORE/search: a
search goes on where it was interrupted, and trains no committed cell again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log10
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from classical_baselines.harness.choices import InputError
from studies.budgets import EnergyRow
from studies.grid import Ground, measured_ground
from studies.pareto import on_front
from studies.plain_errors import explained
from studies.results import StudyResults, load_results
from studies.running import Plan, make_plan
from studies.search_sampler import Lesson, Sampler
from studies.search_space import Drawn, check_space, filled
from studies.specification import Search, SearchSpace, Study, System
from studies.store import Store

DRAWN = ("drawn", "distributions", "refused")
MOST_REFUSED = 20  # drawings in a row whose options do not go together: the space is at fault


@dataclass(frozen=True)
class Trial:
    """One drawing of a space and, once its cells are committed, what came of it."""

    space: str
    number: int
    drawn: Mapping[str, Drawn]  # by the way to each open value
    distributions: Mapping[str, str]
    values: Mapping[str, Any]  # the system as drawn
    system: System  # the same with a share of its epochs
    refused: Sequence[Mapping[str, Any]] = ()  # what was drawn before it, and does not go together
    accuracy: float | None = None  # mean over groups of the validation clips
    joules: float | None = None  # nominal, per decision; None without a full price
    seconds: float | None = None  # of all devices, one after another; None where one has no time
    reason: str = ""  # why it keeps no budget, or came to nothing

    @property
    def name(self) -> str:
        """The name of its system."""
        return self.system.name

    @property
    def deployment(self) -> str:
        """Where it runs."""
        return self.system.runs[0].deployments[0]


@dataclass(frozen=True, eq=False)
class Found:
    """What a search has found so far."""

    study: Study  # of the trials, as any study: what their report is made of
    plan: Plan
    trials: tuple[Trial, ...]
    interrupted: bool = False

    @property
    def within_budget(self) -> tuple[Trial, ...]:
        """Trials that keep every bound, the most accurate first."""
        kept = [trial for trial in self.trials if trial.accuracy is not None and not trial.reason]
        return tuple(sorted(kept, key=lambda trial: -(trial.accuracy or 0.0)))

    @property
    def front(self) -> tuple[Trial, ...]:
        """Those that no other one beats in accuracy and energy at once, the cheapest first."""
        kept = self.within_budget
        standing = on_front([t.accuracy or 0.0 for t in kept], [t.joules or inf for t in kept])
        return tuple(sorted((t for t, on in zip(kept, standing, strict=True) if on), key=lambda t: t.joules or inf))


def searched(study: Study) -> Search:
    """The search of a study, checked; InputError where it has none or a space leaves nothing open."""
    if study.search is None:
        raise InputError(
            f"study {study.name!r} has no [search] table. `trichord new NAME --from digits-search` has one."
        )
    names = [space.name for space in study.search.spaces]
    if len(set(names)) != len(names):
        raise InputError(f"study {study.name!r}: each search space needs a name of its own; got {', '.join(names)}.")
    for space in study.search.spaces:
        check_space(space.system, f"study {study.name!r}, search space {space.name!r}")
    return study.search


def search(
    study: Study,
    store: Store,
    data_root: Path | None,
    run: Callable[[Plan], bool],
    tell: Callable[[Trial], None] = lambda trial: None,
) -> Found:
    """Draw, train and price trials until every space has had its number.

    `run` runs what a plan lacks and says whether it came to its end; `tell` is called with every trial that is priced.
    """
    wanted = searched(study)
    ground = measured_ground(study, data_root)
    trials = {space.name: _kept(study, store, space) for space in wanted.spaces}
    told: set[str] = set()
    while True:
        everything = [trial for of_space in trials.values() for trial in of_space]
        if not everything:
            trials = {space.name: _drawn(study, space, [], store, data_root) for space in wanted.spaces}
            continue
        found = _carried_out(study, everything, ground, store, run)
        for trial in found.trials if not found.interrupted else ():
            if trial.name not in told:
                told.add(trial.name)
                tell(trial)
        trials = {name: [t for t in found.trials if t.space == name] for name in trials}
        if found.interrupted or all(len(of_space) >= wanted.n_trials for of_space in trials.values()):
            return found
        for space in wanted.spaces:
            trials[space.name] += _drawn(study, space, trials[space.name], store, data_root)


def study_of(study: Study, trials: Sequence[Trial]) -> Study:
    """The trials as a study: their systems, the headline protocol, one seed."""
    search = searched(study)
    return study.model_copy(
        update={
            "name": f"{study.name}-trials",
            "title": f"{study.title}: trials of a search",
            "seeds": (search.seed,),
            "baseline": trials[0].name,
            "protocols": (study.headline_protocol,),
            "systems": tuple(trial.system for trial in trials),
            "probes": type(study.probes)(),
            "search": None,
        }
    )


def front_file(study: Study, found: Found) -> str:
    """A study of the front's systems with their full training: what is to be confirmed on test clips."""
    import tomli_w

    raw = study.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    raw |= {
        "schema": study.schema_version,
        "name": f"{study.name}-front",
        "title": f"{study.title}: the front of a search",
        "baseline": found.front[-1].name,
        **({"device_files": list(study.device_files)} if study.device_files else {}),
        "systems": [{"name": trial.name, "title": trial.system.title, **trial.values} for trial in found.front],
    }
    del raw["search"]
    head = (
        f"# The front of the search in {study.name}: {len(found.front)} systems, chosen on validation clips with\n"
        "# a share of their epochs. Here they are trained in full; `trichord run FILE --confirm` tests them.\n\n"
    )
    return head + tomli_w.dumps(raw)


def _carried_out(
    study: Study, trials: Sequence[Trial], ground: Ground, store: Store, run: Callable[[Plan], bool]
) -> Found:
    """Run what the trials lack, and read what they are worth."""
    wanted, derived = searched(study), study_of(study, trials)
    protocol = derived.headline_protocol.name
    narrowed = replace(ground, folds={protocol: ground.folds[protocol][: wanted.n_folds]})
    ended = run(make_plan(derived, narrowed, store, confirm=False))
    plan = make_plan(derived, narrowed, store, confirm=False)
    results = load_results(derived, store, plan)
    return Found(derived, plan, tuple(_valued(results, trial, wanted) for trial in trials), not ended)


def _valued(results: StudyResults, trial: Trial, wanted: Search) -> Trial:
    """The trial with the accuracy, joules and seconds of its committed cells."""
    row = results.row(trial.name)
    if row is None or row.n_cells < row.n_wanted:
        failed = [gap.reason for gap in results.missing if gap.cell.system == trial.name and gap.reason]
        return replace(trial, reason=failed[0] if failed else "its cells are not all committed")
    energy = next(energy for energy in row.energies if energy.stands_at(wanted.boundary, wanted.scenario))
    seconds = sum(energy.busy_seconds.values()) if energy.busy_seconds else None
    joules = energy.nominal_joules if energy.kind in ("modelled", "measured") else None
    priced = replace(trial, accuracy=row.interval.estimate, joules=joules, seconds=seconds)
    return replace(priced, reason=_broken(priced, energy, wanted))


def _broken(trial: Trial, energy: EnergyRow, wanted: Search) -> str:
    """Which bounds a trial breaks, in words; "" where it keeps them all."""
    broken = [name for name, over in excess(trial, wanted).items() if over > 0 and name != "no full price"]
    if trial.joules is None:
        broken.insert(0, energy.reason or "no full price: " + ", ".join(energy.unpriced))
    return "; ".join(broken)


def excess(trial: Trial, wanted: Search) -> dict[str, float]:
    """How far a priced trial is beyond each bound, in decades or as a share of accuracy; 1 where that is not known."""
    found = {"no full price": 1.0 if trial.joules is None else 0.0}
    if wanted.min_accuracy is not None:
        found[f"accuracy below {wanted.min_accuracy:g}"] = wanted.min_accuracy - (trial.accuracy or 0.0)
    for what, value, bound in (
        ("J", trial.joules, wanted.max_joules),
        ("s", trial.seconds, wanted.max_latency_seconds),
    ):
        if bound is not None:
            found[f"above {bound:g} {what}"] = 1.0 if value is None else log10(value / bound)
    return found


def _kept(study: Study, store: Store, space: SearchSpace) -> list[Trial]:
    """What was drawn of a space before, in order; a space that has changed since is an error."""
    trials: list[Trial] = []
    for record in store.drawings(study.name, space.name):
        if record.get("template") != _template(study, space) or not {"values", *DRAWN} <= set(record):
            raise InputError(
                f"the search space {space.name!r} of {store.path} has changed since its trials were drawn. "
                "Give it another name, or name another --store."
            )
        kept = {name: record[name] for name in DRAWN} | {"refused": tuple(record["refused"])}
        system = _system(study, space, len(trials), record["values"])
        trials.append(Trial(space.name, len(trials), values=record["values"], system=system, **kept))
    return trials


def _drawn(
    study: Study, space: SearchSpace, before: Sequence[Trial], store: Store, data_root: Path | None
) -> list[Trial]:
    """The next trials of a space, as many as a batch has or are still to come."""
    wanted = searched(study)
    lessons = [_refusal(drawn) for trial in before for drawn in trial.refused]
    lessons += [_lesson(trial, wanted) for trial in before if trial.accuracy is not None]
    sampler = Sampler(wanted.seed, space.name, lessons)
    return [
        _next(study, space, sampler, len(before) + place, store, data_root)
        for place in range(min(wanted.batch, wanted.n_trials - len(before)))
    ]


def _next(
    study: Study, space: SearchSpace, sampler: Sampler, number: int, store: Store, data_root: Path | None
) -> Trial:
    """Draw until the options go together and a clip goes through them untrained; keep what was drawn."""
    refusal = ""
    refused: list[Mapping[str, Any]] = []
    for _ in range(MOST_REFUSED):
        draw = sampler.draw()
        values = filled(space.system, draw)
        drawn = {"drawn": draw.drawn, "distributions": draw.distributions}
        try:
            system = _system(study, space, number, values)
            trial = Trial(space.name, number, draw.drawn, draw.distributions, values, system, tuple(refused))
            measured_ground(study_of(study, [trial]), data_root)
        except InputError as error:
            refusal = str(error)
            refused.append(drawn)
            sampler.learn(_refusal(drawn), draw)
            continue
        record = {**drawn, "values": values, "refused": refused, "template": _template(study, space)}
        store.save_drawing(study.name, space.name, number, record)
        return trial
    raise InputError(f"search space {space.name!r}: {MOST_REFUSED} drawings do not go together. The last: {refusal}")


def _lesson(trial: Trial, wanted: Search) -> Lesson:
    joules = None if trial.joules is None else log10(trial.joules)
    return Lesson(trial.drawn, trial.distributions, trial.accuracy or 0.0, joules, excess(trial, wanted))


def _refusal(drawn: Mapping[str, Any]) -> Lesson:
    return Lesson(drawn["drawn"], drawn["distributions"], 0.0, None, {"does not go together": 1.0})


def _template(study: Study, space: SearchSpace) -> Any:
    """All that a drawing and its value depend on, as JSON has it."""
    wanted = searched(study).model_dump(mode="json", exclude={"spaces", "n_trials"})
    return json.loads(json.dumps({"space": space.system, "search": wanted}))


def _system(study: Study, space: SearchSpace, number: int, values: Mapping[str, Any]) -> System:
    """The drawn values as a system of the study, with a share of its epochs."""
    raw = {"name": f"{space.name}-{number:03d}", "title": f"{space.name} {number}", **values}
    try:
        system = System.model_validate(raw)
    except ValidationError as error:
        raise InputError(f"search space {space.name!r}: {explained(error, raw)}") from error
    if len(system.runs) != 1 or len(system.runs[0].deployments) != 1:
        raise InputError(
            f"search space {space.name!r}: give one run with one deployment; the device is searched for too."
        )
    n_epochs = max(1, round(searched(study).epochs_share * system.training.n_epochs))
    return system.model_copy(update={"training": system.training.model_copy(update={"n_epochs": n_epochs})})
