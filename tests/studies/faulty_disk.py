"""A disk on which something happens at one operation: it is full, it breaks, it turns read-only, the process dies."""

import errno
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studies.disk import Disk

FAULTS = ("full", "broken once", "read-only", "dies before", "dies after", "power cut")
ERRORS = {"full": errno.ENOSPC, "broken once": errno.EIO, "read-only": errno.EROFS}
GROWS = ("create", "write", "make_folder")  # what a full disk refuses


class Died(BaseException):
    """The process is dead: whatever its code does from here on has no effect."""


@dataclass(frozen=True)
class FaultyDisk(Disk):
    """From the operation with number `at` on; a write at that moment is torn."""

    fault: str = "broken once"
    at: int = 0
    state: dict[str, Any] = field(default_factory=lambda: {"n": 0, "dead": False, "unsynced": {}}, compare=False)

    @property
    def happened(self) -> bool:
        return self.state["n"] > self.at

    def _meets(self, name: str) -> bool:
        """Whether this operation is one that the fault strikes; a dead process makes none."""
        if self.state["dead"]:
            raise Died
        number = self.state["n"]
        self.state["n"] += 1
        if self.fault == "full":
            return number >= self.at and name in GROWS
        return number >= self.at if self.fault == "read-only" else number == self.at

    def _strike(self) -> None:
        if self.fault in ERRORS:
            number = ERRORS[self.fault]
            raise OSError(number, os.strerror(number), "a file")
        self.state["dead"] = True
        if self.fault == "power cut":  # what was not synced is lost, though its name may have reached the disk
            for path in self.state["unsynced"].values():
                with suppress(OSError):
                    os.truncate(path, path.stat().st_size // 2)
        raise Died

    def _do(self, name, do, *given):
        if not self._meets(name):
            return do(*given)
        if self.fault in ("dies after", "power cut"):
            do(*given)
        return self._strike()

    def create(self, path: Path) -> int:
        def do(path):
            descriptor = super(FaultyDisk, self).create(path)
            self.state["unsynced"][os.fstat(descriptor).st_ino] = path
            return descriptor

        return self._do("create", do, path)

    def write(self, descriptor: int, content: bytes | memoryview) -> int:
        if not self._meets("write"):
            return super().write(descriptor, content)
        super().write(descriptor, memoryview(content)[: len(content) // 2])
        return self._strike()

    def sync(self, descriptor: int) -> None:
        """Not waited for: what counts is what the store takes for synced."""
        self._do("sync", lambda descriptor: self.state["unsynced"].pop(os.fstat(descriptor).st_ino, None), descriptor)

    def rename(self, old: Path, new: Path) -> None:
        def do(old, new):
            super(FaultyDisk, self).rename(old, new)
            moved = self.state["unsynced"]
            for number, path in moved.items():
                if path == old or old in path.parents:
                    moved[number] = new / path.relative_to(old)

        self._do("rename", do, old, new)

    def make_folder(self, path: Path) -> None:
        self._do("make_folder", super().make_folder, path)

    def unlink(self, path: Path) -> None:
        self._do("unlink", super().unlink, path)

    def remove_folder(self, path: Path) -> None:
        self._do("remove_folder", super().remove_folder, path)
