# classical_baselines/data/sets/esc_10.py
"""ESC-10: the ten classes of ESC-50 that meta/esc50.csv marks; a group is a source recording."""

import csv
from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow, manifest_of_rows
from classical_baselines.data.sets.data_set import DataSet

COLUMNS = ("filename", "fold", "category", "esc10", "src_file")


def esc_10_of_esc_50(folder: Path) -> Manifest:
    """meta/esc50.csv, the rows marked esc10."""
    path = folder / "meta" / "esc50.csv"
    if not path.is_file():
        raise ManifestError(f"{path}: not there. This is the layout of ESC-50: meta/esc50.csv and audio/.")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            absent = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
            listed = [{column: line[column] or "" for column in COLUMNS} for line in reader] if not absent else []
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


ESC_10 = DataSet(
    title="ESC-10, environmental sounds",
    folders=("ESC10_16k", "ESC-50-master", "ESC-50"),
    layout=esc_10_of_esc_50,
    sample_rate_hz=16000,
    clip_seconds=5.0,
    protocols=("official-folds",),
    label_names=(
        "chainsaw",
        "clock_tick",
        "crackling_fire",
        "crying_baby",
        "dog",
        "helicopter",
        "rain",
        "rooster",
        "sea_waves",
        "sneezing",
    ),
    licence="CC BY 3.0",
    citation="K. J. Piczak, ESC: Dataset for Environmental Sound Classification, Proc. 23rd ACM Multimedia, 2015",
    source="github.com/karolpiczak/ESC-50",
    warnings=(
        "81 of 400 clips end in digital silence that tells the class; report with and without cropping.",
        "Up to 7 clips share a source recording: random splits put pieces of one recording on both sides.",
        "400 clips: an accuracy of 80 % is known to within 4 points.",
    ),
)
