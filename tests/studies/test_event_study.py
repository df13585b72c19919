# tests/studies/test_event_study.py
"""A study of event recordings, from the file to the chip's integers."""

import h5py
import numpy as np
import pytest

from studies.cell import StudyCell
from studies.dry_run import check_study
from studies.duplicates import duplicates_across
from studies.pipeline import fit_cell, load_study_clips
from studies.pipeline import test_cell as look_at_the_test_clips
from studies.specification import Study
from tests.studies.small_study import study


def write(path, n_clips, seed):
    """Clips of two labels, the events of each on units of its own."""
    random = np.random.default_rng(seed)
    labels = np.arange(n_clips) % 2
    with h5py.File(path, "w") as file:
        times = file.create_dataset("spikes/times", (n_clips,), dtype=h5py.vlen_dtype(np.float32))
        units = file.create_dataset("spikes/units", (n_clips,), dtype=h5py.vlen_dtype(np.int64))
        for clip, label in enumerate(labels):
            times[clip] = np.sort(random.uniform(0, 0.2, 40)).astype(np.float32)
            units[clip] = random.integers(0, 8, 40) + 8 * label
        units[0] = np.append(units[0][:-1], 15)  # the largest unit
        file["labels"] = labels.astype(np.uint16)


@pytest.fixture
def events(tmp_path, monkeypatch):
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "shd_train.h5", 120, seed=1)
    write(tmp_path / "shd_test.h5", 30, seed=2)
    whole = study(
        family="neuro",
        encoder={"name": "events", "options": {"units_per_channel": 2}},
        classifier={"name": "dense-snn", "options": {"hidden": (16,)}},
        training={"n_epochs": 8, "learning_rate": 1e-2, "batch_size": 16},
        runs=[{"backend": {"name": "spike-code"}}, {"backend": {"name": "loihi-emulator"}, "headline": True}],
    )
    given = {
        "data": {"name": "shd", "folder": str(tmp_path), "clip_seconds": 0.2, "sample_rate_hz": 100},
        "front_ends": [{"name": "events", "options": {"n_units": 16}}],
        "augmentation": {},
    }
    return Study.model_validate({**whole.model_dump(by_alias=True), **given})


def test_a_cell_of_recorded_events_is_trained_measured_and_run_as_integers(events):
    check_study(events, None)
    cell = StudyCell("shd", "official-split", "official", "one", 0)
    fitted = fit_cell(events, cell, None)
    looked = look_at_the_test_clips(events, cell, fitted.weights, None)
    measured, emulated = looked.runs

    assert looked.clip_seconds == pytest.approx(0.2)
    assert looked.clip_names[0] == "shd_test.h5#0"
    assert measured.notes["code_n_channels"] == 8
    assert 20 < measured.notes["code_spikes_per_clip"] <= 40
    assert (emulated.logits.argmax(1) == looked.targets).mean() > 0.9
    assert emulated.counts.total("spikes_in") == pytest.approx(measured.notes["code_spikes_per_clip"])


def test_recorded_events_are_not_searched_for_near_duplicates(events):
    assert duplicates_across(events, load_study_clips(events, None)) == ""
