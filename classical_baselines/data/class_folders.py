# classical_baselines/data/class_folders.py
"""A user's own recordings, one folder per class: DIR/LABEL/.../clip.wav becomes a manifest.

    label   the name of the folder right below DIR
    group   what the first pair of brackets of a regular expression matches below the label's folder: in .../clip.wav

Without groups, pieces of one speaker or one recording end up in training and in test alike, and the accuracy says how
well they are remembered; the manifest then carries a warning.
"""

import re
from pathlib import Path

from classical_baselines.data.audio_file import SUFFIXES
from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow, manifest_of_rows

NO_GROUPS = (
    "The clips have no groups. If several come from one speaker, device or recording, a test clip has kin among the "
    "training clips and the accuracy is too high. Name the groups with --group-from REGEX."
)


def from_folder(folder: Path, group_regex: str | None = None) -> Manifest:
    """The manifest of a folder of class folders; it is not written anywhere."""
    if not folder.is_dir():
        raise ManifestError(f"{folder} is no folder. Name the one that holds a folder per class.")
    pattern = _group_pattern(group_regex)
    labels = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if len(labels) < 2:
        raise ManifestError(f"{folder} holds {len(labels)} class folders; two or more are needed, one per class.")
    rows = [row for label in labels for row in _rows_of(folder, label, pattern)]
    return manifest_of_rows(folder, rows, origin=str(folder), warnings=_warnings(rows, group_regex))


def _rows_of(folder: Path, label: str, pattern: re.Pattern[str] | None) -> list[ManifestRow]:
    files = sorted(path for path in (folder / label).rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise ManifestError(
            f"label {label!r} has no clips: {folder / label} holds no {', '.join(SUFFIXES)} file. "
            f"Put its recordings there, or remove the folder."
        )
    names = [path.relative_to(folder).as_posix() for path in files]
    return [ManifestRow(name, label, "", _group_of(name, label, pattern)) for name in names]


def _group_pattern(group_regex: str | None) -> re.Pattern[str] | None:
    if group_regex is None:
        return None
    try:
        pattern = re.compile(group_regex)
    except re.error as error:
        raise ManifestError(f"the group expression {group_regex!r} is no regular expression ({error}).") from error
    if pattern.groups < 1:
        raise ManifestError(
            f"the group expression {group_regex!r} has no brackets. Put them around the part of the file name that "
            f"names the group, as in '([a-z]+)_[0-9]+[.]wav'."
        )
    return pattern


def _group_of(name: str, label: str, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return ""
    below = name[len(label) + 1 :]
    match = pattern.search(below) or pattern.search(f"/{below}")
    if match is None or not match[1]:
        raise ManifestError(
            f"the group expression {pattern.pattern!r} finds no group in {name!r}. Widen it, or remove the file."
        )
    return match[1]


def _warnings(rows: list[ManifestRow], group_regex: str | None) -> tuple[str, ...]:
    groups = {row.speaker_or_group for row in rows}
    if group_regex is None:
        return (NO_GROUPS,)
    if len(groups) < 3:
        few = ", ".join(sorted(groups))
        return (f"Only {len(groups)} groups were found ({few}); training, validation and test need one each.",)
    if len(groups) == len(rows):
        return ("Every clip is a group of its own. Is that so, or does the expression take in a running number?",)
    return ()
