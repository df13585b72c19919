# studies/commands/places.py
"""Where an option says that something is to be written: refused before any work where that cannot be."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from classical_baselines.harness.choices import InputError


def check_place(place: Path, option: str) -> None:
    """Refuse a file or folder that cannot be made: a file stands in its way, or a folder that may not be written to."""
    above = next(folder for folder in place.absolute().parents if os.path.lexists(folder))
    if not above.is_dir():
        raise InputError(f"{option} {place}: {above} is no folder, so nothing can be put below it. Name another place.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(
            f"{option} {place}: the folder {above} may not be written to. Name a place in one that may, or change its "
            "permissions."
        )


@contextmanager
def told_of(place: Path, option: str) -> Iterator[None]:
    """What a disk refuses after all, said with the option that names the place."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{option} {place}: it cannot be written ({reason}). Make room, or name another place."
        ) from error
