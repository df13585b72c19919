# studies/disk.py
"""What a store asks of a disk: files that are created once, fsync, rename, folders. No locks, no writing in place.

A file is created where none is (O_EXCL), written, synced and closed before it is given its name by a rename; that holds
on a network disk too. The operations stand together here, so that a test can give the store a disk that is full, that
is read-only, or whose process dies between any two of them.
"""

import os
import re
import stat
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HALF_WRITTEN = re.compile(r"\..+\.[0-9a-f]{8}")  # a file that `write_whole` has not given its name yet


@dataclass(frozen=True)
class Disk:
    """The operations; all others that a store needs are made of them."""

    def create(self, path: Path) -> int:
        """A descriptor of a new file; FileExistsError where there is one."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)

    def write(self, descriptor: int, content: bytes | memoryview) -> int:
        """Write some of `content`; return how many bytes."""
        return os.write(descriptor, content)

    def sync(self, descriptor: int) -> None:
        """Wait until the disk has it."""
        os.fsync(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file or a folder another name; a folder never takes the place of one that holds anything."""
        old.rename(new)

    def make_folder(self, path: Path) -> None:
        """A new folder; FileExistsError where the name is taken."""
        path.mkdir()

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()

    def read(self, path: Path) -> bytes:
        """The content of a file."""
        return path.read_bytes()

    def entries(self, folder: Path) -> "list[os.DirEntry[str]]":
        """What a folder holds, by name; nothing where it is not there."""
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def write_synced(self, path: Path, content: bytes) -> None:
        """A new file with `content`, which the disk has when this returns."""
        descriptor = self.create(path)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[self.write(descriptor, rest) :]
            self.sync(descriptor)
        finally:
            os.close(descriptor)

    def write_whole(self, path: Path, content: bytes) -> None:
        """Put `content` at `path`, whole or not at all, in place of what was there."""
        aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            self.write_synced(aside, content)
            self.rename(aside, path)  # of a file: it replaces the old one in one step
        except OSError:
            with suppress(OSError):
                self.unlink(aside)
            raise
        self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """Wait until the disk has the names in a folder."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            self.sync(descriptor)
        finally:
            os.close(descriptor)

    def make_folders(self, path: Path) -> None:
        """The folder and whatever above it is missing, for good."""
        if path.is_dir():
            return
        self.make_folders(path.parent)
        with suppress(FileExistsError):  # another process was quicker; a file of that name is found by what comes next
            self.make_folder(path)
        self.sync_folder(path.parent)

    def remove_tree(self, folder: Path) -> None:
        """Remove a folder and all that it holds."""
        for entry in self.entries(folder):
            if entry.is_dir(follow_symlinks=False):
                self.remove_tree(folder / entry.name)
            else:
                self.unlink(folder / entry.name)
        self.remove_folder(folder)


LOCAL_DISK = Disk()


def n_bytes_of(path: Path) -> int:
    """The bytes of the files at and below `path`; 0 where nothing is."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return 0
    if not stat.S_ISDIR(status.st_mode):
        return status.st_size
    return sum(map(n_bytes_of, path.iterdir()))
