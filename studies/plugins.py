# studies/plugins.py
"""Systems from outside: front ends, encoders, classifiers, backends and splitters of other packages, by entry point.

    [project.entry-points."trichord.classifiers"]          in the pyproject.toml of the other package
    my-net = "my_package:options"

`options` is what an entry of a registry is: a function without arguments that imports and returns a frozen dataclass of
options, or that dataclass itself; a splitter is the function that splits. What an installed package offers joins the
registries of the process that calls `load_plugins`, the driver and every worker; nothing of it is imported before a
study names it, splitters aside. The modules of the package are hashed into the keys of the cells that use them
(`code_version.py`). docs/adding_a_backend.md walks through it.

What `studies` offers itself joins in the same way (OWN): it takes parts of more than one paradigm, so it stands in the
registry of none. The front end by circuits is among them: those of the registry know no circuit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from classical_baselines.harness.choices import InputError

GROUPS = {  # of entry points -> what they offer, as the registries call it
    "trichord.front_ends": "front end",
    "trichord.encoders": "encoder",
    "trichord.classifiers": "classifier",
    "trichord.backends": "backend",
    "trichord.splitters": "protocol",
}


@dataclass(frozen=True)
class Plugin:
    """An entry of a registry that another package offers; calling it gives the dataclass of options."""

    what: str  # "classifier"
    name: str
    target: str  # "my_package:options"
    distribution: str
    version: str

    def __call__(self) -> type[Any]:
        found = self.load()
        given: Any = found if isinstance(found, type) else found()
        if not isinstance(given, type):
            raise InputError(f"{self.said} must return a dataclass of options; it returned {given!r:.60}.")
        return given

    def load(self) -> Callable[..., Any]:
        """What the entry point names."""
        try:
            return EntryPoint(self.name, self.target, "").load()
        except Exception as error:  # whatever another package raises while it is imported
            raise InputError(
                f"{self.said} cannot be loaded ({type(error).__name__}: {error}). Mend or remove the package."
            ) from error

    @property
    def module(self) -> str:
        """Where it is defined."""
        return self.target.partition(":")[0]

    @property
    def said(self) -> str:
        """Which one it is, in words."""
        return f"the {self.what} {self.name!r} of {self.distribution} {self.version} ({self.target})"


OWN = (
    Plugin("backend", "heard-so-far", "studies.heard_so_far:HeardSoFar", "trichord", "itself"),
    Plugin("backend", "degraded-senses", "studies.degraded_senses:DegradedSenses", "trichord", "itself"),
    Plugin("front end", "qft-spectrogram", "quantum.front_ends.qft_spectrogram:QftSpectrogram", "trichord", "itself"),
    Plugin(
        "protocol",
        "unseen-attack-and-speaker",
        "classical_baselines.data.attack_splits:unseen_attack_and_speaker",
        "trichord",
        "itself",
    ),
    Plugin(
        "protocol",
        "unseen-head-and-source",
        "classical_baselines.data.head_splits:unseen_head_and_source",
        "trichord",
        "itself",
    ),
    Plugin("protocol", "unseen-city", "classical_baselines.data.city_splits:unseen_city", "trichord", "itself"),
    Plugin(
        "protocol",
        "unseen-speakers",
        "classical_baselines.data.speaker_splits:unseen_speakers",
        "trichord",
        "itself",
    ),
)


@cache
def plugins() -> tuple[Plugin, ...]:
    """What the installed packages offer, by group and name."""
    found = [
        Plugin(what, one.name, one.value, one.dist.name if one.dist else "?", one.dist.version if one.dist else "?")
        for group, what in GROUPS.items()
        for one in entry_points(group=group)
    ]
    # One package that is found in two places of the path is one.
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.what, one.name, one.target)))


def load_plugins() -> None:
    """Put what is offered into the registries of this process; InputError for a name that exists already."""
    for plugin in (*OWN, *plugins()):
        _join(plugin)


def plugin_called(what: str, name: str) -> Plugin | None:
    """The plug-in that stands behind a name, where one does."""
    return next((one for one in (*OWN, *plugins()) if (one.what, one.name) == (what, name)), None)


def _join(plugin: Plugin) -> None:
    from classical_baselines.data import splits
    from studies import registries

    # Both are dictionaries; a study is opened only after they are complete, and nothing is taken out again.
    splitters: Any = splits.SPLITTERS
    known: Any = registries.REGISTRIES
    registry = splitters if plugin.what == "protocol" else known[plugin.what]
    present = registry.get(plugin.name)
    if present is not None and getattr(present, "plugin", present) != plugin:
        raise InputError(f"{plugin.said}: a {plugin.what} of this name exists already. Give it another name.")
    if present is not None:
        return
    if plugin.what == "protocol":
        splitter = plugin.load()
        splitter.plugin = plugin  # type: ignore[attr-defined]
        splitters[plugin.name] = splitter
    else:
        known[plugin.what] = {**registry, plugin.name: plugin}
