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
    rows = []
    for path in sorted((folder / "recordings").glob("*.wav")):
        match = FSDD_NAME.fullmatch(path.name)
        if match is None:
            raise ManifestError(f"{path}: not named DIGIT_SPEAKER_TAKE.wav. Remove or rename it.")
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
    listed = {
        part: set((folder / f"{name}_list.txt").read_text(encoding="utf-8").split())
        if (folder / f"{name}_list.txt").is_file()
        else set()
        for part, name in (("val", "validation"), ("test", "testing"))
    }
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


LAYOUTS: Mapping[str, Callable[[Path], Manifest]] = {
    "fsdd": fsdd,
    "esc-10": esc_10,
    "speech-commands": speech_commands,
}
