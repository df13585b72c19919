# studies/wording.py
"""How numbers are written in tables and sentences: per cent, points, joules, each with its interval.

No number that a person reads has an exponent: what has a unit takes an SI prefix, what has none is written out.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # results word what was measured, so nothing of theirs is imported here
    from studies.budgets import EnergyRow
    from studies.results import Row
    from studies.statistics import Comparison, Interval


def percent(share: float | None, digits: int = 1) -> str:
    """A share in per cent; a dash where it is not known."""
    return "–" if share is None else f"{100 * share:.{digits}f}"


def run_name(row: "Row") -> str:
    """`ds-cnn (int8)`."""
    return f"{row.title} ({row.run.backend.name})"


def interval_text(interval: "Interval") -> str:
    """`84.2 [76.5, 91.8]`."""
    return bounded_text(interval.estimate, interval.low, interval.high)


def points_text(comparison: "Comparison") -> str:
    """A difference in points with its sign and interval: `−3.9 [−6.0, −1.8]`."""
    return bounded_text(comparison.difference, comparison.low, comparison.high, "+.1f")


def bounded_text(
    estimate: float | None, low: float | None, high: float | None, form: str = ".1f", scale: float = 100
) -> str:
    """What is estimated, `scale` times as large, with its interval; `form` is of each number.

    >>> bounded_text(0.182, 0.13, 0.234), bounded_text(-0.012, None, None, "+.1f"), bounded_text(4.2, 3.8, 4.6, scale=1)
    ('18.2 [13.0, 23.4]', '−1.2 [no interval]', '4.2 [3.8, 4.6]')
    """
    values = (estimate, low, high)
    texts = ["–" if value is None else f"{scale * value:{form}}".replace("-", "−") for value in values]
    return f"{texts[0]} [no interval]" if low is None else f"{texts[0]} [{texts[1]}, {texts[2]}]"


WRITTEN_OUT_FROM = 1e-6
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
SI_UNITS = {"joules": "J", "watts": "W", "seconds": "s"}  # that take a prefix, by the name that coefficients give them


def joules_text(joules: float | None) -> str:
    """Three digits and an SI prefix: `607 µJ`; a dash where it is not known."""
    return "–" if joules is None else si_text(joules, "J")


def si_text(value: float, unit: str) -> str:
    """Three digits and an SI prefix before the unit.

    >>> si_text(6.25e-10, "J"), si_text(0.0422, "W"), si_text(1.19e-17, "J")
    ('625 pJ', '42.2 mW', '0.0119 fJ')
    """
    if value < 0:  # of a net energy, which noise may take below 0
        return f"−{si_text(-value, unit)}"
    for scale, prefix in PREFIXES:
        if value >= scale * 0.9995:
            return f"{_three_digits(value / scale)} {prefix}{unit}"
    if 0 < value < 1e-15:
        return f"{plain_number(value / 1e-15)} f{unit}"
    return f"{_three_digits(value / 1e-12)} p{unit}"


def amount_text(value: float, unit: str, digits: int = 4) -> str:
    """A coefficient in its unit, by the name that its file gives it.

    >>> amount_text(6.25e-10, "joules"), amount_text(1, "cycles"), amount_text(3000, "factor")
    ('625 pJ', '1 cycle', '3,000')
    """
    if unit in SI_UNITS:
        return si_text(value, SI_UNITS[unit])
    number = plain_number(value, digits)
    return number if unit == "factor" else f"{number} {unit_of(value, unit)}"


def unit_of(number: float, plural: str) -> str:
    """The unit beside a number: one cycle, two cycles; of `spikes per neuron` the first word changes.

    >>> unit_of(1, "cycles"), unit_of(1, "spikes per neuron"), unit_of(0.5, "bits"), unit_of(1, "probability")
    ('cycle', 'spike per neuron', 'bits', 'probability')
    """
    first, space, rest = plural.partition(" ")
    return plural if number != 1 else f"{first.removesuffix('s')}{space}{rest}"


def counted(number: int, singular: str, plural: str = "") -> str:
    """A count and what is counted.

    >>> counted(1, "cell"), counted(1200, "cell"), counted(2, "pass", "passes")
    ('1 cell', '1,200 cells', '2 passes')
    """
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def plain_number(value: float, digits: int = 3) -> str:
    """So many digits, written out; below a millionth as a multiple of a power of ten.

    >>> plain_number(2503312.0), plain_number(1.42e-5), plain_number(0.5), plain_number(0.0), plain_number(3.82e-16)
    ('2,500,000', '0.0000142', '0.5', '0', '3.82 × 10⁻¹⁶')
    """
    if 0 < abs(value) < WRITTEN_OUT_FROM:
        factor, _, exponent = f"{value:.{digits - 1}e}".partition("e-")
        return f"{Decimal(factor).normalize():f} × 10⁻{exponent.lstrip('0').translate(SUPERSCRIPTS)}"
    return f"{Decimal(f'{value:.{digits}g}'):,f}"


def energy_text(energy: "EnergyRow") -> str:
    """`607 µJ [345 µJ, 1.29 mJ]`, `≥ 4.35 µJ`, or `not available`."""
    if energy.nominal_joules is None:
        return "not available"
    if energy.kind == "lower-bound":
        return f"≥ {joules_text(energy.nominal_joules)}"
    return f"{joules_text(energy.nominal_joules)} [{joules_text(energy.low)}, {joules_text(energy.high)}]"


def energy_parts(energy: "EnergyRow") -> tuple[str, str]:
    """The number, and the range that stands below it in a table: `("607 µJ", "[345 µJ, 1.29 mJ]")`."""
    number, _, interval = energy_text(energy).partition(" [")
    return ("–", "") if energy.nominal_joules is None else (number, f"[{interval}" if interval else "")


def said_notes(notes: Mapping[str, Any]) -> dict[str, Any]:
    """The notes of a backend that can be said in a line; a table among them is kept for a section of its own."""
    return {name: value for name, value in notes.items() if not isinstance(value, Mapping)}


def note_text(value: Any) -> str:
    """What a backend noted or a check compared: numbers with three digits or whole, lists joined by commas."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value == round(value) and abs(value) >= 1 else plain_number(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        return ", ".join(note_text(item) for item in value)
    return str(value)


def _three_digits(value: float) -> str:
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"


def factor_text(factor: float) -> str:
    """Three digits without an exponent: `0.0123`, `94.9`, `35,400,000`."""
    return plain_number(factor)


def p_text(p_value: float | None) -> str:
    """A p value with three digits behind the point; a dash where there is no test.

    >>> p_text(0.03125), p_text(0.0001), p_text(None)
    ('0.031', '<0.001', '–')
    """
    if p_value is None:
        return "–"
    return "<0.001" if p_value < 0.0005 else f"{p_value:.3f}"


def probability_text(probability: float) -> str:
    """`= 0.65`; `> 0.99` and `< 0.01` where draws cannot tell it from certainty."""
    if probability > 0.99:
        return "> 0.99"
    return "< 0.01" if probability < 0.01 else f"= {probability:.2f}"
