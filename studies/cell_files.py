# studies/cell_files.py
"""A `CellResult` as files, and back: JSON for what is named, compressed numpy arrays for what is long.

result.json       kind, labels, seconds, training record; per run: counts, checks, notes, titles of pictures
predictions.npz   clip names, groups, targets, and `logits_<run>`: [byte, clip, class], the four bytes of a 32-bit
                  float (little-endian) in planes of their own, which compress to half of what whole floats do
exhibits.npz      `picture_<run>_<number>`; absent where the cell has none
"""

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, CheckRecord, PictureRecord, RunRecord

SIGNIFICANT_BITS = 10


def rounded_logits(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits [clip, class] to 10 significant bits; the first largest class of a row stays the first largest.

    >>> rounded_logits(np.array([[1.00001, 1.00002, -3.0]], dtype=np.float32)).argmax(axis=1)
    array([1])
    """
    mantissa, exponent = np.frexp(np.asarray(logits, dtype=np.float32))
    steps = np.round(mantissa * 2**SIGNIFICANT_BITS)
    rounded = np.ldexp(steps, exponent - SIGNIFICANT_BITS).astype(np.float32)
    rows = np.flatnonzero(rounded.argmax(axis=1) != logits.argmax(axis=1))
    winners = logits[rows].argmax(axis=1)
    # Rounding is monotone, so such a winner is level with a class before it. It is raised by two steps, because one may
    # be too small where rounding has reached the next power of two.
    step = np.ldexp(np.float32(1), exponent[rows, winners] - SIGNIFICANT_BITS + 1)
    rounded[rows, winners] += step.astype(np.float32)
    return rounded


def in_byte_planes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[clip, class] -> [byte, clip, class]."""
    return np.moveaxis(values.astype("<f4")[..., None].view(np.uint8), -1, 0).copy()


def from_byte_planes(planes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """[byte, clip, class] -> [clip, class]."""
    whole = np.ascontiguousarray(np.moveaxis(planes, 0, -1)).view("<f4")[..., 0]
    return np.asarray(whole, dtype=np.float32)


def result_files(result: CellResult) -> dict[str, bytes]:
    """Name and content of every file that keeps `result`."""
    arrays: dict[str, NDArray[Any]] = {
        "clip_names": np.array(result.clip_names, dtype=np.str_),
        "groups": np.array(result.groups, dtype=np.str_),
        "targets": np.asarray(result.targets, dtype=np.int64),
    }
    exhibits: dict[str, NDArray[Any]] = {}
    runs = []
    for number, run in enumerate(result.runs):
        arrays[f"logits_{number}"] = in_byte_planes(rounded_logits(run.logits))
        pictures = []
        for place, picture in enumerate(run.pictures):
            array = np.asarray(picture.array)
            exhibits[f"picture_{number}_{place}"] = array.astype(np.float32) if array.dtype.kind == "f" else array
            pictures.append({"title": picture.title, "axis_names": picture.axis_names, "unit": picture.unit})
        runs.append(
            {
                "backend": run.backend,
                "counts": run.counts.rows(),
                "wall_seconds": run.wall_seconds,
                "clip_indices": run.clip_indices,
                "checks": [{"name": c.name, "passed": c.passed, "details": c.details} for c in run.checks],
                "notes": run.notes,
                "pictures": pictures,
            }
        )
    record = {
        "kind": result.kind,
        "label_names": result.label_names,
        "clip_seconds": result.clip_seconds,
        "n_training_clips": result.n_training_clips,
        "training": result.training,
        "runs": runs,
    }
    text = json.dumps(plain(record), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False) + "\n"
    files = {"result.json": text.encode(), "predictions.npz": _npz(arrays)}
    return files | ({"exhibits.npz": _npz(exhibits)} if exhibits else {})


def read_result(folder: Path) -> CellResult:
    """The result that the files of `folder` keep; without `exhibits.npz` it has no pictures."""
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    with np.load(folder / "predictions.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    exhibits: dict[str, NDArray[Any]] = {}
    if (folder / "exhibits.npz").is_file():
        with np.load(folder / "exhibits.npz", allow_pickle=False) as archive:
            exhibits = dict(archive)
    return CellResult(
        kind=record["kind"],
        label_names=tuple(record["label_names"]),
        clip_names=tuple(str(name) for name in arrays["clip_names"]),
        groups=tuple(str(group) for group in arrays["groups"]),
        targets=arrays["targets"],
        clip_seconds=record["clip_seconds"],
        n_training_clips=record["n_training_clips"],
        runs=tuple(_run(number, run, arrays, exhibits) for number, run in enumerate(record["runs"])),
        training=record["training"],
    )


def _run(
    number: int, run: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], exhibits: Mapping[str, NDArray[Any]]
) -> RunRecord:
    pictures = tuple(
        PictureRecord(p["title"], exhibits[f"picture_{number}_{place}"], tuple(p["axis_names"]), p["unit"])
        for place, p in enumerate(run["pictures"])
        if f"picture_{number}_{place}" in exhibits
    )
    return RunRecord(
        backend=run["backend"],
        logits=from_byte_planes(arrays[f"logits_{number}"]),
        counts=OperationCounts.from_rows((s, layer, o, n) for s, layer, o, n in run["counts"]),
        wall_seconds=run["wall_seconds"],
        clip_indices=None if run["clip_indices"] is None else tuple(run["clip_indices"]),
        checks=tuple(CheckRecord(c["name"], c["passed"], c["details"]) for c in run["checks"]),
        pictures=pictures,
        notes=run["notes"],
    )


def plain(value: Any) -> Any:
    """`value` as JSON has it: tuples become lists, numpy and torch scalars numbers; NaN and infinities become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError(f"a {type(value).__name__} cannot be stored; give numbers, text, lists and tables.")


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
