# studies/manifest.py
"""The manifest of a cell's folder: which files were committed, and the SHA-256 of each; a line per file.

<64 hexadecimal digits>  <name>
"""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from studies.disk import Disk

MANIFEST = "MANIFEST.sha256"


def manifest_bytes(files: Mapping[str, bytes]) -> bytes:
    """The manifest of these files."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def flaws(disk: Disk, place: Path, names: Collection[str] | None = None) -> list[str]:
    """What differs between a folder's manifest and its files, or those of them that are called one of `names`."""
    try:
        listed = _listed(disk.read(place / MANIFEST))
    except (OSError, ValueError) as error:
        return [f"{MANIFEST} cannot be read ({error})"]
    found = []
    for name, committed in listed.items():
        if names is not None and name not in names:
            continue
        try:
            if hashlib.sha256(disk.read(place / name)).hexdigest() != committed:
                found.append(f"{name} is not what was committed")
        except FileNotFoundError:
            found.append(f"{name} is missing")
        except OSError as error:
            found.append(f"{name} cannot be read ({error.strerror})")
    if names is None:
        present = {entry.name for entry in disk.entries(place)}
    else:
        present = {name for name in names if (place / name).exists()}
    return found + [f"{name} was not committed with it" for name in sorted(present - set(listed) - {MANIFEST})]


def _listed(content: bytes) -> dict[str, str]:
    """File name -> SHA-256; ValueError where a line is not exactly that."""
    listed = {}
    for line in content.decode("ascii").splitlines(keepends=True):
        digest, name = line[:64], line[66:-1]
        if line != f"{digest}  {name}\n" or digest.strip("0123456789abcdef") or "/" in name:
            raise ValueError(f"the line {line!r} is not a hash and a name")
        listed[name] = digest
    return listed
