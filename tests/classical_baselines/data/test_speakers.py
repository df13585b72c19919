"""Sets of known and unknown speakers and their protocol, by hand and by what they promise."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.speaker_splits import unseen_speakers
from classical_baselines.data.speakers import known_labels, said_of, speaker_clips
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.protocol import audit_fold

WORDS = ("no", "silence", "yes")


def recordings_of(described) -> Clips:
    """Recordings of (speaker, word), each of other samples."""
    n_clips = len(described)
    return Clips(
        inputs={"waveform": torch.arange(1.0, 4.0 * n_clips + 1).reshape(n_clips, 4)},
        n_samples=torch.full((n_clips,), 4),
        targets=torch.tensor([WORDS.index(word) for _, word in described]),
        groups=tuple(speaker for speaker, _ in described),
        folds=("test",) * n_clips,
        names=tuple(f"{index:03d}.wav" for index in range(n_clips)),
        label_names=WORDS,
        sample_rate_hz=8000,
        content_hash="0",
    )


def every(n_known=2, n_others=6, takes=5):
    """Known speakers with two words, others with one less take of one."""
    known = [(f"k{number}", word) for number in range(n_known) for word in ("no", "yes") for _ in range(takes)]
    return known + [(f"u{number}", "no") for number in range(n_others) for _ in range(takes - 1)]


def test_the_speakers_with_the_most_clips_are_known_and_their_clips_are_dealt_three_one_one():
    clips = speaker_clips(recordings_of(every()), n_known=2)

    assert clips.label_names == ("known-01", "known-02", "unknown")
    of_first = [i for i, group in enumerate(clips.groups) if group == "k0"]
    assert [clips.folds[i] for i in of_first] == ["train", "train", "train", "val", "test"] * 2
    assert [said_of(clips.names[i]) for i in of_first] == ["no"] * 5 + ["yes"] * 5
    labels = [clips.label_names[target] for target in clips.targets.tolist()]
    known = {"k0": "known-01", "k1": "known-02"}
    assert labels == [known.get(group, "unknown") for group in clips.groups]
    assert {fold for fold, label in zip(clips.folds, labels, strict=True) if label == "unknown"} == {"others"}


def test_a_clip_keeps_its_samples_and_is_named_by_what_is_said_in_it():
    recordings = recordings_of(every())
    clips = speaker_clips(recordings, n_known=2)

    by_name = dict(zip(recordings.names, range(len(recordings)), strict=True))
    for place, name in enumerate(clips.names):
        word, _, file = name.partition("/")
        torch.testing.assert_close(clips.waveform[place], recordings.waveform[by_name[file]])
        assert word == WORDS[int(recordings.targets[by_name[file]])]


def test_labels_that_are_no_speech_and_recordings_that_are_there_twice_are_left_out():
    described = [*every(), ("u0", "silence"), ("u5", "no")]
    recordings = recordings_of(described)
    waveform = recordings.waveform.clone()
    waveform[-1] = waveform[0]  # of k0, under another name
    recordings = replace(recordings, inputs={"waveform": waveform})

    clips = speaker_clips(recordings, n_known=2, without=("silence",))

    assert len(clips) == len(described) - 2
    assert "no/000.wav" in clips.names
    assert not {"silence", "no/045.wav"} & {said_of(clips.names[-1]), *clips.names}


def test_the_hash_tells_who_is_known_and_which_recordings():
    recordings = recordings_of(every(n_others=8))
    hashes = {
        speaker_clips(recordings, 2).content_hash,
        speaker_clips(recordings, 1).content_hash,
        speaker_clips(replace(recordings, content_hash="other"), 2).content_hash,
    }

    assert len(hashes) == 3
    assert speaker_clips(recordings, 2).content_hash in hashes


def test_too_few_speakers_and_recordings_of_nobody_are_refused():
    with pytest.raises(InputError, match="3 known and at least 6 unknown ones are needed; these recordings have 8"):
        speaker_clips(recordings_of(every()), n_known=3)
    with pytest.raises(InputError, match=r"some recordings have no speaker\. Fill speaker_or_group"):
        speaker_clips(recordings_of([*every(), ("", "no")]), n_known=2)


def test_three_parts_of_six_unknown_speakers_by_hand():
    clips = speaker_clips(recordings_of(every()), n_known=2)

    folds = unseen_speakers(clips)

    def unknown(part):
        return {clips.groups[i] for i in part} - {"k0", "k1"}

    # six speakers of equal size, dealt in turn: u0, u3 | u1, u4 | u2, u5
    assert [fold.name for fold in folds] == ["1", "2", "3"]
    assert [unknown(fold.test) for fold in folds] == [{"u0", "u3"}, {"u1", "u4"}, {"u2", "u5"}]
    assert [unknown(fold.validation) for fold in folds] == [{"u1", "u4"}, {"u2", "u5"}, {"u0", "u3"}]
    assert [unknown(fold.train) for fold in folds] == [{"u2", "u5"}, {"u0", "u3"}, {"u1", "u4"}]


@given(st.integers(1, 4), st.integers(6, 14), st.integers(3, 5))
def test_who_is_verified_was_never_heard_and_every_class_is_trained_on(n_known, n_others, n_parts):
    clips = speaker_clips(recordings_of(every(n_known, n_others)), n_known)
    if n_parts > n_others // 2:
        n_parts = 3

    folds = unseen_speakers(clips, n_speaker_parts=n_parts)

    tested = [clips.groups[i] for fold in folds for i in fold.test if clips.folds[i] == "others"]
    assert sorted(tested) == sorted(
        group for group, fold in zip(clips.groups, clips.folds, strict=True) if fold == "others"
    )
    for fold in folds:
        audit_fold(clips, fold.train, fold.validation, fold.test, groups_apart=False)
        sides = [
            {clips.groups[i] for i in part if clips.folds[i] == "others"}
            for part in (fold.train, fold.validation, fold.test)
        ]
        assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
        assert all(len(side) >= 2 for side in sides[1:])
        assert {int(clips.targets[i]) for i in fold.train} == set(range(len(clips.label_names)))


def test_other_sets_and_too_many_parts_are_refused():
    with pytest.raises(InputError, match=r"this set has 'no' among its labels\. Take arabic-digits-speakers"):
        unseen_speakers(recordings_of(every()))
    clips = speaker_clips(recordings_of(every()), n_known=2)
    with pytest.raises(InputError, match=r"n_speaker_parts of 3 to 3, as this set has 6 unknown speakers .*; got 4"):
        unseen_speakers(clips, n_speaker_parts=4)
    assert known_labels(2) == clips.label_names
