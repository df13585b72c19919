# studies/search_sampler.py
"""Where the values of a search's next trial come from: Optuna's multi-objective TPE, made anew from what is known.

    maximise accuracy, minimise log10(joules)      constraints: how far each bound is exceeded, <= 0 where it is kept

The sampler is built from the finished trials and a seed that follows from the search, the space and their number, so
that what is drawn next depends on nothing else: a search that was interrupted goes on as it would have. Reference:
Ozaki, Tanigaki, Watanabe, Nomura & Onishi, J. Artif. Intell. Res. 73 (2022), 1209-1250.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from classical_baselines.harness.choices import InputError
from studies.search_space import Drawn

if TYPE_CHECKING:
    import optuna

NO_PRICE = 12.0  # log10 of the joules of what has no full price; a constraint says so too
N_RANDOM = 4  # trials of a space that are drawn without looking at others


@dataclass(frozen=True)
class Lesson:
    """A finished trial, as the sampler learns from it."""

    drawn: Mapping[str, Drawn]
    distributions: Mapping[str, str]  # of each drawn value, in Optuna's JSON
    accuracy: float
    log10_joules: float | None
    excess: Mapping[str, float]  # by bound, above 0 where it is broken


@dataclass
class OptunaDraw:
    """The values of one trial, drawn one by one: a `search_space.Draw`."""

    trial: "optuna.Trial"
    drawn: dict[str, Drawn] = field(default_factory=dict)

    def one_of(self, name: str, n: int) -> int:
        """A place in 0 to n - 1."""
        place = int(self.trial.suggest_categorical(name, list(range(n))))
        self.drawn[name] = place
        return place

    def whole(self, name: str, low: int, high: int, *, log: bool) -> int:
        """A whole number from low to high, both included."""
        number = self.trial.suggest_int(name, low, high, log=log)
        self.drawn[name] = number
        return number

    def real(self, name: str, low: float, high: float, *, log: bool) -> float:
        """A number from low to high."""
        number = self.trial.suggest_float(name, low, high, log=log)
        self.drawn[name] = number
        return number

    @property
    def distributions(self) -> dict[str, str]:
        """What each value was drawn from, in Optuna's JSON."""
        from optuna.distributions import distribution_to_json

        return {name: distribution_to_json(found) for name, found in self.trial.distributions.items()}


class Sampler:
    """Draws trials of one space, from the lessons of those before."""

    def __init__(self, seed: int, space: str, lessons: Sequence[Lesson]) -> None:
        optuna = optuna_or_reason()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        digest = hashlib.sha256(f"{seed}/{space}/{len(lessons)}".encode()).digest()
        sampler = optuna.samplers.TPESampler(
            seed=int.from_bytes(digest[:4], "big"), n_startup_trials=N_RANDOM, multivariate=True, group=True
        )
        self._study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
        for lesson in lessons:
            self._study.add_trial(_finished(lesson))

    def draw(self) -> OptunaDraw:
        """The next trial; those that were drawn before it count as running."""
        return OptunaDraw(self._study.ask())

    def learn(self, lesson: Lesson, draw: OptunaDraw) -> None:
        """Take in what came of a draw at once, before the next one."""
        from optuna.trial import TrialState

        self._study.tell(draw.trial, state=TrialState.FAIL)
        self._study.add_trial(_finished(lesson))


def optuna_or_reason() -> Any:
    """The library; InputError where the extra is not installed."""
    import warnings

    try:
        import optuna
    except ImportError as error:
        raise InputError("a search needs Optuna: pip install 'trichord[search]'.") from error
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


def _finished(lesson: Lesson) -> "optuna.trial.FrozenTrial":
    from optuna.distributions import json_to_distribution
    from optuna.trial import create_trial

    joules = NO_PRICE if lesson.log10_joules is None else lesson.log10_joules
    return create_trial(
        values=[lesson.accuracy, joules],
        params=dict(lesson.drawn),
        distributions={name: json_to_distribution(text) for name, text in lesson.distributions.items()},
        constraints=dict(lesson.excess),
    )
