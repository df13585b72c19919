# studies/printed_numbers.py
"""A number as a report prints it, and every place of the results where it stands.

    83.6    83.6 %    0.836    1.82 mJ    1.82mJ    0.00182    +4.9

A value matches where rounding it to the digits that are printed gives the number. Accuracies are tried in per cent and
as shares, energies in the unit that is named, or in joules where none is.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from classical_baselines.harness.choices import InputError
from studies.results import Row, StudyResults
from studies.si_prefixes import SI_PREFIXES
from studies.tables import comparisons
from studies.tracing import address_of, energy_address

SHARE, POINTS, JOULES, PLAIN = "share", "points", "joules", "plain"
_PRINTED = re.compile(
    r"\s*[≥=<>]?\s*(?P<number>[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(?P<unit>%|points?|(?P<prefix>["
    rf"{''.join(SI_PREFIXES)}]?)J)?\s*"
)


@dataclass(frozen=True)
class PrintedNumber:
    """A number with as many digits as it was printed with."""

    value: float
    half_step: float  # half of its last digit
    unit: str  # "", "%" or "joules"; joules are without a prefix

    def is_of(self, value: float, scale: float = 1.0) -> bool:
        """Whether `value` times `scale` is printed like this."""
        return abs(value * scale - self.value) <= self.half_step * (1 + 1e-9)


@dataclass(frozen=True)
class Place:
    """Where a number stands."""

    address: str  # what `trichord trace` takes
    what: str  # "accuracy", "high end of the energy's range"
    value: float
    unit: str  # SHARE, POINTS, JOULES or PLAIN


def parsed(text: str) -> PrintedNumber | None:
    """The number that `text` prints; None where it is something else.

    >>> parsed("1.82mJ").value, parsed("83.6 %").unit, parsed("ds-cnn")
    (0.00182, '%', None)
    """
    found = _PRINTED.fullmatch(text)
    if found is None:
        return None
    number = Decimal(found["number"].replace("−", "-"))
    is_energy = found["prefix"] is not None
    scale = SI_PREFIXES[found["prefix"]] if is_energy else 1.0
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # the pattern lets neither NaN nor infinity pass
    unit = "joules" if is_energy else "%" if found["unit"] else ""
    return PrintedNumber(float(number) * scale, 0.5 * 10.0**exponent * scale, unit)


def places(number: PrintedNumber, among: Iterable[Place]) -> list[Place]:
    """Those of the places where the number stands."""
    return [place for place in among if _stands_at(number, place)]


def no_place(text: str) -> InputError:
    """What to say where a number stands nowhere."""
    return InputError(
        f"{text} stands nowhere in the results of this study. Give it with the digits and the unit that are printed "
        "(83.6, 1.82mJ), or name its address: 'SYSTEM accuracy' or 'SYSTEM energy DEPLOYMENT BOUNDARY'."
    )


def every_place(results: StudyResults) -> Iterator[Place]:
    """All accuracies and energies with their bounds, scores of groups, and the differences of the report; the headline
    protocol first."""
    yield from chain.from_iterable(_accuracies(row) for row in results.rows)
    yield from chain.from_iterable(_energies(row) for row in results.rows)
    for a, b, found in comparisons(results):
        address = f"{address_of(a)} {b.system.name}@{b.run.backend.name} difference"
        yield Place(address, "difference in accuracy", found.difference, POINTS)
        yield from _bounds(address, "the difference's interval", found.low, found.high, POINTS)
        if found.p_value is not None:
            yield Place(address, "p of the difference", found.p_value, PLAIN)


def _accuracies(row: Row) -> Iterator[Place]:
    address = f"{address_of(row)} accuracy"
    yield Place(address, "accuracy", row.interval.estimate, SHARE)
    yield from _bounds(address, "the accuracy's interval", row.interval.low, row.interval.high, SHARE)
    for group, score in row.interval.group_scores.items():
        yield Place(address, f"accuracy of the group {group}", score, SHARE)


def _energies(row: Row) -> Iterator[Place]:
    for energy in row.energies:
        if energy.nominal_joules is None:
            continue
        address = energy_address(row, energy)
        yield Place(address, "energy per decision", energy.nominal_joules, JOULES)
        yield from _bounds(address, "the energy's range", energy.low, energy.high, JOULES)
        if energy.per_second_joules is not None:
            yield Place(address, "energy per second of audio", energy.per_second_joules, JOULES)


def _bounds(address: str, of: str, low: float | None, high: float | None, unit: str) -> Iterator[Place]:
    for end, value in (("low", low), ("high", high)):
        if value is not None:
            yield Place(address, f"{end} end of {of}", value, unit)


def _stands_at(number: PrintedNumber, place: Place) -> bool:
    if place.unit == JOULES:
        return number.unit in ("joules", "") and number.is_of(place.value)
    if number.unit == "joules":
        return False
    as_per_cent = place.unit in (SHARE, POINTS) and number.is_of(place.value, 100)
    return as_per_cent or (number.unit == "" and number.is_of(place.value))
