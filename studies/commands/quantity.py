# studies/commands/quantity.py
"""Numbers with a unit, as they are typed: `1mJ`, `50 ms`, `0.9`."""

import re

from classical_baselines.harness.choices import InputError
from studies.si_prefixes import SI_PREFIXES


def quantity(text: str, unit: str, option: str) -> float:
    """The value in SI units, above 0; a bare number is in `unit`. InputError for anything else.

    >>> quantity("1mJ", "J", "--max-energy"), quantity("50 ms", "s", "--max-latency")
    (0.001, 0.05)
    """
    found = re.fullmatch(rf"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(?:([{''.join(SI_PREFIXES)}]?){unit})?\s*", text)
    try:
        value = float(found[1]) * SI_PREFIXES[found[2] or ""] if found else 0.0
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise InputError(f"{option} {text}: give a number above 0 with its unit, such as 1m{unit} or 200u{unit}.")
    return value


def share(text: str, option: str) -> float:
    """A share from 0 to 1; InputError for anything else."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(f"{option} {text}: give a share from 0 to 1, such as 0.9 for 90 %.")
    return value
