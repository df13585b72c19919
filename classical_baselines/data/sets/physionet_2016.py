# classical_baselines/data/sets/physionet_2016.py
"""PhysioNet/CinC Challenge 2016: heart sounds of six databases, normal or abnormal; a fold is a database.

    training-a/ ... training-f/   a0001.wav, at 2000 Hz, and REFERENCE.csv: "a0001,1" (1 abnormal, -1 normal)

`official-folds` so leaves one database out at a time: fold 1 is training-a, fold 6 training-f. The table beside a
database does not say which recordings are of one patient, so each recording is a group of its own, and only whole
databases are sure to be apart. The folder validation/ of the publisher holds copies of training recordings: left out.

The field's score is MAcc = (sensitivity + specificity) / 2; the Challenge's own weighs recordings by signal quality.

Source: the Challenge's page at PhysioNet ("Challenge data"); C. Liu et al., Physiological Measurement 37 (2016), 2181.
"""

from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestRow
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.publisher_tables import bare_lines, manifest_of_lines

DATABASES = ("a", "b", "c", "d", "e", "f")
LABELS = {"-1": "normal", "1": "abnormal"}


def databases_of_heart_sounds(folder: Path) -> Manifest:
    """REFERENCE.csv of each database; all six must be there."""
    listed = []
    for number, database in enumerate(DATABASES, start=1):
        part = f"training-{database}"
        for line in bare_lines(folder / part / "REFERENCE.csv", ("recording", "class"), delimiter=","):
            name, label = line["recording"], LABELS[line.one_of("class", LABELS)]
            listed.append((line.place, ManifestRow(f"{part}/{name}.wav", label, str(number), name)))
    return manifest_of_lines(folder, listed)


PHYSIONET_2016 = DataSet(
    title="PhysioNet/CinC Challenge 2016, heart sounds",
    folders=(
        "classification-of-heart-sound-recordings-the-physionet-computing-in-cardiology-challenge-2016-1.0.0",
        "physionet.org/files/challenge-2016/1.0.0",
        "challenge-2016",
    ),
    layout=databases_of_heart_sounds,
    sample_rate_hz=2000,
    clip_seconds=5.0,
    protocols=("official-folds",),
    label_names=("abnormal", "normal"),
    licence="Open Data Commons Attribution 1.0",
    citation=(
        "C. Liu et al., An open access database for the evaluation of heart sound algorithms, Physiological "
        "Measurement 37 (2016), 2181"
    ),
    source="physionet.org/content/challenge-2016/1.0.0",
    warnings=(
        "The database of a recording can be told from simple spectra at 98 % (CEUR Vol-2771, paper 60), and databases "
        "differ in their share of abnormal hearts: leave one database out.",
        "Which recordings are of one patient is not told beside them, so a group is a recording: random or grouped "
        "folds put patients on both sides, and an interval over groups is too narrow.",
        "Report MAcc (the mean of sensitivity and specificity): most recordings are normal. Databases c and d have "
        "a few tens of recordings each, so what is chosen where one of them validates is uncertain.",
        "Recordings last 5 to 122 s; the first 5 s are read, so that no length tells the database.",
    ),
)
