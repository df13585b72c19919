# tests/classical_baselines/data/test_attack_splits.py
"""The protocol of unseen attacks and speakers, by sums on paper and by what it promises."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.attack_splits import unseen_attack_and_speaker
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.protocol import audit_fold

PROTOCOL = "unseen-attack-and-speaker"


def clips_of(described, label_names=("bonafide", "spoof")):
    """Clips of (attack, speaker, label)."""
    attacks, speakers, labels = zip(*described, strict=True)
    n_clips = len(described)
    return Clips(
        inputs={"waveform": torch.arange(3.0 * n_clips).reshape(n_clips, 3)},
        n_samples=torch.full((n_clips,), 3),
        targets=torch.tensor(labels),
        groups=speakers,
        folds=attacks,
        names=tuple(f"{number}.wav" for number in range(n_clips)),
        label_names=label_names,
        sample_rate_hz=8000,
        content_hash="0",
    )


def every(attacks="xyz", speakers="abc"):
    return [(attack, speaker, label) for attack in attacks for speaker in speakers for label in (0, 1)]


def test_three_attacks_and_three_speakers_by_hand():
    folds = unseen_attack_and_speaker(clips_of(every()))

    # clips 0 to 5 are of attack x (a: 0, 1; b: 2, 3; c: 4, 5), 6 to 11 of y, 12 to 17 of z
    assert [fold.name for fold in folds] == [f"{attack}/{part}" for attack in "xyz" for part in (1, 2, 3)]
    assert (folds[0].test, folds[0].validation, folds[0].train) == ((0, 1), (8, 9), (16, 17))
    assert (folds[5].test, folds[5].validation, folds[5].train) == (
        (10, 11),
        (12, 13),
        (2, 3),
    )  # y/3: c, z of a, x of b
    assert all(fold.group_disjoint for fold in folds)


@given(
    st.integers(3, 5),
    st.lists(st.integers(1, 3), min_size=3, max_size=6),
    st.data(),
)
def test_no_attack_and_no_speaker_stands_on_two_sides_and_every_clip_is_tested_once(n_attacks, n_takes, data):
    attacks, speakers = "vwxyz"[:n_attacks], "abcdef"[: len(n_takes)]
    described = [
        (attack, speaker, label)
        for attack in attacks
        for speaker, takes in zip(speakers, n_takes, strict=True)
        for label in (0, 1)
        for _ in range(takes)
    ]
    clips = clips_of(data.draw(st.permutations(described)))
    n_parts = data.draw(st.integers(3, len(speakers)))

    folds = unseen_attack_and_speaker(clips, n_speaker_folds=n_parts)

    assert len(folds) == n_attacks * n_parts
    assert sorted(clip for fold in folds for clip in fold.test) == list(range(len(clips)))
    for fold in folds:
        audit_fold(clips, fold.train, fold.validation, fold.test, groups_apart=True)
        sides = (fold.train, fold.validation, fold.test)
        for own in (clips.folds, clips.groups):
            assert sum(len({own[clip] for clip in side}) for side in sides) == len(
                {own[clip] for side in sides for clip in side}
            )
        assert {len({clips.folds[clip] for clip in side}) for side in sides[1:]} == {1}
        assert {len({int(clips.targets[clip]) for clip in side}) for side in sides} == {2}
    assert folds == unseen_attack_and_speaker(clips, n_speaker_folds=n_parts)


@pytest.mark.parametrize(
    ("clips", "options", "message"),
    [
        (clips_of(every(), ("0", "1")), {}, r"labels bonafide and spoof; this set has 2, '0', '1' among them"),
        (clips_of(every("xy")), {}, r"at least 3 attacks, .* has 'x', 'y'\. Name them"),
        (clips_of(every(), ), {"n_speaker_folds": 4}, r"n_speaker_folds of 3 to .* which is 3 in this set; got 4"),
        (clips_of(every()), {"n_speaker_folds": 2}, r"n_speaker_folds of 3 to .*; got 2"),
        (clips_of([*every(), ("x", "", 0)]), {}, r"needs the speaker of every clip as its group"),
        (clips_of([*every(), ("-", "a", 0)]), {}, r"the fold '-' has no clip of spoof"),
        (clips_of([one for one in every() if one != ("y", "b", 1)]), {}, r"part of fold x/2 has no clip of spoof"),
    ],
)  # fmt: skip
def test_sets_whose_folds_are_no_attacks_are_refused(clips, options, message):
    with pytest.raises(InputError, match=message):
        unseen_attack_and_speaker(clips, **options)


def test_official_parts_are_no_attacks():
    clips = clips_of([("train", "a", 0), ("val", "b", 1), ("test", "c", 0)])
    with pytest.raises(InputError, match="the fold 'test' has no clip of spoof"):
        unseen_attack_and_speaker(replace(clips))
