"""The study of acoustic scenes on a small set in the publisher's layout: every system tried, one trained and tested."""

import pytest

from classical_baselines.harness.choices import InputError
from studies.cell import StudyCell
from studies.dry_run import check_study
from studies.fold_checks import checked_folds
from studies.pipeline import fit_cell
from studies.pipeline import test_cell as look_at_the_test_clips
from studies.plugins import load_plugins
from studies.recording_conditions import conditions_of
from studies.results import StudyResults
from studies.study_file import load_study
from tests.classical_baselines.data.small_sets import public_scenes

FOLDER = "TAU-urban-acoustic-scenes-2020-mobile-development"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    public_scenes(root / FOLDER, n_samples=6000)  # longer than a frame of 93 ms, 4,096 at 44.1 kHz
    return root


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    load_plugins()
    return load_study("acoustic-scenes", {"data.clip_seconds": "4.0"})  # of ten: less work


def test_every_system_takes_a_clip_and_both_protocols_keep_places_apart(scenes, root):
    tried = check_study(scenes, root)

    for protocol, names in (("official-split", ["official"]), ("unseen-city", ["1", "2", "3"])):
        folds = checked_folds(scenes, protocol, tried.clips)
        assert [fold.name for fold in folds] == names
        assert all(fold.group_disjoint for fold in folds)
    assert len(tried.clips.label_names) == 10


@pytest.mark.parametrize(
    ("protocol", "fold", "cities"), [("official-split", "official", {"vienna"}), ("unseen-city", "2", None)]
)
def test_a_cell_is_trained_and_tested_at_places_that_it_never_heard(scenes, root, protocol, fold, cities):
    lean = scenes.model_copy(update={"systems": (scenes.system("band-linear"),), "baseline": "band-linear"})
    cell = StudyCell("tau-urban-2020-mobile", protocol, fold, "band-linear", 0)

    fitted = fit_cell(lean, cell, root)
    looked = look_at_the_test_clips(lean, cell, fitted.weights, root)

    assert not set(fitted.result.groups) & set(looked.groups)
    tested = {group.partition("-")[0] for group in looked.groups}
    assert tested == cities if cities else not tested & {group.partition("-")[0] for group in fitted.result.groups}
    assert looked.training["audit"]["groups_apart"]


def test_the_report_parts_what_was_tested_by_device_and_city(scenes, root):
    lean = scenes.model_copy(update={"systems": (scenes.system("band-linear"),), "baseline": "band-linear"})
    cell = StudyCell("tau-urban-2020-mobile", "official-split", "official", "band-linear", 0)
    fitted = fit_cell(lean, cell, root)
    looked = look_at_the_test_clips(lean, cell, fitted.weights, root)
    results = StudyResults(lean, (cell,), {cell: fitted.result}, {cell: looked})

    found = {(one.kind, one.name): one for one in conditions_of(results.rows[0], results)}

    # at Vienna each of ten scenes was recorded at one place by both devices; Vienna is in no other part
    assert {key: (one.n_clips, one.n_places, one.heard) for key, one in found.items()} == {
        ("device", "a"): (10, 10, True),
        ("device", "b"): (10, 10, True),
        ("city", "vienna"): (20, 10, False),
    }
    right = looked.runs[0].logits.argmax(axis=1) == looked.targets
    by_b = [hit for hit, name in zip(right, looked.clip_names, strict=True) if name.endswith("-b.wav")]
    assert found["device", "b"].by_scene == pytest.approx(sum(by_b) / 10)


def test_files_that_are_missing_are_counted_and_the_first_is_named(root, tmp_path):
    public_scenes(tmp_path / FOLDER)
    for path in sorted((tmp_path / FOLDER / "audio").glob("bus-*-a.wav")):
        path.unlink()
    study = load_study("acoustic-scenes")

    with pytest.raises(
        InputError,
        match=r"fold1_train\.csv, line 8, lists 'audio/bus-lisbon-10-0-a\.wav' and 3 more files, which .* does",
    ):
        check_study(study, tmp_path)
