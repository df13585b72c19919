# classical_baselines/harness/coefficient.py
"""Coefficients: one published or assumed number each, with its source, its range and what it holds for.

A device is a list of them. A row is the price of one operation (joules each), the power of a counted time (watts), a
factor or a number of cycles of another row (`of`), or a time per step. Rows of one operation add up. What a device
neither prices nor lists as included in another price is unpriced there: it makes a total a lower bound. The files are
read by `devices`, and what they must say is checked by `device_lint`.

    low <= nominal <= high, drawn log-triangular over (low, nominal, high)

One id is one draw vector: it is seeded by the id and the study's seed, so whatever is priced by the same coefficient
moves together, in every system of a study.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from classical_baselines.harness.choices import choose
from classical_baselines.harness.energy import Boundary, Draws
from classical_baselines.harness.operations import OPERATIONS

Kind = Literal["measured", "simulated", "vendor", "assumed"]
KINDS: tuple[Kind, ...] = ("measured", "simulated", "vendor", "assumed")
# How a number reached the file: its author measured it, read it in the source, found it quoted in another text or in
# an abstract alone, derived it from others, could not check it, or assumed it. Several may hold.
EVIDENCE = ("measured", "source read", "secondary", "abstract", "derived", "unverified", "assumed")
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
        "cycle": "one clock cycle of a processor: what a number of cycles multiplies",
    }
)


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
    kind: Kind
    boundary: Boundary  # the innermost boundary that includes it
    node: str  # process and voltage
    conditions: str
    evidence: str
    source: str
    range_assumed: bool
    of: str = ""  # the row that a factor or a number of cycles multiplies
    reference: str = ""  # why a row that prices nothing here is kept


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
    deployable: bool = True  # False: a part of other devices, or figures that price nothing by themselves

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
