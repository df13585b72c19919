# tests/classical_baselines/data/test_class_folders.py
"""A user's own class folders."""

import re
import sys

import pytest

from classical_baselines.data.class_folders import from_folder
from classical_baselines.data.loading import load_clips
from classical_baselines.data.manifest import MANIFEST_NAME, write_manifest
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.data.small_sets import noise


@pytest.fixture
def folder(tmp_path):
    for seed, (label, name) in enumerate(
        (label, f"{who}_{take}.wav") for label in ("cat", "dog") for who in ("ann", "bob", "cleo") for take in (1, 2)
    ):
        noise(tmp_path / label / name, seed)
    (tmp_path / "dog" / "notes.txt").write_text("not sound", encoding="utf-8")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def test_the_label_is_the_folder_and_the_group_is_the_first_bracket(folder):
    manifest = from_folder(folder, r"/([a-z]+)_\d+\.wav$")

    assert len(manifest.rows) == 12
    assert manifest.label_names == ("cat", "dog")
    assert {(row.file, row.label, row.speaker_or_group) for row in manifest.rows} >= {
        ("cat/ann_1.wav", "cat", "ann"),
        ("dog/cleo_2.wav", "dog", "cleo"),
    }
    assert manifest.warnings == ()


def test_the_manifest_that_is_written_is_what_a_study_loads(folder):
    write_manifest(from_folder(folder, r"([a-z]+)_\d"), folder / MANIFEST_NAME)

    clips = load_clips(str(folder), None, clip_seconds=0.1)

    assert (len(clips), clips.label_names, set(clips.groups)) == (12, ("cat", "dog"), {"ann", "bob", "cleo"})


def test_sound_in_folders_within_a_class_folder_is_found(folder):
    noise(folder / "dog" / "garden" / "dan_1.FLAC", 99)

    assert "dog/garden/dan_1.FLAC" in {row.file for row in from_folder(folder).rows}


def test_clips_without_groups_few_groups_and_lonely_groups_are_warned_of(folder):
    assert "no groups" in from_folder(folder).warnings[0]
    assert "Only 2 groups were found (1, 2)" in from_folder(folder, r"_(\d)").warnings[0]
    for number, path in enumerate(sorted(folder.glob("*/*.wav"))):
        path.rename(path.with_name(f"{number}.wav"))
    assert "a group of its own" in from_folder(folder, "(.*)").warnings[0]


@pytest.mark.parametrize(
    ("regex", "message"),
    [
        ("(", "is no regular expression"),
        ("ann", "has no brackets"),
        ("(ann)", r"finds no group in 'cat/bob_1\.wav'"),
        ("(x?)", "finds no group"),
    ],
)
def test_a_group_expression_that_cannot_work_is_refused(folder, regex, message):
    with pytest.raises(InputError, match=message):
        from_folder(folder, regex)


def test_a_label_without_clips_and_a_folder_without_labels_are_refused(folder):
    (folder / "eel").mkdir()

    with pytest.raises(InputError, match="label 'eel' has no clips"):
        from_folder(folder)
    with pytest.raises(InputError, match="holds 0 class folders"):
        from_folder(folder / "cat")
    with pytest.raises(InputError, match="is no folder"):
        from_folder(folder / "absent")


# The folder is made first, which only Linux allows with such a name; CI is Linux, where this runs.
@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name themselves")
@pytest.mark.parametrize("label", ["a\\b", "c:x", "a\nb", "a\udcff"])
def test_a_class_folder_that_cannot_be_a_label_is_refused_by_name(folder, label):
    noise(folder / "x" / "ann_1.wav", 99)
    (folder / "x").rename(folder / label)

    with pytest.raises(InputError, match=re.escape(f"the label {label!r} of {label + '/ann_1.wav'!r} cannot be taken")):
        from_folder(folder)


def test_the_group_is_looked_for_below_the_label_which_is_none(tmp_path):
    for seed, (label, speaker) in enumerate(
        (label, who) for label in ("cat_meow", "dog_bark") for who in ("ann", "bob")
    ):
        noise(tmp_path / label / f"{speaker}_1.wav", seed)

    for regex in (r"([a-z]+)_", r"^([a-z]+)_", r"/([a-z]+)_"):
        assert {row.speaker_or_group for row in from_folder(tmp_path, regex).rows} == {"ann", "bob"}
