# studies/records.py
"""Records that are added and never changed: a sealed JSON file each, under the SHA-256 of what it says.

FOLDER/<key>.json       `sealed_json.py` says whether the file is whole, its name whether it is what was kept
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classical_baselines.harness.choices import InputError
from studies.cell_key import digest
from studies.disk import Disk
from studies.sealed_json import sealed, unsealed


def record_files(disk: Disk, folder: Path) -> list[Path]:
    """The files of the records in a folder."""
    return [folder / entry.name for entry in disk.entries(folder) if entry.name.endswith(".json")]


def save_record(disk: Disk, folder: Path, record: Mapping[str, Any]) -> str:
    """Write a record, once; its key."""
    key = digest(record)
    path = folder / f"{key}.json"
    if not path.exists():
        disk.make_folders(folder)
        disk.write_whole(path, sealed(record))
    return key


def read_record(disk: Disk, path: Path) -> dict[str, Any]:
    """One record; ValueError where it is damaged, or not what its name says."""
    record = unsealed(disk.read(path), seal_needed=True)
    if digest(record) != path.stem:
        raise ValueError("it is not what its name says")
    return record


def read_records(disk: Disk, folder: Path, mend: str) -> dict[str, dict[str, Any]]:
    """The records in a folder, by key; `mend` says how one that is damaged comes back."""
    found = {}
    for path in record_files(disk, folder):
        try:
            found[path.stem] = read_record(disk, path)
        except ValueError as error:
            raise InputError(
                f"{path} is damaged ({error}). Restore it from a copy, or remove it and {mend}."
            ) from error
    return found
