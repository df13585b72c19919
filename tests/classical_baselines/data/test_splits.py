# tests/classical_baselines/data/test_splits.py
"""Folds: complete, apart, and as each protocol says."""

from collections import Counter

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from classical_baselines.data.splits import SPLITTERS, Fold
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips


def clips_of(groups, folds=None, targets=None) -> Clips:
    n_clips = len(groups)
    return Clips(
        inputs={"waveform": torch.zeros(n_clips, 4)},
        n_samples=torch.full((n_clips,), 4),
        targets=torch.tensor(targets if targets is not None else [0] * n_clips),
        groups=tuple(groups),
        folds=tuple(folds if folds is not None else [""] * n_clips),
        names=tuple(f"{index:04d}.wav" for index in range(n_clips)),
        label_names=("a", "b", "c"),
        sample_rate_hz=8000,
        content_hash="",
    )


def check(clips: Clips, folds: list[Fold], *, tested_once: bool) -> None:
    """Disjoint and complete; groups apart where promised; each clip tested once where the folds are a partition."""
    everything = list(range(len(clips)))
    for fold in folds:
        sides = (fold.train, fold.validation, fold.test)
        assert sorted(fold.train + fold.validation + fold.test) == everything
        assert all(sides)
        if fold.group_disjoint:
            groups = [{clips.groups[i] for i in side} for side in sides]
            assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
    assert len({fold.name for fold in folds}) == len(folds)
    if tested_once:
        assert sorted(i for fold in folds for i in fold.test) == everything
        assert sorted(i for fold in folds for i in fold.validation) == everything


GROUPS = st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=60).filter(lambda groups: len(set(groups)) >= 3)


@given(GROUPS)
def test_each_group_is_left_out_once_and_the_next_one_validates(groups):
    clips = clips_of(groups)
    folds = SPLITTERS["leave-one-group-out"](clips)

    check(clips, folds, tested_once=True)
    names = sorted(set(groups))
    assert [fold.name for fold in folds] == names
    for place, fold in enumerate(folds):
        assert {groups[i] for i in fold.test} == {names[place]}
        assert {groups[i] for i in fold.validation} == {names[(place + 1) % len(names)]}
        assert fold.group_disjoint


@given(GROUPS, st.integers(3, 5))
def test_grouped_folds_keep_groups_whole_and_differ_by_no_more_than_the_largest_group(groups, n_folds):
    assume(len(set(groups)) >= n_folds)
    clips = clips_of(groups)
    folds = SPLITTERS["grouped-k-fold"](clips, n_folds=n_folds)

    check(clips, folds, tested_once=True)
    sizes = [len(fold.test) for fold in folds]
    assert all(fold.group_disjoint for fold in folds)
    assert max(sizes) - min(sizes) <= max(Counter(groups).values())


def test_groups_are_dealt_by_falling_size_to_the_fold_with_fewest_clips():
    # 5 a, 4 b, 3 c, 3 d, 2 e into three: a | b | c, then d joins c (3 < 4 < 5), e joins b (4 < 5 < 6).
    clips = clips_of("aaaaabbbbcccdddee")
    folds = SPLITTERS["grouped-k-fold"](clips, n_folds=3)

    assert [{clips.groups[i] for i in fold.test} for fold in folds] == [{"a"}, {"b", "e"}, {"c", "d"}]


@given(st.lists(st.sampled_from("12345"), min_size=5, max_size=60).filter(lambda folds: len(set(folds)) == 5))
def test_official_folds_validate_on_the_following_fold(parts):
    clips = clips_of([f"group {part}" for part in parts], folds=parts)
    folds = SPLITTERS["official-folds"](clips)

    check(clips, folds, tested_once=True)
    for k, fold in enumerate(folds, start=1):
        assert (fold.name, fold.group_disjoint) == (str(k), True)
        assert {parts[i] for i in fold.test} == {str(k)}
        assert {parts[i] for i in fold.validation} == {str(k % 5 + 1)}


def test_numbered_folds_follow_each_other_as_numbers():
    parts = [str(number) for number in range(12)]
    folds = SPLITTERS["official-folds"](clips_of(parts, folds=parts))

    assert [(fold.test, fold.validation) for fold in folds] == [((k,), ((k + 1) % 12,)) for k in range(12)]


def test_an_official_split_with_its_own_validation_part_is_taken_as_it_is():
    clips = clips_of("aabbc", folds=["train", "train", "val", "val", "test"])

    assert SPLITTERS["official-split"](clips) == [Fold("official", (0, 1), (2, 3), (4,), True)]


@given(st.lists(st.integers(0, 2), min_size=30, max_size=80))
def test_without_a_validation_part_a_tenth_of_each_label_of_the_training_part_is_one(targets):
    n_clips = len(targets)
    clips = clips_of(["s"] * n_clips, ["test"] * 3 + ["train"] * (n_clips - 3), targets)
    (fold,) = SPLITTERS["official-split"](clips)

    check(clips, [fold], tested_once=False)
    assert fold.test == (0, 1, 2)
    trained = Counter(targets[3:])
    assert Counter(targets[i] for i in fold.validation) == {label: -(-n // 10) for label, n in trained.items()}
    assert not fold.group_disjoint


@given(st.lists(st.integers(0, 2), min_size=15, max_size=60), st.integers(3, 5))
def test_stratified_folds_hold_each_label_evenly_and_promise_no_groups(targets, n_folds):
    assume(min(Counter(targets).values()) >= n_folds)
    clips = clips_of([""] * len(targets), targets=targets)
    folds = SPLITTERS["stratified-k-fold"](clips, n_folds=n_folds)

    check(clips, folds, tested_once=True)
    assert not any(fold.group_disjoint for fold in folds)
    for label in set(targets):
        held = [sum(targets[i] == label for i in fold.test) for fold in folds]
        assert max(held) - min(held) <= 1


@pytest.mark.parametrize(
    ("protocol", "options", "clips", "message"),
    [
        ("leave-one-group-out", {}, clips_of(["a", "b", "", "c"]), "this set names none|no group|needs a group"),
        ("leave-one-group-out", {}, clips_of("aabb"), "at least 3 groups; this set has 2"),
        ("grouped-k-fold", {}, clips_of("abcd"), "at least 5 groups; this set has 4"),
        ("grouped-k-fold", {"n_folds": 2}, clips_of("abcd"), "n_folds of at least 3"),
        ("official-split", {}, clips_of("abc", ["1", "2", "3"]), "this set has: '1', '2', '3'"),
        ("official-split", {}, clips_of("abc", ["train", "dev", "test"]), "'dev', 'test', 'train'. Mend"),
        ("official-folds", {}, clips_of("abc", ["train", "val", "test"]), "three numbered folds; this set has: val"),
        ("official-folds", {}, clips_of("ab", ["1", "2"]), "three numbered folds"),
        ("stratified-k-fold", {}, clips_of("abcd"), "4 clips for 5 folds"),
        ("stratified-k-fold", {"n_folds": 1}, clips_of("abcd"), "n_folds of at least 3"),
    ],
)
def test_a_protocol_that_does_not_fit_the_set_says_why(protocol, options, clips, message):
    with pytest.raises(InputError, match=message):
        SPLITTERS[protocol](clips, **options)


PARTS = [part for part, n_speakers in (("train", 6), ("val", 2), ("test", 2)) for _ in range(5 * n_speakers)]
SPEAKERS = [f"speaker-{index // 5}" for index in range(len(PARTS))]


@given(st.integers(1, 5), st.integers(1, 6))
def test_few_groups_keeps_the_parts_and_trains_on_so_many_speakers(n_groups, n_draws):
    clips = clips_of(SPEAKERS, PARTS)
    folds = SPLITTERS["few-groups"](clips, n_groups=n_groups, n_draws=n_draws)
    larger = SPLITTERS["few-groups"](clips, n_groups=n_groups + 1, n_draws=n_draws)

    assert len({fold.name for fold in folds}) == n_draws
    for fold, more in zip(folds, larger, strict=True):
        assert {PARTS[i] for i in fold.train} == {"train"}
        assert len({SPEAKERS[i] for i in fold.train}) == n_groups
        assert len(fold.train) == 5 * n_groups  # every clip of a speaker that is drawn
        assert [PARTS[i] for i in fold.validation] == ["val"] * 10
        assert [PARTS[i] for i in fold.test] == ["test"] * 10
        assert set(fold.train) < set(more.train)
        assert fold.group_disjoint


def test_draws_of_few_groups_differ():
    folds = SPLITTERS["few-groups"](clips_of(SPEAKERS, PARTS), n_groups=3, n_draws=6)

    assert len({fold.train for fold in folds}) > 1


@pytest.mark.parametrize(
    ("groups", "parts", "options", "said"),
    [
        (SPEAKERS, PARTS, {"n_groups": 7}, "draws 7 .* has 6"),
        (SPEAKERS, PARTS, {"n_groups": 0}, "at least 1"),
        (["a", "b", "c"] * 4, ["train"] * 6 + ["test"] * 6, {"n_groups": 1}, "groups on both sides"),
        (SPEAKERS, ["1"] * len(PARTS), {}, "official-split needs"),
        ([""] * len(PARTS), PARTS, {}, "needs a group for every clip"),
    ],
)
def test_few_groups_refuses_what_it_cannot_draw(groups, parts, options, said):
    with pytest.raises(InputError, match=said):
        SPLITTERS["few-groups"](clips_of(groups, parts), **options)
