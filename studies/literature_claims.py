# studies/literature_claims.py
"""Published claims about the energy of audio systems, as `literature_claims.toml` holds them: one table per claim.

    claims()             the shipped ones, by name
    claims(path)         those of a file of the user's, in the same form

A claim says that system A uses less than system B. It names its source, what it covers, how its numbers were found and
how they reached this file; energies that are anchors are named by the anchor's id and stand nowhere twice. Then it says
either how both sides are counted and within which views they are priced, or what is missing for that. A claim whose
numbers could not be checked has nothing but the latter. Every file is refused by its name, line and claim.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from classical_baselines.harness.anchors import Anchor, anchors
from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.coefficient import EVIDENCE, CoefficientDraws
from classical_baselines.harness.energy import Boundary, Scenario
from classical_baselines.harness.operations import OperationCounts
from studies.budgets import energy_rows
from studies.literature_counts import Network
from studies.price_list import deployments

FILE = Path(__file__).with_name("literature_claims.toml")
LINKS = ("arXiv ", "doi:", "published files: ", "abstract: ")  # how a source is found
COUNTED_ON = "cmos-45nm-fp32"
COUNTED = "mac_fp32, add_fp32 or multiply_fp32"

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Basis = Literal["measured", "simulated", "counted", "proxy", "none"]


class _Table(BaseModel):
    """A table of the file: unknown keys are refused, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FrontEnd(_Table):
    """Trichord's log-mel, which stands for the features of a claim; charged to both sides alike."""

    sample_rate_hz: int = Field(gt=0)
    n_fft: int = Field(gt=0)
    hop: int = Field(gt=0)
    n_mels: int = Field(gt=0)
    seconds: float = Field(gt=0)  # of audio that is new to a decision


class View(_Table):
    """Where both sides stand, and within which boundary and scenario they are priced."""

    boundary: Boundary
    scenario: Scenario
    a: str  # deployments
    b: str
    bits: Literal[8, 32] = 8  # of weights and activations of both; not of events on a chip

    @field_validator("a", "b")
    @classmethod
    def _exists(cls, name: str) -> str:
        choose(deployments(), name, what="deployment")
        return name

    @property
    def title(self) -> str:
        """`chip, saturated`."""
        return f"{self.boundary}, {self.scenario}"


class Measured(_Table):
    """Both sides by other figures of the source, on terms of its own."""

    says: Text
    a: str  # anchors, of one unit
    b: str

    @field_validator("a", "b")
    @classmethod
    def _exists(cls, id: str) -> str:
        choose(anchors(), id, what="anchor")
        return id

    @property
    def ratio(self) -> float:
        """B / A."""
        a, b = (anchors()[id].nominal for id in (self.a, self.b))
        assert a and b
        return b / a


class Side(_Table):
    """One of the two systems: what it is, what its source says that it takes, and how it is counted."""

    title: Text
    anchor: str = ""  # id of the energy, where it is one
    operations: Mapping[str, float] = {}  # what the source counts, priced as it prices them: COUNTED
    count: float | None = Field(None, gt=0)  # what the source compares where it is no energy
    network: Network | None = None

    @field_validator("anchor")
    @classmethod
    def _is_an_anchor(cls, id: str) -> str:
        if id:
            choose(anchors(), id, what="anchor")
        return id

    @field_validator("operations")
    @classmethod
    def _is_priced(cls, counted: Mapping[str, float]) -> Mapping[str, float]:
        for name, count in counted.items():
            if name not in ("mac_fp32", "add_fp32", "multiply_fp32") or not 0 < count < float("inf"):
                raise ValueError(f"{name} = {count:g}: give one of {COUNTED}, and a count above 0")
        return counted

    @property
    def measured(self) -> Anchor | None:
        """The anchor that says what it takes."""
        return anchors()[self.anchor] if self.anchor else None


class Claim(_Table):
    """One claim, as it was published and as it is to be priced."""

    says: Text
    source: Text
    link: Text
    paradigm: Literal["spiking", "integer", "quantum"]
    task: Text
    accuracy: Text
    about: Literal["energy", "operations", "accuracy"]  # what A is said to take less of; or to be better by
    basis: Basis
    covers: Text  # what the claimed numbers cover, and what they leave out
    evidence: Text  # how the numbers reached this file
    compared_by: Literal["its source", "Trichord"]  # who set A against B
    a: Side
    b: Side | None = None
    ratio_anchor: str = ""  # where the source gives a ratio and no energies
    measured: tuple[Measured, ...] = ()  # and on other terms, by the same source
    period_seconds: float | None = Field(None, gt=0)  # of a decision, always on
    front_end: FrontEnd | None = None
    link_values: int | None = Field(None, gt=0)  # intensities that cross to the network's device, per decision
    views: tuple[View, ...] = ()  # from what is nearest to the claim to the widest; the last decides
    twin: Side | None = None  # A's layers without spikes
    twin_views: tuple[View, ...] = ()  # A beside its twin
    leaves_out: tuple[Text, ...] = ()  # what the repricing could not take in
    missing: tuple[Text, ...] = ()  # why there is no repricing

    @field_validator("link")
    @classmethod
    def _can_be_found(cls, link: str) -> str:
        if not link.startswith(LINKS):
            raise ValueError(f"must begin with one of {', '.join(map(repr, LINKS))}; got {link!r}")
        return link

    @field_validator("evidence")
    @classmethod
    def _is_known(cls, evidence: str) -> str:
        if not set(evidence.split("; ")) <= set(EVIDENCE):
            raise ValueError(f"must be one of {', '.join(EVIDENCE)}, or several joined by '; '; got {evidence!r}")
        return evidence

    @field_validator("ratio_anchor")
    @classmethod
    def _is_a_ratio(cls, id: str) -> str:
        if id and choose(anchors(), id, what="anchor").unit != "times":
            raise ValueError(f"{id} is no ratio")
        return id

    @model_validator(mode="after")
    def _is_priced_or_says_why_not(self) -> Self:
        if bool(self.views) == bool(self.missing):
            raise ValueError("give views, within which it is priced, or missing, what that takes; and not both")
        if bool(self.twin) != bool(self.twin_views):
            raise ValueError("twin and twin_views belong together")
        if self.views:
            if self.about != "accuracy" and claimed_ratio(self) is None:
                raise ValueError("a and b need an anchor, operations or a count each, by which they were compared")
            if "unverified" in self.evidence.split("; "):
                raise ValueError("numbers that are unverified are not priced; say under missing what is to be checked")
            if self.b is None or self.period_seconds is None:
                raise ValueError("what is priced needs b and period_seconds")
            for name, side in (("a", self.a), ("b", self.b), ("twin", self.twin)):
                if side is not None and side.network is None:
                    raise ValueError(f"{name}.network is missing; say what it counts")
        return self


def claimed_ratio(claim: Claim) -> float | None:
    """B / A as the source has it: of energies or powers, of counts at the field's prices, or of counts."""
    if claim.ratio_anchor:
        return anchors()[claim.ratio_anchor].nominal
    if claim.b is None:
        return None
    one, other = claim.a.measured, claim.b.measured
    if one is not None and other is not None and one.unit == other.unit and one.nominal and other.nominal:
        return other.nominal / one.nominal
    if claim.a.operations and claim.b.operations:
        return field_joules(claim.b) / field_joules(claim.a)
    return claim.b.count / claim.a.count if claim.a.count and claim.b.count else None


def field_joules(side: Side) -> float:
    """What the field makes of counts: nominal prices of the operations of 45 nm, and nothing else."""
    counts = OperationCounts.of("network", "all", **side.operations)
    draws = CoefficientDraws(n_draws=2)
    (row,) = energy_rows(counts, [COUNTED_ON], 1.0, boundaries=["operation"], scenarios=["saturated"], draws=draws)
    assert row.nominal_joules
    return row.nominal_joules


def claims(path: Path = FILE) -> Mapping[str, Claim]:
    """Every claim of a file, by name, in its order."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"There is no file {path}. Name a file of claims.") from None
    except ValueError as error:
        raise InputError(f"{path}: not a text in UTF-8: {error}") from error
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name}: not a TOML file: {error}") from error
    if not raw:
        raise InputError(f"{path.name}: it holds no claim. Write one table for each, [NAME].")
    return MappingProxyType({name: _claim(name, table, text, path.name) for name, table in raw.items()})


def _claim(name: str, table: Any, text: str, file: str) -> Claim:
    if not isinstance(table, dict):
        line = _line_of(text, name, ())
        raise InputError(f"{file}, line {line}: {name} must be a table, [{name}]; got {table!r}.")
    try:
        return Claim.model_validate(table)
    except ValidationError as error:
        problem = error.errors()[0]
        place = tuple(str(part) for part in problem["loc"])
        words = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
        if problem["type"] == "extra_forbidden":
            words = "there is no such key; remove it or mend its spelling"
        elif problem["type"] == "missing":
            words = "is missing"
        where = f"{file}, line {_line_of(text, name, place)}: claim {name!r}"
        raise InputError(f"{where}: {'.'.join(place) + ': ' if place else ''}{words}.") from error


def _line_of(text: str, name: str, place: tuple[str, ...]) -> int:
    """The line of the deepest part of `place` that stands in the text, counted from 1; of the claim's table else."""
    found, depth = 1, -1
    for number, (table, key) in enumerate(_keys(text), start=1):
        if not table and key == name:
            return number
        if table[:1] != [name]:
            continue
        path = [*table[1:], *([key] if key else [])]
        wanted = [part for part in place if not part.isdigit()]
        n = len(path)
        if n <= len(wanted) and path == wanted[:n] and n > depth:
            found, depth = number, n
    return found


def _keys(text: str) -> Iterator[tuple[list[str], str]]:
    """The table that each line stands in, and the key that it begins with; "" where it begins none."""
    table: list[str] = []
    for line in text.splitlines():
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            table = [part.strip("\"' ") for part in header[1].split(".")]
            yield table, ""
            continue
        key = re.match(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=", line)
        yield table, key[1] if key else ""
