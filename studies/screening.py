# studies/screening.py
"""A screen: a first answer in ten minutes, and never a result.

The study as it is, but validation clips alone, its first seed, its headline protocol, and a quarter of the epochs. A
screen is a study of its own name with a store of its own, so its cells never stand among those of the study; its title
and that of every system say SCREEN, and so does every page, table and figure. Cells are started fold by fold, the
baseline and the contenders of a fold first, while the time that is left holds what they are expected to take.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from studies.specification import Study, System

MARK = "SCREEN"
SUFFIX = "-screen"
SECONDS = 600.0  # of cells; the report comes after
EPOCH_SHARE = 0.25
OVERHEAD_SECONDS = 3.0  # of a cell: decoding, pictures, backends; the rest grows with the epochs
ROLE_ORDER = ("contender", "rival", "twin", "control")


def screen_of(study: Study) -> Study:
    """The screen of a study."""
    return study.model_copy(
        update={
            "name": f"{study.name}{SUFFIX}",
            "title": f"{MARK}: {study.title}",
            "seeds": study.seeds[:1],
            "protocols": (study.headline_protocol,),
            "systems": tuple(_screened(system) for system in study.systems),
        }
    )


def is_screen(study: Study) -> bool:
    """Whether results are those of a screen."""
    return study.name.endswith(SUFFIX) and study.title.startswith(f"{MARK}: ")


def in_order(study: Study, folds: Sequence[str], cells: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(fold, system) in the order in which they are run: a fold is finished before the next one begins."""
    place = {fold: number for number, fold in enumerate(folds)}
    systems = sorted(study.systems, key=lambda one: (one.name != study.baseline, ROLE_ORDER.index(one.role)))
    rank = {system.name: number for number, system in enumerate(systems)}
    return sorted(cells, key=lambda cell: (place[cell[0]], rank[cell[1]]))


@dataclass
class Expected:
    """What a cell of each system is expected to take: as seen in this screen, else from the study's own cells."""

    of_study: Mapping[str, float]  # mean seconds of a whole cell of the study, by system; empty where none was run
    seen: dict[str, float]  # the longest of this screen

    def seconds(self, system: str) -> float:
        """Of one cell; where nothing is known, as much as the dearest cell that has been seen."""
        if system in self.seen:
            return self.seen[system]
        if system in self.of_study:
            return OVERHEAD_SECONDS + EPOCH_SHARE * self.of_study[system]
        return max(self.seen.values(), default=0.0)

    def took(self, system: str, seconds: float) -> None:
        """A cell of the system has ended."""
        self.seen[system] = max(seconds, self.seen.get(system, 0.0))


def next_batch(
    waiting: Sequence[tuple[str, str]], expected: Expected, seconds_left: float, n_jobs: int
) -> list[tuple[str, str]]:
    """The cells to start side by side: the first that the time left holds; [] where it holds none."""
    return [cell for cell in waiting if expected.seconds(cell[1]) <= seconds_left][:n_jobs] if seconds_left > 0 else []


def _screened(system: System) -> System:
    """A quarter of the epochs, and the runs that validation clips allow."""
    runs = tuple(run for run in system.runs if not run.test_only)
    training = system.training.model_copy(update={"n_epochs": max(1, round(EPOCH_SHARE * system.training.n_epochs))})
    title = f"{system.title or system.name} [{MARK}]"
    return system.model_copy(update={"title": title, "training": training, "runs": runs or system.runs})
