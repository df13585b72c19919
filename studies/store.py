# studies/store.py
"""The store: cells that are committed once, under their key, and never changed.

    STORE/store.json                    format version
    STORE/cells/<key[:2]>/<key>/        one cell: cell.json, result.json, predictions.npz, exhibits.npz,
                                        provenance.json, weights.safetensors (fit cells), and MANIFEST.sha256
    STORE/attempts/<key>/*.json         attempts that failed, with their traceback
    STORE/grounds/<key>.json            content hash and fold names of the data a study was run on
    STORE/aside/                        cells that are being written
    STORE/earlier_looks.json            looks at test folds by configurations whose cells were dropped; may be absent

A cell is written aside in the same file system, every file and folder is synced, and the folder is renamed into place:
a rename onto a committed cell fails, so the first writer wins and a reader never sees a part of a cell. A file is
compared with the manifest whenever it is read: a damaged cell stops a table instead of entering it. Nothing marks
a cell as "running"; what is missing is the difference between the grid and what is committed.

Logits are kept with 10 significant bits, which halves a cell; rounding never changes a decision.
"""

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classical_baselines.harness.choices import InputError
from studies.cell import CellResult
from studies.cell_files import read_result, result_files
from studies.earlier_looks import EARLIER_LOOKS, EarlierLook, earlier_looks_text, read_earlier_looks

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 2
KEY_DIGITS = 64  # of a SHA-256
STALE_SECONDS = 3600.0  # a cell is written aside in seconds; what is older was left by a process that was killed
KINDS_THAT_LOOK = ("test", "probe")
MANIFEST = "MANIFEST.sha256"
WEIGHTS = "weights.safetensors"
RESULT_FILES = ("result.json", "predictions.npz", "exhibits.npz")
PUBLISHED_FILES = ("cell.json", "predictions.npz", "provenance.json", "result.json")


@dataclass(frozen=True)
class Attempt:
    """A try at a cell that came to nothing."""

    key: str
    cell: Mapping[str, Any]
    reason: str  # one line
    traceback: str


def open_store(path: Path, *, behind: "Store | None" = None, create: bool = False) -> "Store":
    """The store at `path`, with `behind` as a second one that is only read; InputError for a foreign version."""
    store = Store(path, behind)
    marker = path / "store.json"
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file. Name a folder for the store with --store.")
    if create and not marker.exists():
        path.mkdir(parents=True, exist_ok=True)
        others = [entry.name for entry in path.iterdir() if not entry.name.startswith(".") and entry != marker]
        if others and not (path / "cells").exists():
            raise InputError(f"{path} is a folder of something else. Name an empty or a new folder with --store.")
        _write_aside_and_rename(marker, _json_bytes({"format": FORMAT, "written_by": "trichord"}))
    if marker.exists():
        try:
            found = json.loads(marker.read_text(encoding="utf-8")).get("format")
        except (OSError, ValueError, AttributeError) as error:
            raise InputError(f"{marker}: not readable ({error}). Name another folder with --store.") from error
        if found != FORMAT:
            raise InputError(
                f"{path} is a store written by another version: format {found!r}, where this Trichord reads "
                f"format {FORMAT}. Use the Trichord that wrote it, or name a new folder with --store."
            )
    return store


@dataclass(frozen=True)
class Store:
    """Committed cells, by key; those of `behind` count as committed too."""

    path: Path
    behind: "Store | None" = None

    def has(self, key: str) -> bool:
        """Whether the cell is committed, here or behind."""
        return self._place(key) is not None

    def has_weights(self, key: str) -> bool:
        """Whether the cell is committed with weights; a published cell is not."""
        place = self._place(key)
        return place is not None and (place / WEIGHTS).is_file()

    def keys(self) -> set[str]:
        """All committed keys, those behind included."""
        own = {place.name for place in self._own_places() if place.is_dir()}
        return own | (self.behind.keys() if self.behind is not None else set())

    def load(self, key: str) -> CellResult:
        """What came of the cell."""
        return read_result(self._sound(key, *RESULT_FILES))

    def load_weights(self, key: str) -> "dict[str, Tensor]":
        """The trained weights of a fit cell."""
        from safetensors.torch import load_file

        if not (self._existing(key) / WEIGHTS).is_file():
            raise InputError(f"cell {key[:12]} is stored without weights; `trichord run` fits it again.")
        return load_file(self._sound(key, WEIGHTS) / WEIGHTS)

    def description(self, key: str) -> dict[str, Any]:
        """`cell.json`: kind, cell, specification, code version and specification key."""
        return _read_json(self._sound(key, "cell.json") / "cell.json")

    def provenance(self, key: str) -> dict[str, Any]:
        """`provenance.json`: versions, machine class, seeds, times."""
        return _read_json(self._sound(key, "provenance.json") / "provenance.json")

    def commit(
        self,
        key: str,
        description: Mapping[str, Any],
        result: CellResult,
        provenance: Mapping[str, Any],
        weights: "Mapping[str, Tensor] | None" = None,
    ) -> bool:
        """Keep a cell for good; False where another writer came first (its cell stands, ours is dropped)."""
        files = {
            "cell.json": _json_bytes(description),
            "provenance.json": _json_bytes(provenance),
            **result_files(result),
        }
        if weights is not None:
            from safetensors.torch import save

            files[WEIGHTS] = save(dict(weights))
        return _commit_folder(self.path / "aside", self._own_place(key), files)

    def record_attempt(self, key: str, cell: Mapping[str, Any], reason: str, traceback: str) -> None:
        """Keep the trace of a try that failed."""
        folder = self.path / "attempts" / key
        folder.mkdir(parents=True, exist_ok=True)
        record = {"key": key, "cell": dict(cell), "reason": reason, "traceback": traceback}
        _write_aside_and_rename(folder / f"{time.time_ns()}-{uuid.uuid4().hex[:8]}.json", _json_bytes(record))

    def attempts(self, key: str) -> list[Attempt]:
        """The failed tries at one cell, oldest first."""
        folder = self.path / "attempts" / key
        return [Attempt(**_read_json(path)) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []

    def save_ground(self, key: str, ground: Mapping[str, Any]) -> None:
        """Keep what `grid` needs to know of the data, so that the store can be read without the recordings."""
        (self.path / "grounds").mkdir(exist_ok=True)
        _write_aside_and_rename(self.path / "grounds" / f"{key}.json", _json_bytes(ground))

    def load_ground(self, key: str) -> dict[str, Any] | None:
        """What `save_ground` kept, here or behind."""
        path = self.path / "grounds" / f"{key}.json"
        if path.is_file():
            return _read_json(path)
        return self.behind.load_ground(key) if self.behind is not None else None

    def descriptions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Key and `cell.json` of every committed cell, by key."""
        for key in sorted(self.keys()):
            yield key, self.description(key)

    def looks(self, content_hash: str) -> dict[tuple[str, str], int]:
        """How often each test fold of a data set was looked at: (protocol, fold) -> test and probe cells, over
        all systems, seeds and configurations, those whose cells are gone included."""
        counted: dict[tuple[str, str], int] = {}
        for look in self.earlier_looks():
            if look.content_hash == content_hash:
                counted[look.protocol, look.fold] = counted.get((look.protocol, look.fold), 0) + look.n
        for _, description in self.descriptions():
            of_these = description["specification"]["data"]["content_hash"] == content_hash
            if of_these and description["kind"] in KINDS_THAT_LOOK:
                place = (description["cell"]["protocol"], description["cell"]["fold"])
                counted[place] = counted.get(place, 0) + 1
        return counted

    def earlier_looks(self) -> frozenset[EarlierLook]:
        """Looks by configurations whose cells are gone, here and behind; the same row in both is counted once."""
        own = read_earlier_looks(self.path)
        return own | self.behind.earlier_looks() if self.behind is not None else own

    def verify(self) -> list[str]:
        """Every flaw of the cells in this store: files that changed, are missing or are too many; [] if all is well."""
        problems: list[str] = []
        try:
            read_earlier_looks(self.path)
        except InputError as error:
            problems.append(str(error))
        for place in sorted(self._own_places()):
            problems.extend(f"cell {place.name[:12]}: {flaw}" for flaw in _flaws(place))
        return problems

    def sweep(self) -> int:
        """Remove what killed processes left aside; return how many."""
        removed = 0
        for entry in (self.path / "aside").glob("*"):
            try:
                stale = time.time() - entry.stat().st_mtime > STALE_SECONDS
            except OSError:
                continue
            if stale:
                shutil.rmtree(entry, ignore_errors=True)
                removed += 1
        return removed

    def publish(self, keys: Iterator[str] | list[str], folder: Path) -> int:
        """Copy cells without weights and pictures, and the earlier looks, into the store at `folder`; return how many
        cells were added."""
        target = open_store(folder, create=True)
        looks = self.earlier_looks() | target.earlier_looks()
        if looks != target.earlier_looks():
            _write_aside_and_rename(target.path / EARLIER_LOOKS, earlier_looks_text(looks).encode())
        added = 0
        for key in sorted(keys):
            place = self._sound(key, *PUBLISHED_FILES)
            files = {name: (place / name).read_bytes() for name in PUBLISHED_FILES}
            added += _commit_folder(target.path / "aside", target._own_place(key), files)
        shutil.rmtree(target.path / "aside", ignore_errors=True)
        return added

    def _own_place(self, key: str) -> Path:
        return self.path / "cells" / key[:2] / key

    def _own_places(self) -> Iterator[Path]:
        """What is called as a cell is; what somebody else left among them is none."""
        return (path for path in (self.path / "cells").glob("??/*") if _is_place_of_a_cell(path))

    def _place(self, key: str) -> Path | None:
        own = self._own_place(key)
        if own.is_dir():
            return own
        return self.behind._place(key) if self.behind is not None else None

    def _existing(self, key: str) -> Path:
        place = self._place(key)
        if place is None:
            raise InputError(f"No cell of {self.path} has the key {key!r}. `trichord status` lists what is committed.")
        return place

    def _sound(self, key: str, *names: str) -> Path:
        """The cell's folder, once those of its files that are about to be read are found to be what was committed."""
        place = self._existing(key)
        flaws = _flaws(place, names)
        if flaws:
            raise InputError(
                f"{place}: {'; '.join(flaws)}. Remove that folder, and `trichord run` computes the cell again; "
                f"`trichord verify` names every cell that is damaged."
            )
        return place


def _is_place_of_a_cell(path: Path) -> bool:
    return len(path.name) == KEY_DIGITS and not path.name.strip("0123456789abcdef") and path.match(f"{path.name[:2]}/*")


def _commit_folder(aside: Path, place: Path, files: Mapping[str, bytes]) -> bool:
    """Write `files` and their manifest aside, sync, rename to `place`; False where `place` stands already."""
    if place.exists():
        return False
    folder = aside / f"{place.name}.{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    lines = []
    for name in sorted(files):
        _write_synced(folder / name, files[name])
        lines.append(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n")
    _write_synced(folder / MANIFEST, "".join(lines).encode())
    _sync_folder(folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(place)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        if place.is_dir():
            return False
        raise
    _sync_folder(place.parent)
    _sync_folder(place.parent.parent)
    return True


def _flaws(place: Path, names: Collection[str] | None = None) -> list[str]:
    """What differs between a cell's manifest and its files, or those of them that are called one of `names`."""
    try:
        manifest = (place / MANIFEST).read_bytes().decode("ascii")
        listed = {}
        for line in manifest.splitlines(keepends=True):
            digest, name = line[:64], line[66:-1]
            if line != f"{digest}  {name}\n" or digest.strip("0123456789abcdef") or "/" in name:
                raise ValueError(f"the line {line!r} is not a hash and a name")
            listed[name] = digest
    except (OSError, ValueError) as error:
        return [f"{MANIFEST} cannot be read ({error})"]
    flaws = []
    for name, digest in listed.items():
        if names is not None and name not in names:
            continue
        path = place / name
        if not path.is_file():
            flaws.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            flaws.append(f"{name} is not what was committed")
    present = {path.name for path in place.iterdir()} if names is None else {n for n in names if (place / n).exists()}
    return flaws + [f"{name} was not committed with it" for name in sorted(present - set(listed) - {MANIFEST})]


def _write_aside_and_rename(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    _write_synced(aside, content)
    aside.replace(path)
    _sync_folder(path.parent)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _json_bytes(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}). Remove that file; `trichord run` writes it again.") from error
    return content
