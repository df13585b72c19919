# studies/specification.py
"""A study: the question, the data, the systems and how they are run, as frozen models that forbid unknown keys.

A study file is TOML (`studies/catalogue/*.toml`, or the user's own). Every name in it is a registry key in
kebab-case; the options beside a name are the fields of that entry's frozen dataclass, checked when the study is
opened, before any work is spent. This module imports no torch: `trichord plan` and `--help` stay quick.
"""

from collections import Counter
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator, model_validator

from classical_baselines.augment import NoiseKind
from classical_baselines.harness.choices import InputError
from studies.plain_errors import shown

SCHEMA_VERSION = 1
LARGEST_SEED = 2**32 - 1  # what every generator of the suite takes, torch's and NumPy's
LONGEST_CELL_SECONDS = 1_000_000  # eleven days; far above it a timer overflows
LARGEST_CELL_GIGABYTES = 100_000
LONGEST_CLIP_SECONDS = 60
MOST_DRAWS = 1000  # of few-groups: each is a fold, and so a cell of every system and seed

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]*$", description="kebab-case registry key")]
Family = Literal["classical", "neuro", "quantum"]
Role = Literal["contender", "rival", "twin", "control"]


class _Model(BaseModel):
    """Strict: TOML tells 8, 8.0, "8" and true apart. A tuple takes the list of a TOML file, so it alone is lax."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


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
    clip_seconds: float | None = Field(
        default=None, gt=0, le=LONGEST_CLIP_SECONDS
    )  # None: the catalogue's length for this set
    sample_rate_hz: int | None = Field(default=None, gt=0, le=192_000)  # None: the set's own rate
    folder: str | None = None  # a user's own folder in place of a catalogue set

    @field_validator("folder")
    @classmethod
    def _is_a_path(cls, folder: str | None) -> str | None:
        """A bare name is a folder here, never the catalogue's set of that name."""
        return folder if folder is None or "/" in folder or "\\" in folder else f"./{folder}"


class Protocol(_Model):
    """How the clips are split; `headline` marks the one that the answers are taken from."""

    name: Name
    options: dict[str, Any] = Field(default_factory=dict)
    headline: bool = False

    @model_validator(mode="after")
    def _so_few_folds_that_they_can_be_made(self) -> "Protocol":
        """Folds are made wherever a study is opened; how many another protocol has, the recordings bound."""
        n_draws = self.options.get("n_draws")
        if self.name == "few-groups" and isinstance(n_draws, int) and n_draws > MOST_DRAWS:
            raise ValueError(
                f"n_draws of the protocol 'few-groups' must lie in 1 to {MOST_DRAWS}; got {shown(n_draws)}. Each draw "
                "is a fold, and every system is trained on it with every seed."
            )
        return self


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
    deployments: tuple[Name, ...] = Field(default=(), strict=False)
    headline: bool = False  # the run whose accuracy and energy stand for the system in the answers
    test_only: bool = False  # a verification that is made with the test clips alone: Lava, Aer
    first_seed_only: bool = False  # a verification that one seed suffices for


class System(_Model):
    """A classifier with its front end, encoder, training and runs: one row of the comparison per run."""

    name: Name
    family: Family
    role: Role = "contender"
    beside: Name | None = None  # the system that a twin or a control is reported beside
    curve: Annotated[str, Field(min_length=1, max_length=60)] | None = None  # the family of sizes it is one of
    title: str = ""
    front_end: Name | None = None  # label or name; None: the study's first front end
    augment: bool = True
    augmentation: dict[str, Any] | None = None  # in place of the study's, as a whole
    encoder: Choice = Choice(name="none")
    classifier: Choice
    training: Training = Training()
    runs: tuple[Run, ...] = Field(min_length=1, strict=False)

    @model_validator(mode="after")
    def _one_headline_run(self) -> "System":
        if sum(run.headline for run in self.runs) > 1:
            raise ValueError(f"system {self.name!r} has more than one headline run; mark one.")
        if self.augmentation is not None and not self.augment:
            raise ValueError(f"system {self.name!r} has an augmentation and augment = false; leave one of them out.")
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


class Probes(_Model):
    """What trained systems are put through beside their test clips, for curves; no setting may be chosen by them.

    Each list is one curve, taken under the headline protocol after `--confirm`, and counted as a look.
    """

    systems: tuple[Name, ...] = Field(default=(), strict=False)  # none: every contender
    n_seeds: int | None = Field(default=None, ge=1)  # the first ones of the study; none: all
    snr_db: tuple[Annotated[float, Field(ge=-40, le=80)], ...] = Field(default=(), strict=False)  # noise added
    noise: tuple[NoiseKind, ...] = Field(default=("white",), min_length=1, strict=False)  # of snr_db: a curve of each
    low_pass_hz: tuple[Annotated[float, Field(gt=0, le=96_000)], ...] = Field(default=(), strict=False)  # cut-offs
    gain_db: tuple[Annotated[float, Field(ge=-80, le=80)], ...] = Field(default=(), strict=False)  # in 16 bits, clipped
    n_shots: tuple[Annotated[int, Field(ge=1, le=10_000_000)], ...] = Field(default=(), strict=False)
    firing_threshold: tuple[Annotated[float, Field(gt=0, le=100)], ...] = Field(default=(), strict=False)  # factors
    occlusion: tuple[Annotated[int, Field(ge=1, le=64)], Annotated[int, Field(ge=1, le=64)]] | None = Field(
        default=None, strict=False
    )  # patches a picture is cut into: (mel, frame)

    @model_validator(mode="after")
    def _each_value_once(self) -> "Probes":
        for name in ("systems", "snr_db", "noise", "low_pass_hz", "gain_db", "n_shots", "firing_threshold"):
            twice = [value for value, n in Counter(getattr(self, name)).items() if n > 1]
            if twice:
                raise ValueError(f"{name} names {shown(twice[0])} twice, which is one point of a curve. Name it once.")
        if self.noise != ("white",) and not self.snr_db:
            raise ValueError("noise does nothing without snr_db. Give the ratios, or leave noise out.")
        return self


class SearchSpace(_Model):
    """A family of systems that a search chooses from: a system with open values (`studies.search_space`)."""

    name: Name
    system: dict[str, Any]


class Search(_Model):
    """A device-aware search: accuracy on validation clips against energy, every space given equal effort."""

    n_trials: int = Field(default=8, ge=1, le=10_000)  # of each space
    epochs_share: float = Field(default=0.25, gt=0, le=1)  # of the training that a system names
    n_folds: int | None = Field(default=None, ge=1)  # the first ones of the headline protocol; none: all
    seed: int = Field(default=0, ge=0, le=LARGEST_SEED)  # of the trials' training, and of what is drawn
    batch: int = Field(default=2, ge=1, le=256)  # trials that are drawn before the next ones learn from them
    boundary: Literal["operation", "core", "chip", "system"] = "system"
    scenario: Literal["always-on", "saturated"] = "always-on"
    min_accuracy: float | None = Field(default=None, ge=0, le=1)
    max_joules: float | None = Field(default=None, gt=0)  # of a decision
    max_latency_seconds: float | None = Field(default=None, gt=0)  # of a decision, all devices one after another
    spaces: tuple[SearchSpace, ...] = Field(min_length=1, strict=False)


class Study(_Model):
    """A comparison of systems on the same recordings, folds and seeds."""

    schema_version: Literal[1] = Field(alias="schema")
    name: Name
    title: str
    question: str
    seeds: tuple[Annotated[int, Field(ge=0, le=LARGEST_SEED)], ...] = Field(min_length=1, strict=False)
    baseline: Name  # the system that the others are compared with
    equivalence_margin: float = Field(default=0.02, gt=0, lt=1)  # accuracies within it count as equivalent
    # A class of whose score little follows: its clips are trained on, and left out of every score; in no cell's key.
    score_without: str = ""
    threads_per_cell: int = Field(default=1, ge=1, le=256)
    cell_seconds_limit: float = Field(default=3600, gt=0, le=LONGEST_CELL_SECONDS)
    cell_memory_limit_gb: float | None = Field(default=None, gt=0, le=LARGEST_CELL_GIGABYTES)  # None: no limit
    data: Data
    front_ends: tuple[FrontEndChoice, ...] = Field(min_length=1, strict=False)
    # Of the training clips' decibels: they become 0 and 1.
    intensity_quantiles: tuple[float, float] = Field(default=(0.0, 1.0), strict=False)
    protocols: tuple[Protocol, ...] = Field(min_length=1, strict=False)
    augmentation: dict[str, Any] = Field(default_factory=dict)
    # Recordings that stand, nearly the same, in two parts of a fold; in no cell's key.
    near_duplicates: Literal["warn", "refuse"] = "warn"
    # Clips shorter than one frame, whose pictures show the silence behind them; in no cell's key.
    short_clips: Literal["refuse", "pad"] = "refuse"
    device_files: tuple[str, ...] = Field(default=(), strict=False)  # prices of your own; in no cell's key
    systems: tuple[System, ...] = Field(min_length=1, strict=False)
    probes: Probes = Probes()
    search: Search | None = None

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_by_alias=True, validate_by_name=True)

    @field_serializer("device_files", when_used="json")
    def _without_folders(self, device_files: tuple[str, ...]) -> list[str]:
        """A report says which files, and not where they lie on this machine."""
        return [PurePath(name).name for name in device_files]

    @field_validator("schema_version", mode="before")
    @classmethod
    def _whole_schema(cls, value: Any) -> Any:
        """A Literal compares by value, and true == 1.0 == 1: only the whole number passes."""
        if type(value) is not int:
            raise ValueError(f"must be {SCHEMA_VERSION}; got {shown(value)}")
        return value

    @model_validator(mode="after")
    def _names_fit_together(self) -> "Study":
        systems = [system.name for system in self.systems]
        for what, names in {
            "system": systems,
            "protocol": [p.name for p in self.protocols],
            "front end": [f.key for f in self.front_ends],
            "seed": [str(s) for s in self.seeds],
        }.items():
            twice = sorted(name for name, n in Counter(names).items() if n > 1)
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
        for name in self.probes.systems:
            if name not in systems:
                raise ValueError(f"probes name {name!r}, which is not a system of this study: {', '.join(systems)}.")
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

    def augmentation_of(self, system: System) -> dict[str, Any] | None:
        """What `system` varies its training clips by: its own options, or the study's; None where it does not."""
        if not system.augment:
            return None
        return self.augmentation if system.augmentation is None else system.augmentation

    def front_end_of(self, system: System) -> FrontEndChoice:
        """The front end that `system` reads."""
        return next((f for f in self.front_ends if f.key == system.front_end), self.front_ends[0])
