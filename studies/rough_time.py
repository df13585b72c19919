# studies/rough_time.py
"""How long the cells to come will take, and what that is known from; the best that there is of three:

committed     the times of this study's committed cells of the same code and settings
earlier       those of cells of the same study and system by other code or other settings
forward       three times a forward pass of each training clip, timed as the study was checked: a training step goes
              forward once and backward at about twice that cost. The front end, the runs on backends and systems
              that are fitted directly are not in it, so it is a lower bound, and a rough one
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from studies.checked_study import CheckedStudy
from studies.index import CellSummary
from studies.progress import TimeLeft, spoken

if TYPE_CHECKING:
    from studies.running import Plan

Source = Literal["committed", "earlier", "forward"]
PASSES_OF_A_STEP = 3.0


@dataclass(frozen=True)
class TimeToCome:
    """Seconds until all is run, and what they are known from; no seconds where nothing is known."""

    seconds: float | None
    source: Source | None


def time_to_come(plan: "Plan", summaries: Mapping[str, CellSummary], checked: CheckedStudy, n_jobs: int) -> TimeToCome:
    """Of what is missing of a plan, `n_jobs` cells at a time."""
    waiting = Counter(cell.cell.system for cell, kinds in plan.missing if "fit" in kinds)
    if not plan.tasks:
        return TimeToCome(0.0, None)
    committed = {cell.fit_key for cell in plan.cells}
    of_source: dict[Source, dict[str, list[float]]] = {"committed": defaultdict(list), "earlier": defaultdict(list)}
    for key, one in summaries.items():
        if one.kind == "fit" and one.study == plan.study.name and one.wall_seconds:
            source: Source = "committed" if key in committed else "earlier"
            of_source[source][str(one.system)].append(one.wall_seconds)
    for source, times in of_source.items():
        if set(times) & {system.name for system in plan.study.systems}:
            left = TimeLeft([*waiting.elements(), *(name for name, taken in times.items() for _ in taken)], n_jobs)
            for name, taken in times.items():
                for seconds in taken:
                    left.finished(name, seconds)
            return TimeToCome(left.seconds(), source)
    steps = [_forward_seconds(plan, cell.cell.system, cell.cell.protocol, checked) for cell, _ in plan.missing]
    known = [seconds for seconds in steps if seconds is not None]
    return TimeToCome(sum(known) / n_jobs, "forward") if known else TimeToCome(None, None)


def in_words(time: TimeToCome) -> str:
    """As a plan says it.

    >>> in_words(TimeToCome(300.0, "committed")), in_words(TimeToCome(0.0, None))
    ('5 min', '0 s')
    """
    said = spoken(time.seconds)
    if time.source == "earlier":
        return f"roughly {said}, by cells of other code or settings"
    if time.source == "forward":
        return f"roughly {said} of training, by forward passes timed here; backends are not in it"
    return said


def _forward_seconds(plan: "Plan", system: str, protocol: str, checked: CheckedStudy) -> float | None:
    seconds = checked.clip_seconds.get(system)
    if seconds is None:
        return None
    n_epochs = plan.study.system(system).training.n_epochs
    return PASSES_OF_A_STEP * seconds * checked.protocols[protocol].n_training_clips * n_epochs
