# studies/plain_errors.py
"""What is wrong in a study file, in plain words: where it stands, what is allowed, what was given."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

N_SHOWN = 60  # characters of a wrong value that a message repeats

# What should stand there, by the type that pydantic gives its problem; the braces are filled from its context.
_WANTED = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be a text in quotes",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must be a name of small letters, digits, '.', '+' and '-', as in 'log-mel'",
    "too_short": "must hold at least {min_length}",
    "too_long": "must hold at most {max_length}",
}


def explained(error: ValidationError, raw: dict[str, Any]) -> str:
    """Every problem that pydantic found in `raw`, each with its place, joined by semicolons."""
    problems = error.errors()
    lines = []
    for problem in problems:
        if problem["type"] == "too_short" and any(_lies_within(other["loc"], problem["loc"]) for other in problems):
            continue  # the list is too short only because what is wrong in it was left out
        place: list[str] = []
        node: Any = raw
        for part in problem["loc"]:
            node = _entered(node, part)
            named = isinstance(part, int) and isinstance(node, dict) and "name" in node
            place.append(str(node["name"]) if named else str(part))
        lines.append(f"{'.'.join(place) or 'study'}: {_plainly(problem, place)}")
    return "; ".join(lines)


def _plainly(problem: Mapping[str, Any], place: list[str]) -> str:
    """What is wrong, and what is allowed, without pydantic's words."""
    if problem["type"] == "extra_forbidden":
        return f"unknown key {place[-1]!r}; remove it or mend its spelling (`trichord schema` lists the keys)"
    if problem["type"] == "missing":
        return "is missing; give it (`trichord schema` says what it holds)"
    if problem["type"] not in _WANTED:
        return str(problem["msg"]).removeprefix("Value error, ")
    limits = {
        key: f"{limit:.9g}" if isinstance(limit, float) else limit for key, limit in problem.get("ctx", {}).items()
    }
    wanted = _WANTED[problem["type"]].format(**limits)
    if problem["type"] == "literal_error" and " or " not in wanted:  # one value alone
        wanted = wanted.replace("one of ", "")
    return f"{wanted}; got {shown(problem['input'])}"


def shown(value: Any) -> str:
    """A value as a study file writes it, cut where it is long."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of thousands of digits
        text = "a number of thousands of digits"
    except RecursionError:
        text = "tables thousands of levels deep"
    return text if len(text) <= N_SHOWN else f"{text[:N_SHOWN]} ..."


def _lies_within(place: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(place) > len(outer) and place[: len(outer)] == outer


def _entered(node: Any, part: int | str) -> Any:
    """What stands at `part` of a table or a list; None where there is nothing."""
    if isinstance(node, dict):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return None
