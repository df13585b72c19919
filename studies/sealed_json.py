# studies/sealed_json.py
"""A table as JSON that carries the SHA-256 of its own text: any change of the file shows, down to a space.

    {"content_hash": ..., "folds": ..., "sha256": of this text without that entry}

A table without `sha256` was written by hand, or by a Trichord that did not seal; it is read as it is.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

SEAL = "sha256"


def sealed(table: Mapping[str, Any]) -> bytes:
    """The text of a table, with its seal."""
    return _text({**table, SEAL: hashlib.sha256(_text(table)).hexdigest()})


def unsealed(content: bytes, *, entries: Collection[str] | None = None, seal_needed: bool = False) -> dict[str, Any]:
    """The table of a text, without its seal; ValueError where it is none, is not what was sealed, or where it has an
    entry that is not one of `entries`."""
    table = json.loads(content.decode("utf-8"))
    if not isinstance(table, dict):
        raise ValueError("it is not a table")
    if seal_needed or SEAL in table:
        table.pop(SEAL, None)
        if sealed(table) != content:
            raise ValueError(f"its {SEAL} is not that of its content")
    foreign = sorted(set(table) - set(entries)) if entries is not None else []
    if foreign:
        raise ValueError(f"it has an entry {foreign[0]!r}")
    return table


def is_sealed(content: bytes) -> bool:
    """Whether a text that can be read has a seal."""
    return SEAL in json.loads(content.decode("utf-8"))


def _text(table: Mapping[str, Any]) -> bytes:
    return (json.dumps(table, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
