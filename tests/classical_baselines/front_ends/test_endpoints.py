import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.front_ends.endpoints import endpoints, trimmed
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.harness.choices import InputError


@given(st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.5, 1.0, 3.0]), min_size=1, max_size=9), st.integers(1, 9))
def test_the_ends_are_the_outermost_own_frames_above_the_limit(power, n_own):
    own = power[:n_own]
    limit = max(own) * 10**-2.5
    spoken = [frame for frame, value in enumerate(own) if value >= limit]
    first, last = endpoints(torch.tensor([power], dtype=torch.float64), torch.tensor([len(own)]), 25.0)

    assert (first.item(), last.item()) == (spoken[0], spoken[-1])


def test_an_utterance_is_moved_to_the_start_with_silence_behind_it():
    levels = torch.arange(12.0).reshape(1, 2, 6)
    power = torch.tensor([[0.0, 1.0, 0.0, 1.0, 0.0, 9.0]])  # the last frame is not the clip's own
    moved, n_frames = trimmed(levels, power, torch.tensor([5]), 20.0, silence=-7.0)

    assert n_frames.tolist() == [3]
    assert moved.tolist() == [[[1, 2, 3, -7, -7, -7], [7, 8, 9, -7, -7, -7]]]


def test_silence_around_an_utterance_changes_nothing_once_it_is_trimmed():
    front_end = LogMel(hop=64, trim_below_db=30, keep_frames=40)
    word = torch.sin(torch.arange(1600) * 0.7) * torch.hann_window(1600)
    early, late = torch.zeros(2, 8064)
    early[:1600] = word
    late[3200:4800] = word  # 50 whole hops later
    pictures = front_end(torch.stack([early, late]), torch.tensor([8064, 8064]), 8000)

    assert pictures.shape == (2, 32, 40)
    np.testing.assert_allclose(pictures[0].numpy(), pictures[1].numpy(), atol=1e-3)


def test_trimming_comes_before_stretching_and_keeping_takes_the_first_frames():
    waveform = torch.zeros(1, 8064)
    waveform[0, 2000:5000] = torch.randn(3000, generator=torch.Generator().manual_seed(0))
    given = (waveform, torch.tensor([8064]), 8000)
    cut = LogMel(hop=64, trim_below_db=25)(*given)
    n_own = int((cut > -50).any(dim=1).sum())

    assert torch.equal(LogMel(hop=64, trim_below_db=25, keep_frames=20)(*given), cut[:, :, :20])
    stretched = LogMel(hop=64, trim_below_db=25, stretch_to_frames=n_own)(*given)
    torch.testing.assert_close(stretched, cut[:, :, :n_own], atol=1e-3, rtol=0)


def test_a_window_narrower_than_the_picture_is_filled_with_the_floor():
    picture = LogMel(hop=64, top_db=40, keep_frames=30)(torch.randn(1, 640), torch.tensor([640]), 8000)

    assert picture.shape == (1, 32, 30)
    assert (picture[:, :, 11:] == -40).all()


def test_trimming_is_counted_once_for_each_band_and_frame():
    plain, cut = (LogMel(hop=64, trim_below_db=limit).operations(8064, 8000) for limit in (None, 30.0))

    assert cut.total("add_fp32") - plain.total("add_fp32") == 31 * 127
    assert cut.counts["front_end", "trim", "compare_fp32"] == 2 * 127
    # Levels read for the sums, sums written and read, levels moved.
    assert cut.counts["front_end", "trim", "sram_bytes"] == 4 * (32 * 127 + 2 * 127 + 2 * 32 * 127)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"trim_below_db": 0.0}, "trim_below_db must be greater than 0"),
        ({"trim_below_db": 1001.0}, "trim_below_db must be greater than 0 and at most 1000, or left out"),
        ({"keep_frames": 1}, "keep_frames must lie in 2 to 10000, or be left out; got 1"),
        ({"keep_frames": 10_001}, "keep_frames must lie in 2 to 10000, or be left out; got 10001"),
        ({"keep_frames": 8, "stretch_to_frames": 8}, "Give one of them"),
    ],
)
def test_an_option_of_the_pictures_width_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        LogMel(**options)
