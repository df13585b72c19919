# classical_baselines/harness/devices.py
"""Devices: read from the files of `coefficients/`, or from a user's own, and linted before they are used.

    shipped_devices()                          every device that comes with Trichord
    with_device(devices, raw, where)           the same, and one more, from the table of a TOML file
    coefficients_digest(rows)                  SHA-256 of the numbers that a result rests on

A file is a device; `device_lint` says what must stand in it. A row of a file replaces, for the operations that it
prices, the rows of the devices that the file includes.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, replace
from functools import cache
from pathlib import Path
from typing import Any

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.coefficient import Coefficient, Device, Included
from classical_baselines.harness.device_lint import TEXTS, UNITS, clashes, lint_device, rows_of, shown

FOLDER = Path(__file__).parent / "coefficients"


class CoefficientError(InputError):
    """A device file that does not say all that it must."""


class _Shipped(Mapping[str, Device]):
    """The devices of a folder; each file is read when its device is asked for the first time."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem.replace("_", "-"): path for path in sorted(folder.glob("*.toml"))}
        self._read: dict[str, Device] = {}

    def __getitem__(self, name: str) -> Device:
        if name not in self._read:
            path = self._paths[name]
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
            included = {part: self[part] for part in raw.get("includes", []) if part in self}
            self._read[name] = _linted(raw, included, path.name)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._paths  # Mapping's own would read the file

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


@cache
def shipped_devices() -> Mapping[str, Device]:
    """Every device that comes with Trichord, by name."""
    return _Shipped(FOLDER)


def load_device(name: str) -> Device:
    """The device called `name` that comes with Trichord."""
    return choose(shipped_devices(), name, what="device")


def with_device(devices: Mapping[str, Device], raw: Mapping[str, Any], where: str) -> Mapping[str, Device]:
    """`devices` and the one that the table `raw` of the file `where` describes; a name is never taken over."""
    if raw.get("device") in devices:
        raise CoefficientError(f"{where}: a device called {raw['device']!r} exists already; give yours another name.")
    device = _linted(raw, devices, where)
    if problems := clashes(device, devices):
        raise CoefficientError(f"{where}: {shown(problems)}.")
    return {**devices, device.name: device}


def coefficients_digest(rows: Iterable[Coefficient]) -> str:
    """SHA-256 over coefficients, whatever their order: the numbers, and all that they rest on."""
    texts = {json.dumps(astuple(row)) for row in rows}
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()


def describe_coefficients(devices: Mapping[str, Device] | None = None) -> list[dict[str, str | float | bool]]:
    """One row per coefficient and priced operation, for the table of a report; of the shipped devices by default."""
    table: dict[tuple[str, str, str], dict[str, str | float | bool]] = {}
    for device in (shipped_devices() if devices is None else devices).values():
        for row in device.coefficients:
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
                    "reference": row.reference,
                }
    return list(table.values())


def _linted(raw: Mapping[str, Any], known: Mapping[str, Device], where: str) -> Device:
    """The device of a table, or what is wrong with it."""
    if problems := lint_device(raw, known):
        raise CoefficientError(f"{where}: {shown(problems)}.")
    parts = [known[name] for name in raw.get("includes", [])]
    own = [_coefficient(row, raw["device"]) for row in rows_of(raw)]
    replaced = {operation for row in own for operation in row.operations}
    rows = [_without(row, replaced) for part in parts for row in part.coefficients] + own
    cycles = [row.id for row in rows if "cycle" in row.operations]
    return Device(
        name=raw["device"],
        title=raw["title"],
        scope=raw["scope"],
        label=raw.get("label", ""),
        coefficients=tuple(replace(row, of=cycles[0]) if row.of == "cycle" and cycles else row for row in rows),
        included=tuple(entry for part in parts for entry in part.included)
        + tuple(
            Included(operation, within, entry["reason"])
            for entry in raw.get("included", [])
            for within in entry["within"]
            for operation in entry["operations"]
        ),
        unpriced=tuple(entry for part in parts for entry in part.unpriced)
        + tuple((entry["boundary"], entry["term"]) for entry in raw.get("unpriced", [])),
        deployable=raw.get("deployable", True),
    )


def _coefficient(row: Mapping[str, Any], device: str) -> Coefficient:
    key = next(key for key in UNITS if key in row)
    unit, scale = UNITS[key]
    return Coefficient(
        **{text: row[text] for text in TEXTS},
        device=device,
        operations=tuple(row["operations"]),
        **{name: row[key][name] * scale for name in ("nominal", "low", "high")},
        unit=unit,
        range_assumed=row["range_assumed"],
        of=row.get("of", ""),
        reference=row.get("reference", ""),
    )


def _without(row: Coefficient, operations: set[str]) -> Coefficient:
    """`row` of an included device, less the operations that the including one prices itself."""
    return replace(row, operations=tuple(name for name in row.operations if name not in operations))
