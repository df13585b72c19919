# classical_baselines/harness/choices.py
"""Choosing an entry of a registry by name, and building it from the options of a study file."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

Entry = TypeVar("Entry")


class InputError(ValueError):
    """What the user gave is wrong; the message says what, where, and what to do. The command exits with 2."""


class UnknownChoiceError(InputError):
    """A name that no registry entry bears, or an option that the entry does not have."""


def choose(registry: Mapping[str, Entry], name: str, *, what: str) -> Entry:
    """Return the entry called `name`, or list the names that exist.

    >>> choose({"latency": 1}, "latncy", what="encoder")
    Traceback (most recent call last):
    ...
    classical_baselines.harness.choices.UnknownChoiceError: No encoder is called 'latncy'. Choose one of: latency.
    """
    if name not in registry:
        known = ", ".join(sorted(registry))
        raise UnknownChoiceError(f"No {what} is called {name!r}. Choose one of: {known}.")
    return registry[name]


def build_options(factory: Callable[..., Entry], options: Mapping[str, Any], *, what: str) -> Entry:
    """Call `factory`, a frozen dataclass of options, with `options`; lists of a TOML file become tuples.

    A key that the factory does not have, and a value that it refuses, is an error that names both.
    """
    if is_dataclass(factory):
        known = {field.name for field in fields(factory) if field.init}
        required = {
            field.name
            for field in fields(factory)
            if field.init and field.default is MISSING and field.default_factory is MISSING
        }
        unknown = sorted(set(options) - known)
        if unknown:
            raise UnknownChoiceError(
                f"{what} has no option {', '.join(map(repr, unknown))}. "
                f"Its options: {', '.join(sorted(known)) or 'none'}."
            )
        missing = sorted(required - set(options))
        if missing:
            raise UnknownChoiceError(f"{what} needs the option {', '.join(map(repr, missing))}.")
    values = {key: _tuples(value) for key, value in options.items()}
    _check_types(factory, values, what)
    try:
        return factory(**values)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"{what}: {error}") from error


def _check_types(factory: Callable[..., Any], values: Mapping[str, Any], what: str) -> None:
    """Refuse a value that is not of the type that the dataclass declares; a whole number may stand for a float."""
    from pydantic import TypeAdapter, ValidationError  # here, so that `trichord --help` does not wait for it

    hints = get_type_hints(factory) if is_dataclass(factory) else {}
    for key, value in values.items():
        try:
            TypeAdapter(hints.get(key, Any)).validate_python(value, strict=True)
        except ValidationError as error:
            reasons = " or ".join(sorted({_wanted(problem) for problem in error.errors()}))
            raise InputError(f"{what}: {key} should be {reasons}; got {value!r:.200}.") from error


def _wanted(problem: Mapping[str, Any]) -> str:
    """What should stand there, from what pydantic says of the value."""
    if problem["type"] in {"too_long", "too_short", "missing"}:
        return "a list of another length"
    message: str = problem["msg"]
    return message.removeprefix("Input should be ").replace("valid tuple", "list")


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
