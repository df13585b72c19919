# classical_baselines/harness/anchors.py
"""Anchors: what whole systems were measured at. A model is held against them; nothing is priced with them.

An anchor says what one number covers (the network, the batch, the state of the machine), what it leaves out, and by
which meter it was taken; the figures of one laboratory share what stands in their group. `anchors.toml` holds them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from classical_baselines.harness.coefficient import EVIDENCE, KINDS, Kind
from classical_baselines.harness.device_lint import UNITS, shown
from classical_baselines.harness.devices import CoefficientError

FILE = Path(__file__).with_name("anchors.toml")
ANCHOR_UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        **{key: unit for key, unit in UNITS.items() if unit[0] in ("joules", "watts")},
        "kilowatt_hours": ("joules", 3.6e6),
        "ratio": ("times", 1.0),
        "rate": ("spikes per step", 1.0),
        "qubits": ("qubits", 1.0),
    }
)
TEXTS = ("id", "system", "quantity", "covers", "leaves_out", "meter", "kind", "evidence", "source")


@dataclass(frozen=True)
class Anchor:
    """One figure of a whole system, in SI units."""

    id: str
    system: str
    quantity: str  # "energy per inference"
    nominal: float | None  # None where the source gives a range alone
    low: float | None  # None where it gives no range
    high: float | None
    unit: str
    covers: str
    leaves_out: str
    meter: str
    kind: Kind
    evidence: str
    source: str


@cache
def anchors() -> Mapping[str, Anchor]:
    """Every anchor, by id."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    tables = [
        {**{key: value for key, value in group.items() if key != "anchor"}, **anchor}
        for group in raw["group"]
        for anchor in group["anchor"]
    ]
    if problems := lint_anchors(tables):
        raise CoefficientError(f"{FILE.name}: {shown(problems)}.")
    return MappingProxyType({table["id"]: _anchor(table) for table in tables})


def lint_anchors(tables: list[dict[str, Any]]) -> list[str]:
    """What is wrong with anchors, each with its id."""
    ids = [str(table.get("id", "an anchor")) for table in tables]
    problems = [f"{id}: the id stands twice" for id in sorted({id for id in ids if ids.count(id) > 1})]
    for id, table in zip(ids, tables, strict=True):
        problems += [f"{id}: {key} is missing" for key in TEXTS if not str(table.get(key, "")).strip()]
        problems += [f"{id}: unknown key {key!r}" for key in table if key not in TEXTS and key not in ANCHOR_UNITS]
        if table.get("kind", KINDS[0]) not in KINDS:
            problems.append(f"{id}: kind must be one of {', '.join(KINDS)}")
        if not set(str(table.get("evidence", EVIDENCE[0])).split("; ")) <= set(EVIDENCE):
            problems.append(f"{id}: evidence must be one of {', '.join(EVIDENCE)}, or several joined by '; '")
        units = [key for key in ANCHOR_UNITS if key in table]
        if len(units) != 1:
            problems.append(f"{id}: needs one unit of {', '.join(ANCHOR_UNITS)}")
            continue
        values = [table[units[0]][key] for key in ("low", "nominal", "high") if key in table[units[0]]]
        if not values or values != sorted(values) or values[0] <= 0 or ("low" in table[units[0]]) != (len(values) > 1):
            problems.append(f"{id}: needs a nominal value, or low and high, or all three in order, above 0")
    return problems


def _anchor(table: Mapping[str, Any]) -> Anchor:
    key = next(key for key in ANCHOR_UNITS if key in table)
    unit, scale = ANCHOR_UNITS[key]
    values: dict[str, Any] = {name: value * scale for name, value in table[key].items()}
    return Anchor(
        unit=unit,
        nominal=values.get("nominal"),
        low=values.get("low"),
        high=values.get("high"),
        **{text: table[text] for text in TEXTS},
    )
