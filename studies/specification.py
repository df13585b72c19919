# studies/specification.py
"""A study: the question, the data, the systems and how they are run, as frozen models that forbid unknown keys.

A study file is TOML (`studies/catalogue/*.toml`, or the user's own). Every name in it is a registry key in
kebab-case; the options beside a name are the fields of that entry's frozen dataclass, checked when the study is
opened, before any work is spent. This module imports no torch: `trichord plan` and `--help` stay quick.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from classical_baselines.harness.choices import InputError

SCHEMA_VERSION = 1
CATALOGUE = Path(__file__).parent / "catalogue"

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]*$", description="kebab-case registry key")]
Family = Literal["classical", "neuro", "quantum"]
Role = Literal["contender", "rival", "twin", "control"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Model):
    """A registry entry and the options that it is built with."""

    name: Name
    options: dict[str, Any] = Field(default_factory=dict)


class FrontEndChoice(Choice):
    """A front end of the study; a label tells two with the same registry key apart, and changes no cell."""

    label: Name | None = None

    @property
    def key(self) -> str:
        """What a system calls it by: the label, or else the registry key."""
        return self.label or self.name


class Data(_Model):
    """Which recordings, cut or zero-padded to one length."""

    name: Name
    clip_seconds: float | None = Field(default=None, gt=0, le=60)  # None: the catalogue's length for this set
    sample_rate_hz: int | None = Field(default=None, gt=0, le=192_000)  # None: the set's own rate
    folder: str | None = None  # a user's own folder in place of a catalogue set


class Protocol(_Model):
    """How the clips are split; `headline` marks the one that the answers are taken from."""

    name: Name
    options: dict[str, Any] = Field(default_factory=dict)
    headline: bool = False


class Training(_Model):
    """The recipe of the common training loop; ignored by models that are fitted directly."""

    n_epochs: int = Field(default=30, ge=1, le=10_000)
    batch_size: int = Field(default=64, ge=1, le=65_536)
    learning_rate: float = Field(default=2e-3, gt=0, le=10)
    weight_decay: float = Field(default=1e-2, ge=0, le=10)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    warmup_fraction: float = Field(default=0.1, ge=0, lt=1)  # of all steps, linear; then a cosine to 0
    clip_gradient_norm: float | None = Field(default=None, gt=0)


class Run(_Model):
    """A backend on which the trained system is run, and the deployments that its counts are priced for."""

    backend: Choice
    deployments: tuple[Name, ...] = ()
    headline: bool = False  # the run whose accuracy and energy stand for the system in the answers
    test_only: bool = False  # a verification that is made with the test clips alone: Lava, Aer
    first_seed_only: bool = False  # a verification that one seed suffices for


class System(_Model):
    """A classifier with its front end, encoder, training and runs: one row of the comparison per run."""

    name: Name
    family: Family
    role: Role = "contender"
    beside: Name | None = None  # the system that a twin or a control is reported beside
    title: str = ""
    front_end: Name | None = None  # label or name; None: the study's first front end
    augment: bool = True
    encoder: Choice = Choice(name="none")
    classifier: Choice
    training: Training = Training()
    runs: tuple[Run, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_headline_run(self) -> "System":
        if sum(run.headline for run in self.runs) > 1:
            raise ValueError(f"system {self.name!r} has more than one headline run; mark one.")
        names = [run.backend.name for run in self.runs]
        if len(set(names)) != len(names):
            raise ValueError(f"system {self.name!r} names a backend twice; give each backend one run.")
        return self

    def runs_for(self, seed: int, study_seeds: tuple[int, ...], *, test: bool) -> tuple[Run, ...]:
        """The runs that a fit cell (validation clips) or a test cell of this seed makes."""
        return tuple(
            run
            for run in self.runs
            if (test or not run.test_only) and (seed == study_seeds[0] or not run.first_seed_only)
        )

    @property
    def headline_run(self) -> Run:
        """The run marked `headline`, or the first."""
        return next((run for run in self.runs if run.headline), self.runs[0])


class Study(_Model):
    """A comparison of systems on the same recordings, folds and seeds."""

    schema_version: Literal[1] = Field(alias="schema")
    name: Name
    title: str
    question: str
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    baseline: Name  # the system that the others are compared with
    equivalence_margin: float = Field(default=0.02, gt=0, lt=1)  # accuracies within it count as equivalent
    threads_per_cell: int = Field(default=1, ge=1, le=256)
    cell_seconds_limit: float = Field(default=3600, gt=0)
    data: Data
    front_ends: tuple[FrontEndChoice, ...] = Field(min_length=1)
    intensity_quantiles: tuple[float, float] = (0.0, 1.0)  # of the training clips' decibels: become 0 and 1
    protocols: tuple[Protocol, ...] = Field(min_length=1)
    augmentation: dict[str, Any] = Field(default_factory=dict)
    systems: tuple[System, ...] = Field(min_length=1)

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_alias=True, validate_by_name=True)

    @model_validator(mode="after")
    def _names_fit_together(self) -> "Study":
        systems = [system.name for system in self.systems]
        for what, names in {
            "system": systems,
            "protocol": [p.name for p in self.protocols],
            "front end": [f.key for f in self.front_ends],
            "seed": [str(s) for s in self.seeds],
        }.items():
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what} {', '.join(twice)} stands twice; each needs a name of its own.")
        if self.baseline not in systems:
            raise ValueError(f"baseline {self.baseline!r} is not a system of this study: {', '.join(systems)}.")
        for system in self.systems:
            if system.beside is not None and system.beside not in systems:
                raise ValueError(f"system {system.name!r} stands beside {system.beside!r}, which is not in the study.")
            if system.front_end is not None and system.front_end not in {f.key for f in self.front_ends}:
                raise ValueError(
                    f"system {system.name!r} reads the front end {system.front_end!r}, which is not listed."
                )
        if sum(protocol.headline for protocol in self.protocols) > 1:
            raise ValueError("more than one protocol is marked headline; mark one.")
        return self

    @property
    def headline_protocol(self) -> Protocol:
        """The protocol marked `headline`, or the first."""
        return next((p for p in self.protocols if p.headline), self.protocols[0])

    def system(self, name: str) -> System:
        """The system called `name`."""
        for system in self.systems:
            if system.name == name:
                return system
        raise InputError(f"No system is called {name!r}. Choose one of: {', '.join(s.name for s in self.systems)}.")

    def front_end_of(self, system: System) -> FrontEndChoice:
        """The front end that `system` reads."""
        return next((f for f in self.front_ends if f.key == system.front_end), self.front_ends[0])


def load_study(name_or_path: str, overrides: Mapping[str, str] | None = None) -> Study:
    """Open a study of the catalogue by name, or a study file by path; `overrides` are `--set KEY=VALUE` pairs.

    A key is a dotted path (`seeds`, `data.clip_seconds`, `systems.ds-cnn.training.n_epochs`: a list of named
    tables is entered by name); a value is a TOML literal.
    """
    path = _find(name_or_path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from error
    for key, value in (overrides or {}).items():
        _override(raw, key, value)
    try:
        return Study.model_validate(raw)
    except ValidationError as error:
        raise InputError(f"{path}: {_explain(error, raw)}") from error


def catalogue() -> dict[str, Path]:
    """The studies that come with Trichord, by name."""
    return {path.stem: path for path in sorted(CATALOGUE.glob("*.toml"))}


def _find(name_or_path: str) -> Path:
    known = catalogue()
    if name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path)
    if path.suffix == ".toml" and path.is_file():
        return path
    raise InputError(
        f"No study is called {name_or_path!r}, and there is no such study file. "
        f"Choose one of: {', '.join(known)}; or give the path of a .toml file (`trichord new` writes one)."
    )


def _override(raw: dict[str, Any], key: str, value: str) -> None:
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value  # a bare word is a string
    *parents, last = key.split(".")
    node: Any = raw
    for part in parents:
        if isinstance(node, list):
            node = next((item for item in node if isinstance(item, dict) and item.get("name") == part), None)
        elif isinstance(node, dict):
            node = node.setdefault(part, {})
        if not isinstance(node, dict | list):
            raise InputError(f"--set {key}={value}: there is no {part!r} in the study.")
    if not isinstance(node, dict):
        raise InputError(f"--set {key}={value}: {key!r} is a list of named tables; name one, then the key in it.")
    node[last] = parsed


def _explain(error: ValidationError, raw: dict[str, Any]) -> str:
    lines = []
    for problem in error.errors():
        place: list[str] = []
        node: Any = raw
        for part in problem["loc"]:
            node = _entered(node, part)
            named = isinstance(part, int) and isinstance(node, dict) and "name" in node
            place.append(str(node["name"]) if named else str(part))
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = f"unknown key {place[-1]!r}; remove it or mend its spelling (`trichord schema` lists the keys)"
        lines.append(f"{'.'.join(place) or 'study'}: {message}")
    return "; ".join(lines)


def _entered(node: Any, part: int | str) -> Any:
    """What stands at `part` of a table or a list; None where there is nothing."""
    if isinstance(node, dict):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return None
