# tests/studies/test_fold_checks.py
"""A fold that cannot be trained on, or that leaks, is refused before any work, with its place."""

from dataclasses import replace

import pytest
import torch

from classical_baselines.harness.choices import InputError
from studies.dry_run import check_study
from studies.fold_checks import checked_folds, classes_not_tested, classes_not_validated, groups_on_both_sides
from studies.pipeline import folds_of
from studies.specification import Study
from tests.classical_baselines.data.test_splits import clips_of
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture


def split_by(protocol, **options):
    return Study.model_validate(
        {**study().model_dump(by_alias=True), "protocols": [{"name": protocol, "options": options}]}
    )


def given(groups, targets, folds=None):
    """Clips [clip, 4] that all sound different."""
    made = clips_of(groups, folds, targets)
    return replace(made, inputs={"waveform": torch.arange(4.0 * len(made)).reshape(-1, 4) + 1})


def test_a_class_that_one_fold_alone_has_is_refused_with_protocol_fold_part_and_class():
    made = given("aabbccdd", [0, 1, 0, 1, 0, 1, 0, 2])

    with pytest.raises(
        InputError,
        match=r"protocol 'leave-one-group-out': the training part of its fold c, of 4, has no clip of 'c' "
        r".1 of 3 classes.* add recordings",
    ):
        checked_folds(split_by("leave-one-group-out"), "leave-one-group-out", made)


def test_a_class_may_be_missing_where_it_is_only_tested():
    made = given("aabbccdd", [0, 1, 2, 2, 0, 1, 2, 1])  # group b has one class, as a patient with one diagnosis
    one = split_by("leave-one-group-out")

    folds = checked_folds(one, "leave-one-group-out", made)
    assert folds == folds_of(one, "leave-one-group-out", made)
    assert classes_not_tested("leave-one-group-out", folds, made) == ""


def test_a_class_that_is_never_tested_is_noted():
    made = given("abcabc", [0, 1, 0, 2, 1, 1], ["train", "train", "test", "train", "test", "test"])
    whole = given("abcabc" * 2, [0, 1, 0, 2, 1, 1] * 2, ["train", "train", "test", "train", "test", "test"] * 2)
    one = split_by("official-split")

    with pytest.raises(InputError, match="training part of its fold official, of 1, has no clip of 'a', 'b', 'c'"):
        checked_folds(one, "official-split", made)  # the validation part takes the only clips of each
    folds = checked_folds(one, "official-split", whole)
    assert classes_not_tested("official-split", folds, whole) == "official-split: no test part has a clip of 'c'"


def test_a_validation_part_without_a_class_is_noted():
    made = given("aabbccdd", [0, 1, 2, 2, 0, 1, 2, 1])
    folds = folds_of(split_by("leave-one-group-out"), "leave-one-group-out", made)

    said = classes_not_validated("leave-one-group-out", folds, made)  # of a, b is the next group: it has class c alone

    assert said == (
        "leave-one-group-out: the validation part of fold a has no clip of 'a', 'b', nor have 3 others every class"
    )


PARTS = ["train", "train", "train", "train", "test", "test", "val", "val"]


def test_a_user_s_own_split_with_a_group_on_both_sides_is_refused():
    made = given("xyxwxzvv", [0, 1, 2, 0, 0, 1, 2, 1], PARTS)
    apart = given("xyxwzzvv", [0, 1, 2, 0, 0, 1, 2, 1], PARTS)
    one = split_by("official-split")
    own = one.model_copy(update={"data": one.data.model_copy(update={"folder": "recordings"})})
    published = one.model_copy(update={"data": one.data.model_copy(update={"name": "fsdd"})})

    with pytest.raises(InputError, match=r"the group 'x' \(1 of 5 groups\) stands in the test part and in training"):
        checked_folds(own, "official-split", made)
    assert groups_on_both_sides("official-split", checked_folds(own, "official-split", apart), apart) == ""
    folds = checked_folds(published, "official-split", made)  # a publisher's split is what it is, and is told
    assert groups_on_both_sides("official-split", folds, made).startswith(
        "official-split: 1 group stands in training and in test ('x')"
    )


def test_a_group_in_two_numbered_folds_is_refused_before_the_run():
    parts = ["1", "1", "2", "2", "3", "3", "4", "4"]
    apart = given("aabbccdd", [0, 1, 2, 0, 1, 2, 0, 1], ["1", "2", "2", "3", "3", "4", "4", "1"])
    kept = given("abcdefgh", [0, 1, 0, 1, 0, 1, 0, 1], parts)
    kept = replace(kept, label_names=("a", "b"))
    one = split_by("official-folds")

    assert len(checked_folds(one, "official-folds", kept)) == 4
    with pytest.raises(InputError, match=r"official-folds': its fold 1, of 4, leaks: group 'b' is in .* fold_or_split"):
        checked_folds(one, "official-folds", replace(apart, label_names=("a", "b"), targets=kept.targets))
    with pytest.raises(InputError, match=r"keeps groups apart, and not every clip has one. Fill .* speaker_or_group"):
        checked_folds(one, "official-folds", replace(kept, groups=("",) * 8))


def test_one_recording_under_two_groups_is_refused_before_the_run_by_its_own_samples_alone():
    made = given("abcabc", [0, 0, 0, 1, 1, 1])
    made = replace(made, label_names=("a", "b"), n_samples=torch.tensor([4, 4, 3, 4, 4, 3]))
    sounds = made.waveform.clone()
    sounds[1, :3], sounds[2, :3] = sounds[0, :3], sounds[0, :3]  # clip 2 is 3 samples long, so no other is equal to it
    longer = replace(made, inputs={"waveform": sounds})
    one = split_by("leave-one-group-out")
    checked_folds(one, "leave-one-group-out", longer)

    sounds = sounds.clone()
    sounds[1] = sounds[0]
    with pytest.raises(
        InputError, match=r"its fold a, of 3, leaks: '0000\.wav' and '0001\.wav' are the same recording"
    ):
        checked_folds(one, "leave-one-group-out", replace(made, inputs={"waveform": sounds}))


def test_the_study_is_refused_as_it_is_checked(clips):
    whole = clips()
    rare = [whole.label_names[int(target)] == "fall" for target in whole.targets]
    parts = ["test" if alone else part for alone, part in zip(rare, whole.folds, strict=True)]
    clips(replace(whole, folds=tuple(parts)))

    with pytest.raises(InputError, match=r"study 'small', protocol 'official-split': the training part .* of 'fall'"):
        check_study(study(), None)
