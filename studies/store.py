# studies/store.py
"""The store: cells that are committed once, under their key, and never changed.

    STORE/store.json                    format version
    STORE/cells/<key[:2]>/<key>/        one cell: cell.json, result.json, predictions.npz, exhibits.npz,
                                        provenance.json, weights.safetensors (fit cells), and MANIFEST.sha256
    STORE/attempts/<key>/*.json         attempts that failed, with their traceback
    STORE/grounds/<key>.json            content hash and fold names of the data a study was run on
    STORE/search/<study>/<space>/*.json   what a search has drawn, trial by trial (`search.py`)
    STORE/measurements/<key>.json       joules that were measured (`measurement.py`), under the SHA-256 of what is kept
    STORE/rechecks/<key>.json           that older and newer code compute the same (`recheck.py`), under the same
    STORE/aside/                        cells that are being written
    STORE/earlier_looks.json            looks at test folds by configurations whose cells were dropped; may be absent
    STORE/index.sqlite                  derived: a row per cell, so that a plan opens none (`index.py`); may be absent

A cell is written aside in the same file system, every file and folder is synced, and the folder is renamed into place:
a rename onto a committed cell fails, so the first writer wins and a reader never sees a part of a cell. A cell that is
removed is renamed aside first, for the same reason. Nothing marks a cell as "running"; what is missing is the
difference between the grid and what is committed. No clock decides what is kept: a cell whose folder aside was taken
for a leftover while it was being written is written again.

A file of a cell is compared with its manifest (`manifest.py`) whenever it is read: a damaged cell stops a table instead
of entering it. The other files carry their own SHA-256 (`sealed_json.py`, `records.py`).

Logits are kept with 10 significant bits, which halves a cell; rounding never changes a decision.
"""

import json
import os
import time
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classical_baselines.harness.choices import InputError
from studies.cell import CellResult
from studies.cell_files import read_result, result_files
from studies.disk import HALF_WRITTEN, LOCAL_DISK, Disk, n_bytes_of
from studies.earlier_looks import EARLIER_LOOKS, EarlierLook, earlier_looks_text, read_earlier_looks
from studies.index import INDEX, CellSummary, index_bytes, summaries_in, summary_of
from studies.manifest import MANIFEST, flaws, manifest_bytes
from studies.records import read_record, read_records, record_files, save_record
from studies.sealed_json import sealed, unsealed

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 2
KEY_DIGITS = 64  # of a SHA-256
STALE_SECONDS = 3600.0  # a cell is written aside in seconds; what is older was left by a process that was killed
RECORDS = ("measurements", "rechecks")  # folders of records that are kept under their own SHA-256
MARKER_ENTRIES = ("format", "written_by")
GROUND_ENTRIES = ("content_hash", "folds")
KINDS_THAT_LOOK = ("test", "probe")
N_TRIES = 3  # at writing a cell whose folder aside is swept away meanwhile
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


ATTEMPT_ENTRIES = tuple(field.name for field in fields(Attempt))
# Of the tables that earlier versions wrote without a seal: a damaged one shows by an entry that is not among these.
ENTRIES = {"store.json": MARKER_ENTRIES, "grounds": GROUND_ENTRIES, "attempts": ATTEMPT_ENTRIES}


def open_store(path: Path, *, behind: "Store | None" = None, create: bool = False, disk: Disk = LOCAL_DISK) -> "Store":
    """The store at `path`, with `behind` as a second one that is only read; InputError for a foreign version."""
    store = Store(path, behind, disk)
    marker = path / "store.json"
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file. Name a folder for the store with --store.")
    if create and not marker.exists():
        store.disk.make_folders(path)
        others = [entry.name for entry in path.iterdir() if not entry.name.startswith(".") and entry != marker]
        if others and not (path / "cells").exists():
            raise InputError(f"{path} is a folder of something else. Name an empty or a new folder with --store.")
        store.disk.write_whole(marker, sealed({"format": FORMAT, "written_by": "trichord"}))
    if marker.exists():
        try:
            found = unsealed(store.disk.read(marker), entries=MARKER_ENTRIES).get("format")
        except (OSError, ValueError) as error:
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
    disk: Disk = LOCAL_DISK

    def has(self, key: str) -> bool:
        """Whether the cell is committed, here or behind."""
        return self._place(key) is not None

    def has_weights(self, key: str) -> bool:
        """Whether the cell is committed with weights; a published cell is not."""
        place = self._place(key)
        return place is not None and (place / WEIGHTS).is_file()

    def keys(self) -> set[str]:
        """All committed keys, those behind included."""
        return {entry.name for entry in self._own_cells()} | (self.behind.keys() if self.behind is not None else set())

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
        return self._read_json(self._sound(key, "cell.json") / "cell.json")

    def provenance(self, key: str) -> dict[str, Any]:
        """`provenance.json`: versions, machine class, seeds, times."""
        return self._read_json(self._sound(key, "provenance.json") / "provenance.json")

    def summaries(self) -> dict[str, CellSummary]:
        """What there is to know of every committed cell without its results, by key, those behind included."""
        behind = {} if self.behind is None else self.behind.summaries()
        return behind | self.own_summaries()

    def write_index(self, *, anew: bool = False) -> int:
        """Write the index of the cells here, without what is damaged; `anew`: from the cells alone. Return how many
        cells it has."""
        indexed = {} if anew else self._indexed()
        summaries = []
        for entry in self._own_cells():
            with suppress(InputError):  # a damaged cell is told of where it is read
                summaries.append(self._summary(entry, indexed))
        path = self.path / INDEX
        if summaries or path.exists():
            content = index_bytes(summaries)
            if not (path.is_file() and self.disk.read(path) == content):
                self.disk.write_whole(path, content)
        return len(summaries)

    def refuse_unwritable(self, n_missing: int) -> None:
        """InputError where none of the `n_missing` cells could be committed, before any work is spent on one."""
        probe = self.path / "aside" / f"probe.{uuid.uuid4().hex[:8]}"
        try:
            self.disk.make_folders(probe.parent)
            self.disk.write_synced(probe, b"probe")
            self.disk.unlink(probe)
        except OSError as error:
            raise InputError(
                f"{self.path} cannot be written ({error.strerror}); cells that are not committed: {n_missing}. "
                "Make it writable or make room there, or name another folder with --store."
            ) from error

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
        return self._commit_files(key, files)

    def record_attempt(self, key: str, cell: Mapping[str, Any], reason: str, traceback: str) -> None:
        """Keep the trace of a try that failed, after those that are kept already, whatever the clock says."""
        folder = self.path / "attempts" / key
        self.disk.make_folders(folder)
        number = 1 + max((_attempt_order(path.name)[0] for path in self._attempt_files(key)), default=0)
        name = f"{number:04}-{time.time_ns()}-{uuid.uuid4().hex[:8]}.json"
        record = {"key": key, "cell": dict(cell), "reason": reason, "traceback": traceback}
        self.disk.write_whole(folder / name, sealed(record))

    def attempts(self, key: str) -> list[Attempt]:
        """The failed tries at one cell, oldest first."""
        return [Attempt(**self._read_json(path, ATTEMPT_ENTRIES)) for path in self._attempt_files(key)]

    def attempted_keys(self) -> set[str]:
        """The keys of the cells that some try failed at."""
        return {entry.name for entry in self.disk.entries(self.path / "attempts") if entry.is_dir()}

    def save_ground(self, key: str, ground: Mapping[str, Any]) -> None:
        """Keep what `grid` needs to know of the data, so that the store can be read without the recordings."""
        path, content = self.path / "grounds" / f"{key}.json", sealed(ground)
        if path.is_file() and self.disk.read(path) == content:
            return
        self.disk.make_folders(path.parent)
        self.disk.write_whole(path, content)

    def load_ground(self, key: str) -> dict[str, Any] | None:
        """What `save_ground` kept, here or behind."""
        path = self.path / "grounds" / f"{key}.json"
        if path.is_file():
            return self._read_json(path, GROUND_ENTRIES)
        return self.behind.load_ground(key) if self.behind is not None else None

    def save_drawing(self, study: str, space: str, number: int, drawing: Mapping[str, Any]) -> None:
        """Keep what a search has drawn for a trial."""
        folder = self.path / "search" / study / space
        self.disk.make_folders(folder)
        self.disk.write_whole(folder / f"{number:05}.json", sealed(drawing))

    def drawings(self, study: str, space: str) -> list[dict[str, Any]]:
        """What `save_drawing` kept of a space, from the first trial to the last before a gap."""
        folder = self.path / "search" / study / space
        files = (folder / f"{number:05}.json" for number in count())
        return [self._read_json(path) for path in takewhile(Path.is_file, files)]

    def save_measurement(self, measured: Mapping[str, Any]) -> str:
        """Keep what was measured, for good; its key."""
        return save_record(self.disk, self.path / "measurements", measured)

    def measurements(self) -> dict[str, dict[str, Any]]:
        """What was measured, by key, here and behind."""
        behind = {} if self.behind is None else self.behind.measurements()
        return behind | read_records(self.disk, self.path / "measurements", "measure again")

    def save_recheck(self, record: Mapping[str, Any]) -> str:
        """Keep that older and newer code were found to compute the same, for good; its key."""
        return save_record(self.disk, self.path / "rechecks", record)

    def rechecks(self) -> dict[str, dict[str, Any]]:
        """What was rechecked, by key, here and behind."""
        behind = {} if self.behind is None else self.behind.rechecks()
        return behind | read_records(self.disk, self.path / "rechecks", "run `trichord recheck` again")

    def descriptions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Key and `cell.json` of every committed cell, by key."""
        for key in sorted(self.keys()):
            yield key, self.description(key)

    def looks(self, content_hash: str) -> dict[tuple[str, str], int]:
        """How often each test fold of a data set was looked at: (protocol, fold) -> test and probe cells, over
        all systems, seeds and configurations, those whose cells are gone included."""
        counted: dict[tuple[str, str], int] = {}
        summaries = self.summaries()
        for look in self.earlier_looks():
            if look.content_hash == content_hash and look.key not in summaries:
                counted[look.protocol, look.fold] = counted.get((look.protocol, look.fold), 0) + look.n
        for one in summaries.values():
            if one.kind in KINDS_THAT_LOOK and one.content_hash == content_hash:
                place = (str(one.protocol), str(one.fold))
                counted[place] = counted.get(place, 0) + 1
        return counted

    def earlier_looks(self) -> frozenset[EarlierLook]:
        """Looks by configurations whose cells are gone, here and behind; the same row in both is counted once."""
        own = read_earlier_looks(self.path)
        return own | self.behind.earlier_looks() if self.behind is not None else own

    def add_earlier_looks(self, looks: Iterable[EarlierLook]) -> None:
        """Write looks down beside those that are written down here already."""
        own = read_earlier_looks(self.path)
        both = own | frozenset(looks)
        if both != own:
            self.disk.write_whole(self.path / EARLIER_LOOKS, earlier_looks_text(both))

    def verify(self) -> list[str]:
        """Every flaw of the files in this store: what changed, is missing or is too many; [] if all is well."""
        problems = [problem for problem in map(self._flaw_of_own_file, self._own_files()) if problem]
        for entry in self._own_cells():
            problems.extend(f"cell {entry.name[:12]}: {flaw}" for flaw in flaws(self.disk, Path(entry.path)))
        return problems

    def sweep(self) -> int:
        """Remove what killed processes left aside; return how many."""
        return sum(self.remove(path) for path in self.leftovers())

    def leftovers(self) -> list[Path]:
        """What stands aside, or half written beside a file, for longer than any writing takes.

        A clock that was set back or forward may make a cell that is being written one of them: it is written again.
        """
        found = [self.path / "aside" / entry.name for entry in self.disk.entries(self.path / "aside")]
        attempts = (self.path / "attempts" / key for key in sorted(self.attempted_keys()))
        drawings = sorted((self.path / "search").glob("*/*"))
        for folder in (self.path, *(self.path / name for name in ("grounds", *RECORDS)), *attempts, *drawings):
            names = (entry.name for entry in self.disk.entries(folder))
            found += [folder / name for name in names if HALF_WRITTEN.fullmatch(name)]
        return [path for path in found if _is_stale(path)]

    def remove(self, path: Path) -> bool:
        """Remove a file or a folder of the store: renamed aside first, so that no part of it is ever seen in its place;
        False where another process took it away meanwhile, or where it cannot be removed."""
        aside = self.path / "aside"
        gone = aside / f"removed.{uuid.uuid4().hex[:8]}"
        try:
            self.disk.make_folders(aside)
            self.disk.rename(path, gone)
            if gone.is_dir():
                self.disk.remove_tree(gone)
            else:
                self.disk.unlink(gone)
        except OSError:
            return False
        return True

    def publish(
        self,
        keys: Iterable[str],
        folder: Path,
        measurements: Iterable[Mapping[str, Any]] = (),
        rechecks: Iterable[Mapping[str, Any]] = (),
    ) -> int:
        """Copy cells without weights and pictures, the earlier looks, what was measured and what was rechecked into the
        store at `folder`; return how many cells were added."""
        target = open_store(folder, create=True, disk=self.disk)
        target.add_earlier_looks(self.earlier_looks())
        for measured in measurements:
            target.save_measurement(measured)
        for record in rechecks:
            target.save_recheck(record)
        added = 0
        for key in sorted(keys):
            place = self._sound(key, *PUBLISHED_FILES)
            added += target._commit_files(key, {name: self.disk.read(place / name) for name in PUBLISHED_FILES})
        with suppress(OSError):
            self.disk.remove_folder(folder / "aside")
        return added

    def own_place(self, key: str) -> Path:
        """The folder of a cell that is committed here."""
        return self.path / "cells" / key[:2] / key

    def _own_cells(self) -> "Iterator[os.DirEntry[str]]":
        """The cells here. What is not called as a cell is, is none."""
        cells = self.path / "cells"
        for prefix in self.disk.entries(cells):
            if len(prefix.name) == 2:
                for entry in self.disk.entries(cells / prefix.name):
                    if _is_key(entry.name) and entry.name[:2] == prefix.name and entry.is_dir():
                        yield entry

    def own_summaries(self) -> dict[str, CellSummary]:
        """The same of the cells that are committed here."""
        indexed = self._indexed()
        return {entry.name: self._summary(entry, indexed) for entry in self._own_cells()}

    def _summary(self, entry: "os.DirEntry[str]", indexed: Mapping[str, CellSummary]) -> CellSummary:
        """From the index, where the folder is as old as its row says, or else from the cell's files."""
        key, changed_ns = entry.name, entry.stat(follow_symlinks=False).st_mtime_ns
        known = indexed.get(key)
        if known is not None and known.changed_ns == changed_ns:
            return known
        place = self._sound(key, "cell.json", "provenance.json")
        description, provenance = (self._read_json(place / f"{name}.json") for name in ("cell", "provenance"))
        return summary_of(key, description, provenance, n_bytes_of(place), changed_ns)

    def _indexed(self) -> dict[str, CellSummary]:
        """The rows of the index; none where it cannot be read: the folders know it all."""
        try:
            return summaries_in(self.disk.read(self.path / INDEX))
        except (OSError, ValueError):
            return {}

    def _attempt_files(self, key: str) -> list[Path]:
        folder = self.path / "attempts" / key
        names = [entry.name for entry in self.disk.entries(folder) if entry.name.endswith(".json")]
        return [folder / name for name in sorted(names, key=_attempt_order) if not name.startswith(".")]

    def _own_files(self) -> list[Path]:
        """The files of the store that belong to no cell."""
        grounds = self.path / "grounds"
        return [
            *(self.path / name for name in ("store.json", EARLIER_LOOKS, INDEX) if (self.path / name).exists()),
            *(grounds / entry.name for entry in self.disk.entries(grounds) if entry.name.endswith(".json")),
            *(path for kind in RECORDS for path in record_files(self.disk, self.path / kind)),
            *(path for key in sorted(self.attempted_keys()) for path in self._attempt_files(key)),
            *sorted((self.path / "search").glob("*/*/*.json")),
        ]

    def _flaw_of_own_file(self, path: Path) -> str | None:
        """What is wrong with a file that belongs to no cell."""
        try:
            if path.name == EARLIER_LOOKS:
                read_earlier_looks(self.path)
            elif path.name == INDEX:
                summaries_in(self.disk.read(path))
            elif path.parent.name in RECORDS:
                read_record(self.disk, path)
            else:
                kind = path.relative_to(self.path).parts[0]
                unsealed(self.disk.read(path), entries=ENTRIES.get(kind), seal_needed=kind == "search")
        except InputError as error:
            return str(error)
        except (OSError, ValueError) as error:
            mend = "`trichord index` writes it anew" if path.name == INDEX else "remove it, or restore it from a copy"
            return f"{path.relative_to(self.path)}: {error}; {mend}"
        return None

    def _place(self, key: str) -> Path | None:
        own = self.own_place(key)
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
        found = flaws(self.disk, place, names)
        if found:
            raise InputError(
                f"{place}: {'; '.join(found)}. Remove that folder, and `trichord run` computes the cell again; "
                f"`trichord verify` names every cell that is damaged."
            )
        return place

    def _read_json(self, path: Path, entries: Collection[str] | None = None) -> dict[str, Any]:
        try:
            return unsealed(self.disk.read(path), entries=entries)
        except ValueError as error:
            message = f"{path} is damaged ({error}). Remove that file; `trichord run` writes it again."
            raise InputError(message) from error

    def _commit_files(self, key: str, files: Mapping[str, bytes]) -> bool:
        """Write `files` and their manifest aside, sync, rename into place; False where the cell stands already."""
        for n_try in range(1, N_TRIES + 1):
            folder = self.path / "aside" / f"{key}.{uuid.uuid4().hex[:8]}"
            try:
                return self._commit_from(folder, self.own_place(key), files)
            except FileNotFoundError:  # somebody took the folder for a leftover
                if n_try == N_TRIES:
                    raise
            except OSError:
                with suppress(OSError):
                    self.disk.remove_tree(folder)
                raise
        raise AssertionError("a loop of tries ends within it")

    def _commit_from(self, folder: Path, place: Path, files: Mapping[str, bytes]) -> bool:
        if place.exists():
            return False
        self.disk.make_folders(folder.parent)
        self.disk.make_folder(folder)
        for name in sorted(files):
            self.disk.write_synced(folder / name, files[name])
        self.disk.write_synced(folder / MANIFEST, manifest_bytes(files))
        self.disk.sync_folder(folder)
        self.disk.make_folders(place.parent)
        try:
            self.disk.rename(folder, place)
        except OSError:
            if place.is_dir():  # another writer came first
                self.disk.remove_tree(folder)
                return False
            raise
        self.disk.sync_folder(place.parent)
        return True


def _is_key(name: str) -> bool:
    return len(name) == KEY_DIGITS and not name.strip("0123456789abcdef")


def _is_stale(path: Path) -> bool:
    """Whether nothing was written there for an hour; or for minus an hour, by a clock that was set back."""
    try:
        return abs(time.time() - path.lstat().st_mtime) > STALE_SECONDS
    except OSError:
        return False


def _attempt_order(name: str) -> tuple[int, str]:
    """Attempts are numbered; those of earlier versions, which bore the time alone, come before them."""
    number, _, rest = name.partition("-")
    is_numbered = rest.count("-") == 1 and number.isdecimal()
    return (int(number), rest) if is_numbered else (0, name)


def _json_bytes(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
