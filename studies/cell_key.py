# studies/cell_key.py
"""The key of a cell: the SHA-256 of exactly what the cell depends on.

    specification  = data (choice and content hash), front end, intensity quantiles, protocol, fold, augmentation where
                     the system augments (its own or the study's), encoder, classifier, training, backends with their
                     options, threads, seed
    fit key        = SHA-256(canonical JSON of the specification and the code version)
    test key       = SHA-256(canonical JSON of the fit key, "test" and the backends of the test run)

Titles, roles, deployments and margins change no cell, so they are not in it. Canonical JSON has sorted keys, floats
in their shortest form, and no NaN; an integral float is written as the integer, as TOML users write either.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from studies.cell import CellKind, StudyCell
from studies.specification import Run, Study


def canonical_json(value: Any) -> str:
    """One text for one value.

    >>> canonical_json({"b": 1.0, "a": (0.1, None)})
    '{"a":[0.1,null],"b":1}'
    """
    return json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, in hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def specification_of(study: Study, cell: StudyCell, content_hash: str, kind: CellKind) -> dict[str, Any]:
    """All that the cell depends on, code aside."""
    system = study.system(cell.system)
    protocol = next(p for p in study.protocols if p.name == cell.protocol)
    runs = system.runs_for(cell.seed, study.seeds, test=kind == "test")
    return {
        "kind": kind,
        "data": {**study.data.model_dump(exclude={"folder"}), "content_hash": content_hash},
        "front_end": study.front_end_of(system).model_dump(exclude={"label"}),
        "intensity_quantiles": list(study.intensity_quantiles),
        "protocol": {"name": protocol.name, "options": protocol.options},
        "fold": cell.fold,
        "augmentation": study.augmentation_of(system),
        "encoder": system.encoder.model_dump(),
        "classifier": system.classifier.model_dump(),
        "training": system.training.model_dump(),
        "backends": _backends(runs),
        "threads": study.threads_per_cell,
        "seed": cell.seed,
        "pictures": cell.seed == study.seeds[0],  # the first seed keeps pictures
    }


def fit_key(specification: Mapping[str, Any], code_version: str) -> str:
    """The key of a fit cell."""
    return digest({"specification": specification, "code_version": code_version})


def test_key(key_of_fit: str, specification: Mapping[str, Any]) -> str:
    """The key of the test cell that opens the test clips for a fit cell."""
    return digest({"fit": key_of_fit, "kind": "test", "backends": specification["backends"]})


test_key.__test__ = False  # type: ignore[attr-defined]  # a key, not a test


def _backends(runs: Iterable[Run]) -> list[dict[str, Any]]:
    return [run.backend.model_dump() for run in runs]


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no place in a specification; every number in it is finite.")
        return int(value) if value.is_integer() else value
    return value
