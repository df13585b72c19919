import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.stretching import stretched
from classical_baselines.harness.choices import InputError


@given(st.integers(1, 9), st.integers(2, 20), st.integers(0, 2**31))
def test_each_band_is_numpys_linear_interpolation_over_the_clips_own_frames(n_own, n_frames, seed):
    levels = torch.rand(2, 3, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    found = stretched(levels, torch.tensor([n_own, 9]), n_frames)

    for clip, own in enumerate((n_own, 9)):
        places = np.linspace(0, own - 1, n_frames)
        for band in range(3):
            expected = np.interp(places, np.arange(9), levels[clip, band].numpy())
            np.testing.assert_allclose(found[clip, band].numpy(), expected, atol=1e-12)


def test_what_lies_beyond_a_clips_own_end_is_never_read():
    levels = torch.zeros(1, 2, 10)
    levels[:, :, 4:] = 99.0

    assert stretched(levels, torch.tensor([4]), 16).max() == 0


def test_a_tone_played_for_twice_as_long_is_the_same_picture():
    front_end = LogMel(hop=64, stretch_to_frames=32)
    seconds = torch.arange(8064) / 8000
    tone = torch.sin(2 * torch.pi * 1000 * seconds)
    waveforms = torch.stack([tone * (seconds < 0.4), tone * (seconds < 0.8)])
    short, long = front_end(waveforms, torch.tensor([3200, 6400]), 8000)

    assert short.shape == (32, 32)
    np.testing.assert_allclose(short[:, 4:-4].numpy(), long[:, 4:-4].numpy(), atol=0.5)


def test_stretching_is_counted():
    plain, wide = (LogMel(hop=64, stretch_to_frames=n).operations(8064, 8000) for n in (None, 64))

    assert wide.total("mac_fp32") - plain.total("mac_fp32") == 32 * 64
    assert ("front_end", "stretch", "mac_fp32") in wide.counts


def test_a_single_frame_cannot_be_stretched_to():
    with pytest.raises(InputError, match="stretch_to_frames must lie in 2 to 10000, or be left out; got 1"):
        LogMel(stretch_to_frames=1)
    with pytest.raises(InputError, match="stretch_to_frames must lie in 2 to 10000, or be left out; got 10001"):
        LogMel(stretch_to_frames=10_001)
