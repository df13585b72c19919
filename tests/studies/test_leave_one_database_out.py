# tests/studies/test_leave_one_database_out.py
"""Databases numbered as folds: each is tested once by networks that heard none of it, and no patient stands in two."""

import os

import pytest

from classical_baselines.harness.choices import InputError
from studies.cell import StudyCell
from studies.checked_study import checked_study
from studies.pipeline import fit_cell, folds_of, load_study_clips
from studies.pipeline import test_cell as look_at_the_test_clips
from tests.studies.small_study import study
from tests.studies.test_checked_study import write_tone

DATABASES = ("1", "2", "3")


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """Three databases of two patients, each with two sounds of two classes, all of another pitch."""
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "sounds"
    folder.mkdir()
    rows = []
    for database in DATABASES:
        for patient in ("a", "b"):
            for take in range(2):
                for label, hertz in (("low", 400), ("high", 2400)):
                    name = f"{label}_{database}{patient}{take}.wav"
                    write_tone(folder / name, hertz + 13 * len(rows))
                    rows.append(f"{name},{label},{database},{database}{patient}")
    write_manifest(folder, rows)
    return folder


def write_manifest(folder, rows):
    (folder / "meta.csv").write_text("file,label,fold_or_split,speaker_or_group\n" + "\n".join(rows) + "\n")
    os.utime(folder / "meta.csv")


def across_databases(folder):
    raw = study(training={"n_epochs": 8, "learning_rate": 1e-2, "batch_size": 4}).model_dump(by_alias=True)
    raw |= {"data": {"name": "own", "folder": str(folder), "clip_seconds": 0.2}, "augmentation": {}}
    raw |= {"protocols": [{"name": "official-folds"}], "seeds": [0]}
    return type(study()).model_validate(raw)


def test_each_database_is_left_out_once_and_told_from_the_others(sounds):
    one = across_databases(sounds)
    checked = checked_study(one, None).protocols["official-folds"]
    assert checked.folds == DATABASES
    assert (checked.n_units, checked.unit) == (6, "group")  # patients, not databases, are the sample

    for database in checked.folds:
        cell = StudyCell("own", "official-folds", database, "one", 0)
        fitted = fit_cell(one, cell, None)
        looked = look_at_the_test_clips(one, cell, fitted.weights, None)

        assert {group[0] for group in looked.groups} == {database}
        validated = {group[0] for group in fitted.result.groups}
        assert len(validated) == 1 and database not in validated
        assert fitted.result.training["n_training_clips"] == 8
        assert fitted.result.training["audit"]["groups_apart"] is True
        assert (looked.runs[0].logits.argmax(1) == looked.targets).all()


def test_a_patient_of_two_databases_is_refused_before_any_work(sounds):
    listing = sounds / "meta.csv"
    listing.write_text(listing.read_text().replace(",2,2a", ",2,1a"))

    with pytest.raises(InputError, match=r"'official-folds': its fold 1, of 3, leaks: group '1a' is in the validation"):
        checked_study(across_databases(sounds), None)


def test_two_databases_leave_nothing_to_validate_on(sounds):
    rows = [row for row in (sounds / "meta.csv").read_text().splitlines()[1:] if ",3," not in row]
    write_manifest(sounds, rows)

    with pytest.raises(InputError, match="needs at least three numbered folds; this set has: 1, 2"):
        folds_of(across_databases(sounds), "official-folds", load_study_clips(across_databases(sounds), None))
