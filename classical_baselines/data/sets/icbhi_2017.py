# classical_baselines/data/sets/icbhi_2017.py
"""ICBHI 2017: breath cycles in recordings of lungs, with crackles, wheezes, both or neither; a group is a patient.

    101_1b1_Al_sc_Meditron.wav        patient, recording, place on the chest, channels, device
    101_1b1_Al_sc_Meditron.txt        a line per cycle: begin, end (in seconds), crackle, wheeze (0 or 1)
    ICBHI_challenge_train_test.txt    a line per recording: its name, train or test

Each cycle is a clip, a part of its file. The publisher's split is said to be by patient, and two patients stand in both
parts of it; their training recordings are left out, so that the test part is the publisher's and no patient is on both
sides. A list with more such patients is another one, and is refused. The publisher names no validation part: one in
five of the training patients is held for it. The field's score is (sensitivity + specificity) / 2, where sensitivity
is the share of cycles of the three abnormal classes that are given their own class.

Source: the Challenge's page (bhichallenge.med.auth.gr); B. M. Rocha et al., Physiological Measurement 40 (2019),
035001.
"""

import re
from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.publisher_tables import Line, bare_lines, manifest_of_lines
from classical_baselines.data.sets.whole_groups import held_for_validation

SPLIT = "ICBHI_challenge_train_test.txt"
NAME = re.compile(r"(\d+)_[^_/\\]+_[^_/\\]+_[^_/\\]+_[^_/\\]+$")
LABELS = {("0", "0"): "normal", ("1", "0"): "crackle", ("0", "1"): "wheeze", ("1", "1"): "both"}
MOST_PATIENTS_IN_BOTH = 2  # of the publisher's list; a list with more is dealt anew
ONE_IN = 5  # of the training patients, for validation


def cycles_by_patient(folder: Path) -> Manifest:
    """The cycles of every recording of the list."""
    recordings = bare_lines(folder / SPLIT, ("recording", "part"))
    patients: dict[str, set[str]] = {"train": set(), "test": set()}
    for line in recordings:
        patients[line.one_of("part", patients)].add(_patient(line))
    in_both = patients["train"] & patients["test"]
    if len(in_both) > MOST_PATIENTS_IN_BOTH:
        raise ManifestError(
            f"{folder / SPLIT}: {len(in_both)} patients stand in both parts, the first {min(in_both)!r}; of the "
            f"publisher's list {MOST_PATIENTS_IN_BOTH} do. Copy it from the publisher's archive."
        )
    validation = held_for_validation(patients["train"] - in_both, ONE_IN)
    _check_annotations(folder, recordings)
    listed = []
    for line in recordings:
        patient, part = _patient(line), line["part"]
        if part == "train" and patient in in_both:
            continue
        fold = "val" if part == "train" and patient in validation else part
        listed += _cycles(folder, line["recording"], fold, patient)
    return manifest_of_lines(folder, listed)


def _patient(line: Line) -> str:
    match = NAME.fullmatch(line["recording"])
    if match is None:
        raise ManifestError(
            f"{line.place}: {line['recording']!r} is not named PATIENT_RECORDING_CHEST_CHANNELS_DEVICE. Copy the list "
            "from the publisher's archive."
        )
    return match[1]


def _check_annotations(folder: Path, recordings: list[Line]) -> None:
    missing = [line for line in recordings if not (folder / f"{line['recording']}.txt").is_file()]
    if missing:
        others = f" and {len(missing) - 1} more tables" if len(missing) > 1 else ""
        raise ManifestError(
            f"{missing[0].place}: the table of its cycles, '{missing[0]['recording']}.txt'{others}, {folder} does not "
            "have. Restore them from the publisher's archive."
        )


def _cycles(folder: Path, name: str, fold: str, patient: str) -> list[tuple[str, ManifestRow]]:
    """The cycles of one recording."""
    listed = []
    for line in bare_lines(folder / f"{name}.txt", ("begin", "end", "crackle", "wheeze")):
        begin, end = line.seconds("begin"), line.seconds("end")
        if begin >= end:
            raise ManifestError(f"{line.place}: the cycle ends at {end:g} s, where it begins ({begin:g} s) or before.")
        label = LABELS[line.one_of("crackle", ("0", "1")), line.one_of("wheeze", ("0", "1"))]
        listed.append((line.place, ManifestRow(f"{name}.wav", label, fold, patient, (begin, end))))
    return listed


ICBHI_2017 = DataSet(
    title="ICBHI 2017, respiratory sounds",
    folders=("ICBHI_final_database",),
    layout=cycles_by_patient,
    sample_rate_hz=4000,
    clip_seconds=8.0,
    protocols=("official-split",),
    label_names=("both", "crackle", "normal", "wheeze"),
    licence="none stated in the archive; its publisher offers it for research",
    citation=(
        "B. M. Rocha et al., An open access database for the evaluation of respiratory sound classification "
        "algorithms, Physiological Measurement 40 (2019), 035001"
    ),
    source=f"bhichallenge.med.auth.gr: ICBHI_final_database.zip, and {SPLIT} put into its folder",
    warnings=(
        "Two patients (156 and 218, as users of the set report) stand in both parts of the published split: their "
        "training recordings are left out, and the test part is the publisher's. A list with more is refused.",
        "Random splits put cycles of one breath series on both sides: accuracies above 90 % are of these. With the "
        "split by patient the score is about 60 %.",
        "Devices, sample rates (4, 10 and 44.1 kHz) and hospitals may go with the label; 4 kHz is what all have.",
        "Report the score (the mean of sensitivity and specificity): half of the cycles are normal.",
        "Cycles last 0.2 to 16 s, and what passes 8 s is cut.",
    ),
)
