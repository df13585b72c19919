# studies/remembered.py
"""What was found out once and need not be again, in the cache folder: only ever to save time.

    value = remembered("resolution", depends_on, compute)

A value is a table that JSON has. It is kept under the SHA-256 of all that it depends on, so it is never stale; a file
that cannot be read, was damaged or cannot be written only costs time, and the folder can be removed whenever one likes.
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from classical_baselines.data.cache import cache_folder
from studies.sealed_json import sealed, unsealed


def remembered(what: str, depends_on: Any, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `compute` gave for the same `depends_on`, or gives now; an error is not remembered."""
    text = json.dumps([what, depends_on], sort_keys=True, allow_nan=False)
    path = cache_folder() / "remembered" / f"{hashlib.sha256(text.encode()).hexdigest()}.json"
    found = _recalled(path)
    if found is None:
        found = compute()
        _keep(path, found)
    return found


def _recalled(path: Path) -> dict[str, Any] | None:
    try:
        return unsealed(path.read_bytes(), seal_needed=True)
    except (OSError, ValueError):
        return None


def _keep(path: Path, value: dict[str, Any]) -> None:
    """Without waiting for the disk: what a power cut leaves of the file has no seal."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(sealed(value))
        aside.replace(path)
