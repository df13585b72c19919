# classical_baselines/data/sets/tau_urban_2020_mobile.py
"""TAU Urban Acoustic Scenes 2020 Mobile, development set: ten scenes, nine devices; a group is a place in a city.

    meta.csv                                  filename, scene_label, identifier, source_label, with tabs between
    evaluation_setup/fold1_train.csv          filename, scene_label: the training part
    evaluation_setup/fold1_evaluate.csv       filename, scene_label: the test part (fold1_test.csv without labels)
    audio/                                    airport-barcelona-0-0-a.wav: scene, city, place, segment, device

The publisher's meta.csv is no manifest of Trichord, which takes a file of that name in a set's folder for its own. The
folder that is looked for is therefore evaluation_setup, and the manifest is of the one above it. Clips that the setup
lists in neither part are left out, as the publisher does. It names no validation part: of each scene one place in ten
is held for it, at least one.

Source: README.md of the archive, and the task's page (DCASE 2020, task 1, subtask A).
"""

from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.publisher_tables import headed_lines, manifest_of_lines
from classical_baselines.data.sets.whole_groups import check_groups_apart, held_for_validation

SCENES = (
    "airport",
    "bus",
    "metro",
    "metro_station",
    "park",
    "public_square",
    "shopping_mall",
    "street_pedestrian",
    "street_traffic",
    "tram",
)
LISTS = {"train": "fold1_train.csv", "test": "fold1_evaluate.csv"}
ONE_IN = 10  # of the training places of a scene, for validation


def places_of_scenes(setup: Path) -> Manifest:
    """The clips of the two lists of evaluation_setup, with their places from meta.csv."""
    folder = setup.parent
    known = {
        line["filename"]: (line.one_of("scene_label", SCENES), line["identifier"])
        for line in headed_lines(folder / "meta.csv", ("filename", "scene_label", "identifier"), delimiter="\t")
    }
    listed = []
    for part, name in LISTS.items():
        for line in headed_lines(setup / name, ("filename", "scene_label"), delimiter="\t"):
            file = line["filename"]
            if file not in known:
                raise ManifestError(f"{line.place}: {file!r} is not in {folder / 'meta.csv'}. Copy both anew.")
            scene, place = known[file]
            if line["scene_label"] != scene:
                raise ManifestError(
                    f"{line.place}: {file!r} is {line['scene_label']!r}, and {scene!r} in {folder / 'meta.csv'}. Copy "
                    "both anew."
                )
            listed.append((line.place, ManifestRow(file, scene, part, place)))
    check_groups_apart(listed, "the place")
    held: set[str] = set()
    for scene in SCENES:
        places = {row.speaker_or_group for _, row in listed if (row.label, row.fold_or_split) == (scene, "train")}
        held |= held_for_validation(places, ONE_IN)
    return manifest_of_lines(folder, [(place, _held(row, held)) for place, row in listed])


def _held(row: ManifestRow, held: set[str]) -> ManifestRow:
    """The row, in the validation part where its place is held for it."""
    in_validation = row.fold_or_split == "train" and row.speaker_or_group in held
    return ManifestRow(row.file, row.label, "val" if in_validation else row.fold_or_split, row.speaker_or_group)


TAU_URBAN_2020_MOBILE = DataSet(
    title="TAU Urban Acoustic Scenes 2020 Mobile, development set",
    folders=("TAU-urban-acoustic-scenes-2020-mobile-development/evaluation_setup",),
    layout=places_of_scenes,
    sample_rate_hz=22050,
    clip_seconds=10.0,
    protocols=("official-split",),
    label_names=SCENES,
    licence="Tampere University's own, for research that is not commercial",
    citation=(
        "T. Heittola, A. Mesaros, T. Virtanen, Acoustic Scene Classification in DCASE 2020 Challenge: Generalization "
        "Across Devices and Low Complexity Solutions, DCASE Workshop, 2020"
    ),
    source="zenodo.org/records/3819968",
    warnings=(
        "Segments of one place are cuts of one recording, and devices a, b and c recorded them at once: a random split "
        "puts the same minutes on both sides.",
        "Devices s1 to s6 are simulated from device a; s4 to s6 are in the test part alone. Report by device.",
        "A tenth of the training places is held for validation, since the publisher names none.",
        "The publisher's meta.csv is not Trichord's: leave it as it is.",
    ),
)
