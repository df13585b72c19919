# classical_baselines/harness/coefficient.py
"""Coefficients: one published or assumed number each, with its source, its range and what it holds for.

A file of `coefficients/` is a device. A row is the price of one operation (joules each), the power of a counted
time (watts), a factor or a number of cycles of another row (`of`), or a time per step. Rows of one operation add up.
A row without source, range, kind, boundary or conditions is refused. What a device's file neither prices nor lists
as included in another price is unpriced there: it makes a total a lower bound.

    low <= nominal <= high, drawn log-triangular over (low, nominal, high)

One id is one draw vector: it is seeded by the id and the study's seed, so whatever is priced by the same coefficient
moves together, in every system of a study.
"""

import hashlib
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.energy import BOUNDARIES, Boundary, Draws
from classical_baselines.harness.operations import OPERATIONS

FOLDER = Path(__file__).parent / "coefficients"
KINDS = ("measured", "simulated", "vendor", "assumed")
N_DRAWS = 10_000

# Quantities that pricing derives from counts and the scenario.
DERIVED: Mapping[str, str] = MappingProxyType(
    {
        "idle_seconds": "always-on: the period less the time that the device is busy",
        "wake_ups": "always-on: once per decision",
        "qubit_seconds": "machine_seconds times the qubits measured per shot",
        "running_power": "power while busy: turns all-in joules into busy time",
        "step_time": "time of one chip step, where chip_seconds were not counted",
        "event_bits": "bits that one spike takes on a link",
    }
)

# The key of a row names its unit: SI unit and scale.
UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "picojoules": ("joules", 1e-12),
        "microjoules": ("joules", 1e-6),
        "microwatts": ("watts", 1e-6),
        "milliwatts": ("watts", 1e-3),
        "watts": ("watts", 1.0),
        "kilowatts": ("watts", 1e3),
        "microseconds": ("seconds", 1e-6),
        "cycles": ("cycles", 1.0),
        "factor": ("factor", 1.0),
        "bits": ("bits", 1.0),
    }
)

_TEXTS = ("id", "kind", "boundary", "node", "conditions", "evidence", "source")
_ROW_KEYS = {*_TEXTS, "operations", "range_assumed", "of", *UNITS}
_FILE_KEYS = {"device", "title", "scope", "label", "includes", "coefficient", "included", "unpriced"}


class CoefficientError(InputError):
    """A coefficient file that does not say all that it must."""


@dataclass(frozen=True)
class Coefficient:
    """One number of a device, in SI units."""

    id: str
    device: str
    operations: tuple[str, ...]  # what it prices; none where other rows only refer to it
    nominal: float
    low: float
    high: float
    unit: str
    kind: Literal["measured", "simulated", "vendor", "assumed"]
    boundary: Boundary  # the innermost boundary that includes it
    node: str  # process and voltage
    conditions: str
    evidence: str
    source: str
    range_assumed: bool
    of: str = ""  # the row that a factor or a number of cycles multiplies


@dataclass(frozen=True)
class Included:
    """An operation whose energy is inside the price of another one of the same stage."""

    operation: str
    within: str
    reason: str


@dataclass(frozen=True)
class Device:
    """The prices of one device."""

    name: str
    title: str
    scope: str
    label: str  # stands beside every number of this device; "" for none
    coefficients: tuple[Coefficient, ...]
    included: tuple[Included, ...]
    unpriced: tuple[tuple[Boundary, str], ...]  # terms that nobody publishes, from which boundary on

    def rows(self, operation: str) -> tuple[Coefficient, ...]:
        """The rows that price `operation`; their prices add up."""
        return tuple(row for row in self.coefficients if operation in row.operations)

    def row(self, id: str) -> Coefficient:
        """The row called `id`."""
        return choose({row.id: row for row in self.coefficients}, id, what=f"coefficient of {self.name}")

    def prices(self, operation: str) -> bool:
        """Whether this device prices `operation`, alone or within another."""
        return bool(self.rows(operation)) or any(entry.operation == operation for entry in self.included)

    def unpriced_operations(self) -> tuple[str, ...]:
        """The operations that have no price here, in the order of `OPERATIONS`."""
        timed = {"chip_steps"} if self.rows("step_time") else set()
        return tuple(name for name in OPERATIONS if not self.prices(name) and name not in timed)


@dataclass
class CoefficientDraws:
    """Values of coefficients: element 0 is the nominal value, the others are draws shared by the whole study."""

    seed: int = 0
    n_draws: int = N_DRAWS
    _values: dict[str, Draws] = field(default_factory=dict, repr=False)
    _prices: dict[tuple[str, str], Draws] = field(default_factory=dict, repr=False)

    def of(self, coefficient: Coefficient) -> Draws:
        """[1 + draw] values of one coefficient, in its own unit."""
        if coefficient.id not in self._values:
            digest = hashlib.sha256(f"{coefficient.id}\n{self.seed}".encode()).digest()
            uniform = np.random.default_rng(int.from_bytes(digest[:16], "big")).random(self.n_draws)
            drawn = log_triangular(uniform, coefficient.low, coefficient.nominal, coefficient.high)
            self._values[coefficient.id] = np.concatenate([[coefficient.nominal], drawn])
        return self._values[coefficient.id]

    def price(self, device: Device, coefficient: Coefficient) -> Draws:
        """[1 + draw] values with the row that it is a factor of multiplied in."""
        place = (device.name, coefficient.id)
        if place not in self._prices:
            values = self.of(coefficient)
            chained = values * self.price(device, device.row(coefficient.of)) if coefficient.of else values
            self._prices[place] = chained
        return self._prices[place]


def log_triangular(uniform: Draws, low: float, mode: float, high: float) -> Draws:
    """Map uniform draws to a triangular distribution on the logarithm; low = high is a constant."""
    a, c, b = np.log([low, mode, high])
    if a == b:
        return np.full_like(uniform, mode)
    rising = a + np.sqrt(uniform * (b - a) * (c - a))
    falling = b - np.sqrt((1 - uniform) * (b - a) * (b - c))
    return np.asarray(np.exp(np.where(uniform < (c - a) / (b - a), rising, falling)))


def device_names() -> tuple[str, ...]:
    """Every device that has a coefficient file."""
    return tuple(sorted(path.stem.replace("_", "-") for path in FOLDER.glob("*.toml")))


@cache
def load_device(name: str) -> Device:
    """The device called `name`, with the rows of the files that it includes."""
    choose({known: known for known in device_names()}, name, what="device")
    raw = tomllib.loads((FOLDER / f"{name.replace('-', '_')}.toml").read_text(encoding="utf-8"))
    parts = [load_device(part) for part in raw.get("includes", [])]
    known_ids = {row.id for part in parts for row in part.coefficients}
    problems = lint(raw, known_ids)
    if problems:
        raise CoefficientError(f"coefficients of {name}: " + "; ".join(problems))
    own = tuple(_coefficient(row, name) for row in raw.get("coefficient", []))
    replaced = {operation for row in own for operation in row.operations}
    return Device(
        name=name,
        title=raw["title"],
        scope=raw["scope"],
        label=raw.get("label", ""),
        coefficients=tuple(_without(row, replaced) for part in parts for row in part.coefficients) + own,
        included=tuple(entry for part in parts for entry in part.included)
        + tuple(Included(**entry) for entry in raw.get("included", [])),
        unpriced=tuple(entry for part in parts for entry in part.unpriced)
        + tuple((entry["boundary"], entry["term"]) for entry in raw.get("unpriced", [])),
    )


def lint(raw: Mapping[str, Any], known_ids: Set[str] = frozenset()) -> list[str]:
    """What is wrong with a coefficient file, one sentence each; `known_ids` are those of the files that it includes."""
    problems = [f"unknown key {key!r}" for key in raw if key not in _FILE_KEYS]
    problems += [f"{key} is missing" for key in ("device", "title", "scope") if not str(raw.get(key, "")).strip()]
    rows = raw.get("coefficient", [])
    ids = [row.get("id", "") for row in rows]
    problems += [f"the id {id!r} stands twice" for id in sorted(set(ids)) if ids.count(id) > 1]
    for row in rows:
        problems += [f"{row.get('id', 'a row')}: {problem}" for problem in _lint_row(row, known_ids | set(ids))]
    for entry in raw.get("included", []):
        names = (entry.get("operation"), entry.get("within"))
        problems += [f"included: no operation is called {n!r}" for n in names if n not in {*OPERATIONS, *DERIVED}]
        problems += [] if entry.get("reason") else [f"included {names[0]}: the reason is missing"]
    for entry in raw.get("unpriced", []):
        if entry.get("boundary") not in BOUNDARIES or not entry.get("term"):
            problems.append("unpriced: needs a boundary and a term")
    return problems


def describe_coefficients() -> list[dict[str, str | float | bool]]:
    """One row per coefficient and priced operation, for the table of a report."""
    table: dict[tuple[str, str, str], dict[str, str | float | bool]] = {}
    for name in device_names():
        for row in load_device(name).coefficients:
            for operation in row.operations or ("",):
                table[(row.device, row.id, operation)] = {
                    "id": row.id,
                    "operation": operation,
                    "device": row.device,
                    "nominal": row.nominal,
                    "low": row.low,
                    "high": row.high,
                    "unit": row.unit,
                    "of": row.of,
                    "kind": row.kind,
                    "boundary": row.boundary,
                    "node": row.node,
                    "conditions": row.conditions,
                    "evidence": row.evidence,
                    "source": row.source,
                    "range_assumed": row.range_assumed,
                }
    return list(table.values())


def _lint_row(row: Mapping[str, Any], ids: Set[str]) -> list[str]:
    problems = [f"unknown key {key!r}" for key in row if key not in _ROW_KEYS]
    problems += [f"{key} is missing" for key in _TEXTS if not str(row.get(key, "")).strip()]
    if row.get("kind", "assumed") not in KINDS:
        problems.append(f"kind must be one of {', '.join(KINDS)}")
    if row.get("boundary", "core") not in BOUNDARIES:
        problems.append(f"boundary must be one of {', '.join(BOUNDARIES)}")
    if not isinstance(row.get("range_assumed"), bool):
        problems.append("range_assumed must be true or false")
    if not isinstance(row.get("operations"), list):
        problems.append("operations is missing")
    for operation in row.get("operations") or []:
        if operation not in OPERATIONS and operation not in DERIVED:
            problems.append(f"no operation is called {operation!r}")
    units = [key for key in UNITS if key in row]
    if len(units) != 1:
        return [*problems, f"needs one unit of {', '.join(UNITS)}"]
    values = [row[units[0]].get(key) for key in ("low", "nominal", "high")]
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and 0 < v < float("inf") for v in values):
        problems.append("needs nominal, low and high above 0")
    elif values != sorted(values):
        problems.append(f"low <= nominal <= high must hold; got {values[0]}, {values[1]}, {values[2]}")
    if (units[0] in ("factor", "cycles")) != ("of" in row):
        problems.append("a factor or a number of cycles, and nothing else, is `of` another row")
    elif "of" in row and (row["of"] not in ids or row["of"] == row.get("id")):
        problems.append(f"`of` names no other row: {row['of']!r}")
    return problems


def _coefficient(row: Mapping[str, Any], device: str) -> Coefficient:
    key = next(key for key in UNITS if key in row)
    unit, scale = UNITS[key]
    return Coefficient(
        **{text: row[text] for text in _TEXTS},
        device=device,
        operations=tuple(row["operations"]),
        **{name: row[key][name] * scale for name in ("nominal", "low", "high")},
        unit=unit,
        range_assumed=row["range_assumed"],
        of=row.get("of", ""),
    )


def _without(row: Coefficient, operations: set[str]) -> Coefficient:
    """`row` of an included file, less the operations that the including file prices itself."""
    return replace(row, operations=tuple(name for name in row.operations if name not in operations))
