import pytest
import torch

from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.protocol import CLIPS_AT_ONCE, LeakError, audit_fold
from classical_baselines.harness.streamed_rows import StreamedRows


def clips(groups="aabbcc", equal=None):
    waveform = torch.arange(6 * 4).reshape(6, 4).float()
    if equal:
        waveform[equal[1]] = waveform[equal[0]]
    return Clips(
        inputs={"waveform": waveform},
        n_samples=torch.full((6,), 4),
        targets=torch.zeros(6, dtype=torch.long),
        groups=tuple(groups),
        folds=("",) * 6,
        names=tuple(f"{k}.wav" for k in range(6)),
        label_names=("x",),
        sample_rate_hz=8000,
        content_hash="",
    )


def test_a_clean_fold_passes_and_says_what_was_compared():
    audit = audit_fold(clips(), [0, 1], [2, 3], [4, 5], groups_apart=True)

    assert (audit.n_training, audit.n_validation, audit.n_test, audit.n_equal_recordings) == (2, 2, 2, 0)


@pytest.mark.parametrize(
    ("made", "sides", "message"),
    [
        (clips(), ([0, 1, 4], [2, 3], [4, 5]), "'4.wav' is in the training and the test part"),
        (clips("aabbca"), ([0, 1], [2, 3], [4, 5]), "group 'a' is in the training and the test part"),
        (clips(equal=(1, 5)), ([0, 1], [2, 3], [4, 5]), "'1.wav' and '5.wav' are the same recording"),
        (clips(), ([0, 1], [], [4, 5]), "the validation part of the fold is empty"),
    ],
)
def test_a_leak_is_an_error_that_names_it(made, sides, message):
    with pytest.raises(LeakError, match=message):
        audit_fold(made, *sides, groups_apart=True)


def test_a_split_that_shares_speakers_by_design_counts_equal_recordings_instead():
    audit = audit_fold(clips("aaaaaa", equal=(1, 5)), [0, 1], [2, 3], [4, 5], groups_apart=False)

    assert audit.n_equal_recordings == 1


def test_padding_after_the_end_of_a_clip_is_not_compared():
    made = clips()
    made.n_samples[:] = 2
    made.waveform[0, :2] = made.waveform[4, :2]

    with pytest.raises(LeakError, match="same recording"):
        audit_fold(made, [0, 1], [2, 3], [4, 5], groups_apart=True)


def test_clips_that_stream_are_read_many_at_once_and_each_of_them_once():
    n_clips = 2 * CLIPS_AT_ONCE + 6
    waveform = torch.arange(n_clips * 4).reshape(n_clips, 4).float()
    waveform[n_clips - 2] = waveform[0]  # in another part
    read = []

    def rows(indices):
        read.append(indices.tolist())
        return waveform[indices]

    made = Clips(
        inputs={"waveform": StreamedRows(rows, tuple(waveform.shape))},
        n_samples=torch.full((n_clips,), 4),
        targets=torch.zeros(n_clips, dtype=torch.long),
        groups=("a",) * n_clips,
        folds=("",) * n_clips,
        names=tuple(f"{k}.wav" for k in range(n_clips)),
        label_names=("x",),
        sample_rate_hz=8000,
        content_hash="",
    )
    audit = audit_fold(made, range(0, n_clips, 3), range(1, n_clips, 3), range(2, n_clips, 3), groups_apart=False)

    assert audit.n_equal_recordings == 1
    assert [len(part) for part in read] == [CLIPS_AT_ONCE, CLIPS_AT_ONCE, 6]
    assert sorted(index for part in read for index in part) == list(range(n_clips))
