# classical_baselines/data/sets/speech_commands_12.py
"""Speech Commands with twelve classes: yes/0487ba9b_nohash_0.wav is of speaker 0487ba9b; two lists name the parts."""

import re
from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow, manifest_of_rows
from classical_baselines.data.sets.data_set import DataSet

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")  # arXiv 1804.03209, section 7
NAME = re.compile(r"([0-9a-f]+)_nohash_\d+\.wav$")


def words_by_lists(folder: Path) -> Manifest:
    """WORD/SPEAKER_nohash_N.wav, the ten command words, split by the two lists of the publisher."""
    parts = (("val", "validation"), ("test", "testing"))
    listed = {part: _names_in(folder / f"{name}_list.txt") for part, name in parts}
    if not all(listed.values()):
        raise ManifestError(
            f"{folder}: validation_list.txt or testing_list.txt is missing. Copy them from the archive."
        )
    rows = []
    for word in WORDS:
        recordings = sorted((folder / word).glob("*.wav"))
        if not recordings:
            raise ManifestError(f"{folder / word}: label {word!r} has no clip. Copy the folder from the archive.")
        for path in recordings:
            match = NAME.fullmatch(path.name)
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


SPEECH_COMMANDS_12 = DataSet(
    title="Speech Commands v0.02, 12 classes",
    folders=("SPEECH_COMMANDS", "speech_commands_v0.02", "speech_commands"),
    layout=words_by_lists,
    sample_rate_hz=16000,
    clip_seconds=1.0,
    protocols=("official-folds", "official-split"),
    label_names=(*WORDS, "silence", "unknown"),
    layout_label_names=WORDS,  # the public training part has neither silence nor a class of unknown words
    licence="CC BY 4.0",
    citation=(
        "P. Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, arXiv 1804.03209, 2018"
    ),
    source="Speech Commands v0.02; the speaker-grouped folds are of a part of its canonical test set",
    warnings=(
        "32 clips are exact copies of another; grouped folds keep them together.",
        "Two silence clips are all but silent, and 41 clips have samples at full scale.",
        "Silence clips are cuts of few background recordings: 50 pairs of them in different groups overlap in one "
        "background, 45 pairs across the parts of an official fold. Report with and without silence.",
    ),
)
