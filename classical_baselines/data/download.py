# classical_baselines/data/download.py
"""Fetch the Free Spoken Digit Dataset from its publisher, check every clip, and put it in place in one step.

Only clips that the table of sums names are unpacked, each under the table's own name and within a size limit, so an
archive cannot write elsewhere. The folder appears, complete and checked, by a rename; a failure leaves nothing behind.
"""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from classical_baselines.data.audio_limits import AudioError, AudioLimits
from classical_baselines.data.catalogue import ENVIRONMENT_VARIABLE, data_set
from classical_baselines.data.checksums import check_data_set, published_sums, samples_sha256
from classical_baselines.data.manifest import MANIFEST_NAME, write_manifest
from classical_baselines.data.sets.fsdd import recordings_by_name
from classical_baselines.data.wav import read_wav
from classical_baselines.harness.choices import InputError

COMMIT = "26eb9aaf76e81b692f806f9140c2d2777410d7a1"  # 2024-05-02
SOURCE_URL = f"https://github.com/Jakobovski/free-spoken-digit-dataset/archive/{COMMIT}.zip"
FOLDER = "FSDD"
_MAX_ARCHIVE_BYTES = 200 * 2**20  # the archive has some 16 MB
_MAX_CLIP_BYTES = 2**20  # 65 s of 16-bit samples at 8 kHz
_TIMEOUT_SECONDS = 60
_LICENCE = f"""Creative Commons Attribution-ShareAlike 4.0 International (CC BY-SA 4.0)
https://creativecommons.org/licenses/by-sa/4.0/
Attribution: Zohar Jackson, Cesar Souza, Jason Flaks, Yuxin Pan, Hereman Nicolas, Adhish Thite:
Jakobovski/free-spoken-digit-dataset, commit {COMMIT}, recordings/, unaltered.
"""


def get_data_set(
    name: str, data_root: Path | str | None, *, url: str = SOURCE_URL, sums: Mapping[str, str] | None = None
) -> Path:
    """Download a data set into a folder under `data_root`, which is made; return that folder.

    A copy that is there already is checked instead.
    """
    data_set(name)  # raises, with the names that exist
    if name != "fsdd":
        raise InputError(
            f"only fsdd can be fetched by Trichord; {name!r} cannot. `trichord data describe {name}` names its source: "
            f"copy it under the data root yourself."
        )
    given = data_root if data_root is not None else os.environ.get(ENVIRONMENT_VARIABLE) or None
    if given is None:
        raise InputError(f"say where to: name a folder with --data-root DIR or {ENVIRONMENT_VARIABLE}; it is made.")
    data_root = Path(given)
    sums = published_sums(name) if sums is None else sums
    target = data_root / FOLDER
    if target.exists():
        check = check_data_set(name, data_root)
        if check.problems:
            raise InputError(
                f"{target} is there already and is not the published set: {check.problems[0]} "
                f"({len(check.problems)} problems). Move it away, then fetch it again."
            )
        return target
    try:
        data_root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data_root, prefix=".fsdd-") as scratch:
            archive = _fetch(url, Path(scratch), target)
            folder = Path(scratch) / FOLDER
            _unpack(archive, folder / "recordings", sums)
            write_manifest(recordings_by_name(folder), folder / MANIFEST_NAME)
            (folder / "LICENCE.txt").write_text(_LICENCE, encoding="utf-8")
            os.rename(folder, target)  # noqa: PTH104 (one step, or an error where the target has appeared meanwhile)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror or error}). Name another --data-root."
        ) from error
    return target


class _SizeGuard:
    """Stands where pooch has its progress bar, and stops a download that grows beyond the limit."""

    total = 0

    def __init__(self) -> None:
        self._n_bytes = 0

    def update(self, n_bytes: int) -> None:
        """Called after every block."""
        self._n_bytes += n_bytes
        if self._n_bytes > _MAX_ARCHIVE_BYTES:
            raise ValueError(f"the answer has more than {_MAX_ARCHIVE_BYTES} bytes")

    def reset(self) -> None:
        """Called once at the end, before the total is reported."""
        self._n_bytes = 0

    def close(self) -> None:
        """Called last."""


def _fetch(url: str, scratch: Path, target: Path) -> Path:
    import pooch

    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=_TIMEOUT_SECONDS, progressbar=_SizeGuard())
    try:
        # The archive's own sum is not fixed (the publisher packs it on demand); every clip's is.
        return Path(pooch.retrieve(url, known_hash=None, fname="archive.zip", path=scratch, downloader=downloader))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors
        raise InputError(
            f"{url} could not be fetched ({type(error).__name__}: {error}). Without a network: fetch it on another "
            f"machine, unpack it, put its folder `recordings` into {target}, and run `trichord data check fsdd`."
        ) from error


def _unpack(archive: Path, recordings: Path, sums: Mapping[str, str]) -> None:
    """Write the clips that the table names, each checked by its decoded samples."""
    again = "Fetch it again; if that does not help, the source has changed, and results would not be comparable."
    recordings.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as packed:
            members = {
                PurePosixPath(member.filename).name: member
                for member in packed.infolist()
                if PurePosixPath(member.filename).parent.name == "recordings"
            }
            for name, sha256 in sums.items():
                if name not in members:
                    raise InputError(f"the archive lacks the recording {name}. {again}")
                with packed.open(members[name]) as file:
                    content = file.read(_MAX_CLIP_BYTES + 1)
                if len(content) > _MAX_CLIP_BYTES:
                    raise InputError(f"{name} in the archive has more than {_MAX_CLIP_BYTES} bytes. {again}")
                samples, _ = read_wav(content, name, AudioLimits())
                if samples_sha256(samples) != sha256:
                    raise InputError(f"{name} in the archive differs from the published recording. {again}")
                (recordings / name).write_bytes(content)
    except AudioError as error:
        raise InputError(f"the archive holds a damaged recording: {error} {again}") from error
    # What zipfile raises, not what is left to do here: NotImplementedError for a compression that it cannot unpack,
    # RuntimeError for an encrypted file.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"what was fetched is no sound zip archive ({error}). {again}") from error
