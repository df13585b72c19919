# studies/study_file.py
"""From a study's name or file to a study: the TOML file read, what it extends filled in, `--set` put in its place.

    extends = "spoken-digits"      a study of the catalogue, or a file beside this one

A study that extends another says what differs. Tables are merged key by key, and lists of named tables (systems,
protocols, front ends) entry by entry, by label or name; an entry with a new name is added; none
can be taken away, but `--only` runs a part. Anything else is replaced.
The name is never taken over: a study's cells stand in a store of its own name.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from classical_baselines.harness.choices import InputError
from studies.plain_errors import explained, shown
from studies.specification import Study

CATALOGUE = Path(__file__).parent / "catalogue"
_TOO_DEEP = "its lists or tables stand too deep within one another. Close each bracket; a study needs few levels."


def load_study(name_or_path: str, overrides: Mapping[str, str] | None = None) -> Study:
    """Open a study of the catalogue by name, or a study file by path; `overrides` are `--set KEY=VALUE` pairs.

    A key is a dotted path (`seeds`, `data.clip_seconds`, `systems.ds-cnn.training.n_epochs`: a list of named
    tables is entered by name); a value is a TOML literal.
    """
    path = _find(name_or_path)
    raw = _complete(path)
    for key, value in (overrides or {}).items():
        _override(raw, key, value)
    try:
        return Study.model_validate(raw)
    except ValidationError as error:
        raise InputError(f"{path}: {explained(error, raw)}") from error


def catalogue() -> dict[str, Path]:
    """The studies that come with Trichord, by name."""
    return {path.stem: path for path in sorted(CATALOGUE.glob("*.toml"))}


def _find(name_or_path: str) -> Path:
    known = catalogue()
    if name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path)
    if path.suffix == ".toml" and path.is_file():
        return path
    raise InputError(
        f"No study is called {name_or_path!r}, and there is no such study file. "
        f"Choose one of: {', '.join(known)}; or give the path of a .toml file (`trichord new` writes one)."
    )


def _complete(path: Path, before: tuple[Path, ...] = ()) -> dict[str, Any]:
    """What the file says, on top of what it extends; `before` are the files that extend it."""
    raw = _read(path)
    if "extends" not in raw:
        return raw
    named = raw.pop("extends")
    if not isinstance(named, str):
        raise InputError(f'{path}: extends must name one study, such as "spoken-digits"; got {shown(named)}.')
    if "name" not in raw:
        raise InputError(f"{path}: it extends {named!r} and has no name of its own; give it one.")
    beside = path.parent / named
    base = beside if beside.suffix == ".toml" and beside.is_file() else _find(named)
    line = (*before, path.resolve())
    if base.resolve() in line:
        raise InputError(f"{path}: it extends {named!r}, which extends it in turn. Leave one of the two out.")
    return _filled_in(_complete(base, line), raw)


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise InputError(f"{path}: not a TOML file: {_TOO_DEEP}") from error
    except ValueError as error:  # of TOML, of UTF-8, or of a number with thousands of digits
        raise InputError(f"{path}: not a TOML file: {error}") from error
    named = raw.get("device_files")
    if isinstance(named, list):  # as seen from this file; those of --set are, from the working folder
        raw["device_files"] = [str(path.parent / name) if isinstance(name, str) else name for name in named]
    return raw


def _merged(base: Any, own: Any) -> Any:
    """`own` on top of `base`; a table of another name is another thing, and replaces the whole."""
    if isinstance(base, dict) and isinstance(own, dict):
        return own if base.get("name") != own.get("name", base.get("name")) else _filled_in(base, own)
    if not (_is_named(base) and _is_named(own)):
        return own
    result = list(base)
    place_of = {_name_of(entry): place for place, entry in enumerate(base)}
    for entry in own:  # a second entry of one name is kept, for the study to refuse
        place = place_of.pop(_name_of(entry), None)
        if place is None:
            result.append(entry)
        else:
            result[place] = _merged(result[place], entry)
    return result


def _filled_in(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return base | {key: _merged(base[key], value) if key in base else value for key, value in own.items()}


def _is_named(value: Any) -> bool:
    """A list of tables that have names; an empty list names nothing, and replaces."""
    return (
        isinstance(value, list)
        and value != []
        and all(isinstance(e, dict) and {"name", "label"} & set(e) for e in value)
    )


def _name_of(entry: Mapping[str, Any]) -> str:
    return str(entry.get("label", entry.get("name")))


def _override(raw: dict[str, Any], key: str, value: str) -> None:
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value  # a bare word is a string
    except RecursionError as error:
        raise InputError(f"--set {key}={shown(value)}: {_TOO_DEEP}") from error
    except ValueError as error:  # a number with thousands of digits
        raise InputError(f"--set {key}={shown(value)}: {error}") from error
    *parents, last = key.split(".")
    node: Any = raw
    for part in parents:
        if isinstance(node, list):
            tables = [item for item in node if isinstance(item, dict)]
            called = [item for item in tables if item.get("label", item.get("name")) == part]
            called = called or [item for item in tables if item.get("name") == part]
            if len(called) > 1:
                raise InputError(f"--set {key}={value}: {part!r} stands for several; name one by its label.")
            node = called[0] if called else None
        elif isinstance(node, dict):
            node = node.setdefault(part, {})
        if not isinstance(node, dict | list):
            raise InputError(f"--set {key}={value}: there is no {part!r} in the study.")
    if not isinstance(node, dict):
        raise InputError(f"--set {key}={value}: {key!r} is a list of named tables; name one, then the key in it.")
    node[last] = parsed
