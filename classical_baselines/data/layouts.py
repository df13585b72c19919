# classical_baselines/data/layouts.py
"""Data sets in the layout of their own publishers, without a `meta.csv` of ours.

fsdd              recordings/0_george_12.wav      label_speaker_take; takes 0-4 are the official test part
esc-10            meta/esc50.csv, audio/*.wav     column fold; group = source recording; the ESC-10 subset
speech-commands   yes/0487ba9b_nohash_0.wav       group = speaker; testing_list.txt and validation_list.txt
"""

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow, manifest_of_rows
from classical_baselines.harness.choices import choose

FSDD_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav$")
FSDD_TEST_TAKES = range(5)  # the publisher's README: "the test set consists of the first 10 %", takes 0 to 4
ESC_COLUMNS = ("filename", "fold", "category", "esc10", "src_file")
COMMAND_NAME = re.compile(r"([0-9a-f]+)_nohash_\d+\.wav$")
COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")  # arXiv 1804.03209, section 7


def read_layout(layout: str, folder: Path) -> Manifest:
    """The manifest of a folder in a public layout."""
    return choose(LAYOUTS, layout, what="layout")(folder)


def fsdd(folder: Path) -> Manifest:
    """recordings/DIGIT_SPEAKER_TAKE.wav."""
    recordings = folder / "recordings"
    paths = sorted(recordings.glob("*.wav"))
    if not paths:
        found = sorted(path.name for path in (recordings if recordings.is_dir() else folder).iterdir())
        raise ManifestError(
            f"{recordings} lists no clips: files named DIGIT_SPEAKER_TAKE.wav, as '0_george_12.wav', belong there; "
            f"there is {f'{found[0]!r} instead' if found else 'nothing'}. Copy recordings/ from the archive of the set."
        )
    rows = []
    for path in paths:
        match = FSDD_NAME.fullmatch(path.name)
        if match is None:
            raise ManifestError(f"{path}: not named DIGIT_SPEAKER_TAKE.wav, as '0_george_12.wav'. Remove or rename it.")
        digit, speaker, take = match.groups()
        part = "test" if int(take) in FSDD_TEST_TAKES else "train"
        rows.append(ManifestRow(f"recordings/{path.name}", digit, part, speaker))
    return manifest_of_rows(folder, rows, origin=str(folder))


def esc_10(folder: Path) -> Manifest:
    """meta/esc50.csv, the rows marked esc10."""
    path = folder / "meta" / "esc50.csv"
    if not path.is_file():
        raise ManifestError(f"{path}: not there. This is the layout of ESC-50: meta/esc50.csv and audio/.")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            absent = [column for column in ESC_COLUMNS if column not in (reader.fieldnames or [])]
            listed = [{column: line[column] or "" for column in ESC_COLUMNS} for line in reader] if not absent else []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path} is not readable as CSV in UTF-8 ({error}). Copy it from the archive.") from error
    if absent:
        raise ManifestError(f"{path} has no column {', '.join(map(repr, absent))}. Copy it from the archive.")
    rows = [
        ManifestRow(f"audio/{row['filename']}", row["category"], row["fold"], row["src_file"])
        for row in listed
        if row["esc10"] == "True"
    ]
    return manifest_of_rows(folder, rows, origin=str(folder))


def speech_commands(folder: Path) -> Manifest:
    """WORD/SPEAKER_nohash_N.wav, the ten command words, split by the two lists of the publisher."""
    parts = (("val", "validation"), ("test", "testing"))
    listed = {part: _names_in(folder / f"{name}_list.txt") for part, name in parts}
    if not all(listed.values()):
        raise ManifestError(
            f"{folder}: validation_list.txt or testing_list.txt is missing. Copy them from the archive."
        )
    rows = []
    for word in COMMANDS:
        recordings = sorted((folder / word).glob("*.wav"))
        if not recordings:
            raise ManifestError(f"{folder / word}: label {word!r} has no clip. Copy the folder from the archive.")
        for path in recordings:
            match = COMMAND_NAME.fullmatch(path.name)
            if match is None:
                raise ManifestError(f"{path}: not named SPEAKER_nohash_N.wav. Remove or rename it.")
            name = f"{word}/{path.name}"
            part = next((part for part, names in listed.items() if name in names), "train")
            rows.append(ManifestRow(name, word, part, match[1]))
    return manifest_of_rows(folder, rows, origin=str(folder))


def _names_in(path: Path) -> set[str]:
    """The lines of a list; none where it is not there."""
    if not path.is_file():
        return set()
    try:
        content = path.read_bytes()
        return set(content.decode("utf-8").split())
    except OSError as error:
        raise ManifestError(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ManifestError(
            f"{path}, line {line}: the byte 0x{content[error.start]:02x} is no UTF-8. Copy the list from the archive."
        ) from error


LAYOUTS: Mapping[str, Callable[[Path], Manifest]] = {
    "fsdd": fsdd,
    "esc-10": esc_10,
    "speech-commands": speech_commands,
}
