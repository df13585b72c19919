# studies/registries.py
"""The open sets of the three paradigms, brought together where a study names them.

Each package keeps its own registry; an entry is a function that imports and returns the entry's frozen dataclass of
options, so that naming an entry costs no import. Two packages may not use one name for two things.
"""

from collections.abc import Callable, Mapping
from typing import Any

from classical_baselines.front_ends import FRONT_ENDS
from classical_baselines.harness.backends import BACKENDS as HARNESS_BACKENDS
from classical_baselines.harness.choices import build_options, choose
from classical_baselines.models import BACKENDS as CLASSICAL_BACKENDS
from classical_baselines.models import CLASSIFIERS as CLASSICAL_CLASSIFIERS
from neuro.classifiers import CLASSIFIERS as NEURO_CLASSIFIERS
from neuro.encoders import ENCODERS as SPIKE_ENCODERS
from neuro.loihi import BACKENDS as LOIHI_BACKENDS
from quantum.backends import BACKENDS as QUANTUM_BACKENDS
from quantum.classifiers import CLASSIFIERS as QUANTUM_CLASSIFIERS
from quantum.encoders import ENCODERS as STATE_ENCODERS
from studies.specification import Choice

Registry = Mapping[str, Callable[[], type[Any]]]


def _unencoded() -> type[Any]:
    from classical_baselines.harness.unencoded import Unencoded

    return Unencoded


def _united(*registries: Registry) -> dict[str, Callable[[], type[Any]]]:
    united: dict[str, Callable[[], type[Any]]] = {}
    for registry in registries:
        twice = sorted(set(united) & set(registry))
        if twice:
            raise ValueError(f"{', '.join(twice)} stands in two registries; a name means one thing.")
        united.update(registry)
    return united


ENCODERS: Registry = _united({"none": _unencoded}, SPIKE_ENCODERS, STATE_ENCODERS)
CLASSIFIERS: Registry = _united(CLASSICAL_CLASSIFIERS, NEURO_CLASSIFIERS, QUANTUM_CLASSIFIERS)
BACKENDS: Registry = _united(HARNESS_BACKENDS, CLASSICAL_BACKENDS, LOIHI_BACKENDS, QUANTUM_BACKENDS)
REGISTRIES: Mapping[str, Registry] = {
    "front end": FRONT_ENDS,
    "encoder": ENCODERS,
    "classifier": CLASSIFIERS,
    "backend": BACKENDS,
}


def build(what: str, choice: Choice) -> Any:
    """The entry of the registry `what` that `choice` names, built with its options."""
    entry = choose(REGISTRIES[what], choice.name, what=what)
    return build_options(entry(), choice.options, what=f"{what} {choice.name!r}")
