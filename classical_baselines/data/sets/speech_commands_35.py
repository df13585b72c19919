# classical_baselines/data/sets/speech_commands_35.py
"""Speech Commands v0.02, all 35 words: yes/bb05582b_nohash_3.wav is the fourth "yes" of the speaker bb05582b.

Where validation_list.txt and testing_list.txt are there, they name the parts; else the publisher's `which_set` does:

    p = (SHA-1(speaker) mod 2^27) * 100 / (2^27 - 1)      speaker: the file name without "_nohash_" and what follows
    p < 10 validation, p < 20 testing, else training

Both are the same split, so a clip that the lists and the rule put into different parts is refused: it was renamed, or
the lists are another set's. Clips of a speaker stay together. The folder _background_noise_ is left out: its six long
recordings are no words, have no speaker and stand in no part, so silence is no class here.

Source: README.md of the archive ("Partitioning", with the code of `which_set`); P. Warden, arXiv 1804.03209.
"""

import hashlib
import re
from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.publisher_tables import bare_lines, manifest_of_lines

WORDS = (
    "backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward", "four", "go", "happy",
    "house", "learn", "left", "marvin", "nine", "no", "off", "on", "one", "right", "seven", "sheila", "six", "stop",
    "three", "tree", "two", "up", "visual", "wow", "yes", "zero",
)  # fmt: skip
NAME = re.compile(r"([0-9a-f]+)_nohash_\d+\.wav$")
MAX_NUM_WAVS_PER_CLASS = 2**27 - 1  # the publisher's constant
VALIDATION_PERCENT, TESTING_PERCENT = 10.0, 10.0  # the publisher's README: what its lists were made with
LISTS = {"val": "validation_list.txt", "test": "testing_list.txt"}


def part_by_hash(file_name: str) -> str:
    """`which_set` of the publisher: the part of a clip by the speaker in its name.

    >>> part_by_hash("bb05582b_nohash_3.wav"), part_by_hash("a69b9b3e_nohash_0.wav")
    ('test', 'val')
    """
    speaker = re.sub(r"_nohash_.*$", "", file_name)
    # SHA-1 as the publisher has it: it deals speakers, and guards nothing.
    number = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16)
    percent = number % (MAX_NUM_WAVS_PER_CLASS + 1) * (100.0 / MAX_NUM_WAVS_PER_CLASS)
    if percent < VALIDATION_PERCENT:
        return "val"
    return "test" if percent < VALIDATION_PERCENT + TESTING_PERCENT else "train"


def words_by_speaker(folder: Path) -> Manifest:
    """WORD/SPEAKER_nohash_N.wav, split by the publisher's lists, or by its rule where they are absent."""
    _check_folders(folder)
    part_of, listed = _lists_of(folder), []
    for word in WORDS:
        paths = sorted((folder / word).glob("*.wav"))
        if not paths:
            raise ManifestError(f"{folder / word}: label {word!r} has no clip. Copy the folder from the archive.")
        for path in paths:
            match = NAME.fullmatch(path.name)
            if match is None:
                raise ManifestError(f"{path}: not named SPEAKER_nohash_N.wav. Remove or rename it.")
            name, part = f"{word}/{path.name}", part_by_hash(path.name)
            by_list = part if part_of is None else part_of.get(name, "train")
            if by_list != part:
                raise ManifestError(
                    f"{path}: the publisher's lists put it into {by_list!r}, the hash of its speaker into {part!r}. "
                    "Was it renamed, or are the lists another set's? Copy both from the archive of v0.02."
                )
            listed.append((str(path), ManifestRow(name, word, by_list, match[1])))
    return manifest_of_lines(folder, listed)


def _check_folders(folder: Path) -> None:
    """Refuse a folder of clips that is no word of the set; those that begin with `_` or `.` hold none."""
    others = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name not in WORDS)
    for name in others:
        if not name.startswith(("_", ".")) and any((folder / name).glob("*.wav")):
            raise ManifestError(f"{folder / name}: {name!r} is none of the 35 words of v0.02. Move the folder away.")


def _lists_of(folder: Path) -> dict[str, str] | None:
    """Clip -> part, of the two lists; None where both are absent."""
    absent = [name for name in LISTS.values() if not (folder / name).is_file()]
    if len(absent) == len(LISTS):
        return None
    if absent:
        raise ManifestError(f"{folder / absent[0]}: not there, and the other list is. Copy both, or remove both.")
    part_of: dict[str, str] = {}
    missing: list[str] = []
    for part, list_name in LISTS.items():
        for line in bare_lines(folder / list_name, ("file",)):
            name = line["file"]
            if part_of.setdefault(name, part) != part:
                raise ManifestError(f"{line.place}: {name!r} stands in both lists. Copy them from the archive.")
            if not (folder / name).is_file():
                missing.append(f"{line.place}, lists {name!r}")
    if missing:
        others = f" and {len(missing) - 1} more files" if len(missing) > 1 else ""
        raise ManifestError(f"{missing[0]}{others}, which {folder} does not have. Restore them from the archive.")
    return part_of


SPEECH_COMMANDS_35 = DataSet(
    title="Speech Commands v0.02, 35 words",
    folders=("speech_commands_v0.02", "SpeechCommands/speech_commands_v0.02", "speech_commands"),
    layout=words_by_speaker,
    sample_rate_hz=16000,
    clip_seconds=1.0,
    protocols=("official-split",),
    label_names=WORDS,
    licence="CC BY 4.0",
    citation=(
        "P. Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, arXiv 1804.03209, 2018"
    ),
    source="download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
    warnings=(
        "Results for 12 classes and for 35 words are two tasks: never compare them.",
        "_background_noise_ is left out: there is no class of silence here, nor one of unknown words.",
        "Speakers stand in one part each by the hash of their id; a random split puts voices on both sides.",
        "Clips shorter than 1 s are padded, and their length tells of the word.",
    ),
)
