# classical_baselines/data/sets/fsdd.py
"""The Free Spoken Digit Dataset: recordings/0_george_12.wav is label_speaker_take."""

import re
from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow, manifest_of_rows
from classical_baselines.data.sets.data_set import DataSet

NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav$")
TEST_TAKES = range(5)  # the publisher's README: "the test set consists of the first 10 %", takes 0 to 4


def recordings_by_name(folder: Path) -> Manifest:
    """The manifest of recordings/DIGIT_SPEAKER_TAKE.wav; takes 0 to 4 are the official test part."""
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
        match = NAME.fullmatch(path.name)
        if match is None:
            raise ManifestError(f"{path}: not named DIGIT_SPEAKER_TAKE.wav, as '0_george_12.wav'. Remove or rename it.")
        digit, speaker, take = match.groups()
        part = "test" if int(take) in TEST_TAKES else "train"
        rows.append(ManifestRow(f"recordings/{path.name}", digit, part, speaker))
    return manifest_of_rows(folder, rows, origin=str(folder))


FSDD = DataSet(
    title="Free Spoken Digit Dataset",
    folders=("FSDD", "free-spoken-digit-dataset", "fsdd"),
    layout=recordings_by_name,
    sample_rate_hz=8000,
    clip_seconds=1.008,
    protocols=("leave-one-group-out", "official-split"),
    label_names=tuple("0123456789"),
    licence="CC BY-SA 4.0",
    citation=(
        "Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas, A. Thite: Jakobovski/free-spoken-digit-dataset, "
        "commit 26eb9aaf, 2024"
    ),
    source="github.com/Jakobovski/free-spoken-digit-dataset, commit 26eb9aaf, recordings/",
    warnings=(
        "All six speakers are in both parts of the official split: it measures memory for voices.",
        "All six speakers are male; nothing follows for other voices, and six groups are few.",
        "The median level differs by 22 dB between speakers: a fixed log floor encodes the speaker.",
        "Clips last 0.14 to 2.28 s, and their length is a feature.",
    ),
)
