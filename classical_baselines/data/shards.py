# classical_baselines/data/shards.py
"""Shards: arrays of bounded size in a folder of the cache, each with what is to know of it.

    FOLDER/0.f32     32-bit floats, little-endian, in row-major order, nothing before them and nothing behind
    FOLDER/0.json    their shape, the SHA-256 of their bytes, what else their maker says of them, and a seal over that

Both are written aside and renamed. A shard counts while its bytes have the hash that stands beside it, which a process
looks at once; one that is missing, damaged or half written is made again, alone. A reader maps a shard for as long as
it copies rows out of it: of a set of any size, only the pages that were touched of one shard are in memory.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.streamed_rows import fits_in_memory

Floats = NDArray[np.float32]
Facts = Mapping[str, Any]  # "shape", "sha256", and what the maker adds: JSON
Made = tuple[Floats, dict[str, Any]]  # a shard, and what its maker says of it

_DTYPE = "<f4"


@dataclass(frozen=True, eq=False)
class Shards:
    """All shards of a folder, whole."""

    folder: Path
    facts: tuple[Facts, ...]  # by number
    held: Mapping[int, Floats] = field(default_factory=dict)  # those that the disk refused

    def __len__(self) -> int:
        return len(self.facts)

    def mapped(self, number: int) -> Floats:
        """A shard, not to be written to; mapped until the array and all views of it are gone."""
        if number in self.held:
            return self.held[number]
        return np.memmap(_path(self.folder, number), dtype=_DTYPE, mode="r", shape=tuple(self.facts[number]["shape"]))


def complete_shards(folder: Path, n_shards: int, make: Callable[[int], Made]) -> Shards:
    """Every shard from 0 to `n_shards`: as it stands in the folder, or else made, and kept there.

    A disk that is full or may not be written to costs the next process its time, while what it refuses can be held in
    memory; InputError beyond that.
    """
    facts: list[Facts] = []
    held: dict[int, Floats] = {}
    for number in range(n_shards):
        kept = _kept(folder, number)
        if kept is None:
            values, more = make(number)
            kept = {"shape": list(values.shape), **more}
            try:
                kept = _write(folder, number, values, kept)
            except OSError as error:
                held[number] = values
                _refuse_too_many(folder, held, n_shards, error)
        facts.append(kept)
    return Shards(folder, tuple(facts), held)


def _kept(folder: Path, number: int) -> Facts | None:
    """What stands beside a shard, if the shard is what it says."""
    path = _path(folder, number)
    try:
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        stat = path.stat()
        whole = _sha256(path, stat.st_size, stat.st_mtime_ns, stat.st_ino) == facts["sha256"]
        whole = whole and facts.pop("seal") == _seal(facts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return facts if whole else None


def _write(folder: Path, number: int, values: Floats, facts: Facts) -> Facts:
    content = np.ascontiguousarray(values, dtype=_DTYPE).tobytes()
    facts = {**facts, "sha256": hashlib.sha256(content).hexdigest()}
    sealed = json.dumps({**facts, "seal": _seal(facts)}).encode()
    folder.mkdir(parents=True, exist_ok=True)
    _write_aside(_path(folder, number), content)
    _write_aside(_path(folder, number).with_suffix(".json"), sealed)
    return facts


def _seal(facts: Facts) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _write_aside(path: Path, content: bytes) -> None:
    partial = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            partial = Path(file.name)
            file.write(content)
        partial.replace(path)
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def _refuse_too_many(folder: Path, held: Mapping[int, Floats], n_shards: int, error: OSError) -> None:
    n_held = sum(values.size for values in held.values())
    if not fits_in_memory((n_held,)):
        in_all = 4 * n_held / len(held) * n_shards / 2**30
        raise InputError(
            f"{folder} cannot be written ({error.strerror}), and about {in_all:.1f} GiB are too much to be held in "
            "memory. Make room there, or set TRICHORD_CACHE to a folder that has it."
        ) from error


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number}.f32"


@lru_cache(maxsize=2**16)
def _sha256(path: Path, n_bytes: int, changed_ns: int, inode: int) -> str:
    """The hash of a file as it is now: one that is written anew has another time or place, and is hashed anew."""
    del n_bytes, changed_ns, inode  # what the answer is remembered by
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
