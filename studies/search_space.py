# studies/search_space.py
"""A search space: a system of which some values are left open, and what a trial puts in their place.

    classifier = { name = "ds-cnn", options = { bits = 8, widths = { choose = [[16, 16], [32, 32]] } } }
    training = { learning_rate = { low = 1e-3, high = 1e-2, log = true } }

    { choose = [A, B, ...] }              one of them; it may hold open values of its own
    { low = L, high = H, log = BOOL }     a number from L to H, whole where both are; even in its logarithm with `log`

A value is named by the way to it: `classifier.options.bits`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from classical_baselines.harness.choices import InputError

Drawn = int | float  # what one open value was given; of `choose` the place in its list


class Draw(Protocol):
    """Draws one open value by name; what a sampler's trial is to a space."""

    def one_of(self, name: str, n: int) -> int:
        """A place in 0 to n - 1."""
        ...

    def whole(self, name: str, low: int, high: int, *, log: bool) -> int:
        """A whole number from low to high, both included."""
        ...

    def real(self, name: str, low: float, high: float, *, log: bool) -> float:
        """A number from low to high."""
        ...


def filled(template: Any, draw: Draw, place: str = "") -> Any:
    """`template` with every open value drawn."""
    if isinstance(template, Mapping):
        if "choose" in template:
            options = template["choose"]
            return filled(options[draw.one_of(place, len(options))], draw, place)
        if _is_range(template):
            low, high, log = template["low"], template["high"], bool(template.get("log", False))
            if isinstance(low, int) and isinstance(high, int):
                return draw.whole(place, low, high, log=log)
            return draw.real(place, float(low), float(high), log=log)
        return {key: filled(value, draw, f"{place}.{key}".lstrip(".")) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, draw, f"{place}.{number}") for number, value in enumerate(template)]
    return template


def check_space(template: Any, what: str) -> int:
    """How many values are open; InputError where there is none, or where one cannot be drawn."""
    n_open = sum(_checked(value, f"{what}, {place}") for place, value in _open_values(template))
    if not n_open:
        raise InputError(
            f"{what} leaves nothing open. Give a value as {{ choose = [...] }} or {{ low = ..., high = ... }}."
        )
    return n_open


def _open_values(template: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(template, Mapping):
        if "choose" in template or _is_range(template):
            yield place, template
            template = {"": template.get("choose", ())}
        for key, value in template.items():
            yield from _open_values(value, f"{place}.{key}".strip("."))
    elif isinstance(template, list | tuple):
        for number, value in enumerate(template):
            yield from _open_values(value, f"{place}.{number}")


def _checked(value: Mapping[str, Any], where: str) -> int:
    if "choose" in value:
        options = value["choose"]
        if set(value) != {"choose"} or not isinstance(options, list | tuple) or len(options) < 2:
            raise InputError(
                f"{where}: choose takes a list of two values or more, and stands alone; got {dict(value)}."
            )
        return 1
    low, high, log = value["low"], value["high"], value.get("log", False)
    numbers = all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in (low, high))
    if (
        not numbers
        or not low < high
        or not isinstance(log, bool)
        or (log and low <= 0)
        or set(value) - {"low", "high", "log"}
    ):
        raise InputError(f"{where}: a range takes low < high (above 0 with log = true); got {dict(value)}.")
    return 1


def _is_range(template: Mapping[str, Any]) -> bool:
    return "low" in template and "high" in template
