# classical_baselines/data/sets/urbansound8k.py
"""UrbanSound8K: ten classes of city noise, ten folds of the publisher; a group is a Freesound recording (fsID).

    metadata/UrbanSound8K.csv   slice_file_name,fsID,start,end,salience,fold,classID,class
    audio/fold5/                100032-3-0-0.wav: fsID, number of the class, occurrence, slice

Slices of one recording stand in one fold, so a table that puts an fsID into two has been dealt anew, and is refused.
Source of the layout: UrbanSound8K_README.txt of the archive, which asks for its ten folds and not to reshuffle them.
"""

from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestRow
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.publisher_tables import headed_lines, manifest_of_lines
from classical_baselines.data.sets.whole_groups import check_groups_apart

FOLDS = tuple(str(number) for number in range(1, 11))
CLASSES = (  # in the order of classID, 0 to 9
    "air_conditioner",
    "car_horn",
    "children_playing",
    "dog_bark",
    "drilling",
    "engine_idling",
    "gun_shot",
    "jackhammer",
    "siren",
    "street_music",
)


def folds_of_urbansound8k(folder: Path) -> Manifest:
    """metadata/UrbanSound8K.csv; refused where an fsID stands in two folds."""
    listed = []
    for line in headed_lines(folder / "metadata" / "UrbanSound8K.csv", ("slice_file_name", "fsID", "fold", "class")):
        fold = line.one_of("fold", FOLDS)
        name = f"audio/fold{fold}/{line['slice_file_name']}"
        listed.append((line.place, ManifestRow(name, line.one_of("class", CLASSES), fold, line["fsID"])))
    check_groups_apart(listed, "the recording (fsID)")
    return manifest_of_lines(folder, listed)


URBANSOUND8K = DataSet(
    title="UrbanSound8K, city noise",
    folders=("UrbanSound8K",),
    layout=folds_of_urbansound8k,
    sample_rate_hz=16000,
    clip_seconds=4.0,
    protocols=("official-folds",),
    label_names=CLASSES,
    licence="CC BY-NC 3.0",
    citation=(
        "J. Salamon, C. Jacoby, J. P. Bello, A Dataset and Taxonomy for Urban Sound Research, 22nd ACM Multimedia, 2014"
    ),
    source="urbansounddataset.weebly.com, or zenodo.org/records/1203745",
    warnings=(
        "Folds dealt anew gain about 14 points: one model has 98.06 % in random folds and 83.94 % in the official ones "
        "(DOI 10.35377/saucis...1830726). A table with an fsID in two folds is refused.",
        "Accuracies of 93 % and more are of random folds. Report all ten folds, not one of them.",
        "Clips last up to 4 s, and their length tells of the class: gun_shot and car_horn are short.",
        "Recordings have many sample rates and resolutions; what lies above 8 kHz is cut.",
        "Classes are uneven: car_horn and gun_shot have fewer than 450 clips, most others 1,000.",
    ),
)
