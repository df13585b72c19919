# classical_baselines/data/sets/esc_50.py
"""ESC-50: fifty classes of environmental sound, five folds of the publisher; a group is a source recording.

    meta/esc50.csv   filename,fold,target,category,esc10,src_file,take
    audio/           1-100032-A-0.wav: fold, source recording on Freesound, take, number of the class

Source of the layout: the publisher's README ("Repository content"), which says of the folds that fragments of one
source recording stand in a single one; that is checked.
"""

from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestRow
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.publisher_tables import headed_lines, manifest_of_lines
from classical_baselines.data.sets.whole_groups import check_groups_apart

FOLDS = ("1", "2", "3", "4", "5")
CATEGORIES = (  # in the order of the publisher's numbers, 0 to 49
    "dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow",
    "rain", "sea_waves", "crackling_fire", "crickets", "chirping_birds", "water_drops", "wind", "pouring_water",
    "toilet_flush", "thunderstorm",
    "crying_baby", "sneezing", "clapping", "breathing", "coughing", "footsteps", "laughing", "brushing_teeth",
    "snoring", "drinking_sipping",
    "door_wood_knock", "mouse_click", "keyboard_typing", "door_wood_creaks", "can_opening", "washing_machine",
    "vacuum_cleaner", "clock_alarm", "clock_tick", "glass_breaking",
    "helicopter", "chainsaw", "siren", "car_horn", "engine", "train", "church_bells", "airplane", "fireworks",
    "hand_saw",
)  # fmt: skip


def folds_of_esc_50(folder: Path) -> Manifest:
    """meta/esc50.csv, all rows."""
    lines = headed_lines(folder / "meta" / "esc50.csv", ("filename", "fold", "category", "src_file"))
    listed = [
        (
            line.place,
            ManifestRow(
                f"audio/{line['filename']}",
                line.one_of("category", CATEGORIES),
                line.one_of("fold", FOLDS),
                line["src_file"],
            ),
        )
        for line in lines
    ]
    check_groups_apart(listed, "the source recording")
    return manifest_of_lines(folder, listed)


ESC_50 = DataSet(
    title="ESC-50, environmental sounds",
    folders=("ESC-50-master", "ESC-50"),
    layout=folds_of_esc_50,
    sample_rate_hz=16000,
    clip_seconds=5.0,
    protocols=("official-folds",),
    label_names=CATEGORIES,
    licence="CC BY-NC 3.0; its part ESC-10 is CC BY 3.0",
    citation="K. J. Piczak, ESC: Dataset for Environmental Sound Classification, Proc. 23rd ACM Multimedia, 2015",
    source="github.com/karolpiczak/ESC-50",
    warnings=(
        "Several clips share a source recording: random splits put pieces of one recording on both sides.",
        "Shorter sounds are padded with digital silence to 5 s, and its length tells of the class; report with and "
        "without cropping.",
        "40 clips a class: the recall of a class has a standard error of up to 8 points.",
        "Many published results chose their epoch on the test fold. Listeners reach 81.3 % (Piczak 2015).",
    ),
)
