# tests/classical_baselines/augment/test_spectrogram.py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.augment.spectrogram import (
    SpectrogramAugmentation,
    hidden,
    shifted_in_time,
    warped_in_frequency,
)
from classical_baselines.harness.choices import InputError

EVERYTHING = SpectrogramAugmentation(
    frequency_warp=0.12,
    frequency_offset_bands=1.0,
    time_shift_frames=3,
    frequency_mask_bands=3,
    time_mask_frames=4,
    level_jitter=0.1,
    filter_gain=0.1,
)


def pictures(seed=0, n_clips=4, n_mels=9, n_frames=11):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n_clips, n_mels, n_frames, generator=generator, dtype=torch.float64)


def test_a_warp_is_numpys_linear_interpolation_with_silence_around():
    intensity = pictures()
    stretch = torch.tensor([1.0, 0.9, 1.1, 1.12], dtype=torch.float64)
    offset = torch.tensor([0.0, 0.7, -1.3, 2.0], dtype=torch.float64)

    warped = warped_in_frequency(intensity, stretch, offset).numpy()

    mel = np.arange(-1, 10)
    for clip in range(4):
        position = float(stretch[clip]) * np.arange(9) + float(offset[clip])
        for frame in range(11):
            column = np.concatenate([[0], intensity[clip, :, frame].numpy(), [0]])
            np.testing.assert_allclose(warped[clip, :, frame], np.interp(position, mel, column), atol=1e-12)


def test_a_shift_moves_whole_frames_and_lets_silence_in():
    intensity = pictures(n_clips=3, n_frames=4)

    shifted = shifted_in_time(intensity, torch.tensor([1, 0, -2]))

    assert torch.equal(shifted[0, :, 1:], intensity[0, :, :3])
    assert (shifted[0, :, 0] == 0).all()
    assert torch.equal(shifted[1], intensity[1])
    assert torch.equal(shifted[2, :, :2], intensity[2, :, 2:])
    assert (shifted[2, :, 2:] == 0).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(0, 30), st.integers(0, 2**31))
def test_a_mask_is_one_stretch_no_wider_than_allowed(n_positions, widest, seed):
    for row in hidden(n_positions, widest, 8, torch.Generator().manual_seed(seed)).tolist():
        assert sum(row) <= widest
        assert "".join("x" if cell else " " for cell in row).strip().count(" ") == 0


def test_masks_of_every_width_come_up_and_reach_both_ends():
    masks = hidden(6, 2, 2000, torch.Generator().manual_seed(0))

    assert masks.sum(dim=1).bincount().tolist() == pytest.approx([667, 667, 667], abs=90)
    assert masks[:, 0].any()
    assert masks[:, -1].any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_the_same_seed_gives_the_same_pictures_in_0_to_1_and_leaves_the_given_ones_alone(seed):
    intensity = pictures(seed).float()
    before = intensity.clone()

    first = EVERYTHING(intensity, torch.Generator().manual_seed(seed))

    assert torch.equal(intensity, before)
    assert torch.equal(first, EVERYTHING(intensity, torch.Generator().manual_seed(seed)))
    assert first.shape == intensity.shape
    assert ((first >= 0) & (first <= 1)).all()
    assert not torch.equal(first, intensity)


def test_silence_stays_exactly_silent():
    assert not EVERYTHING(torch.zeros(5, 9, 11), torch.Generator().manual_seed(2)).any()


def test_what_is_switched_off_changes_nothing_and_draws_nothing():
    generator = torch.Generator().manual_seed(5)
    state = generator.get_state()

    assert torch.equal(SpectrogramAugmentation()(pictures(), generator), pictures())
    assert torch.equal(generator.get_state(), state)


def test_a_level_jitter_moves_what_sounds_by_one_step_per_clip():
    intensity = torch.tensor([[[0.0, 0.4, 0.5]], [[0.0, 0.4, 0.5]]], dtype=torch.float64)

    moved = SpectrogramAugmentation(level_jitter=0.2)(intensity, torch.Generator().manual_seed(1))
    step = (moved - intensity)[:, 0, 1:]

    assert (moved[:, 0, 0] == 0).all()
    assert torch.allclose(step[:, 0], step[:, 1])
    assert (step.abs() <= 0.2).all()
    assert step[0, 0] != step[1, 0]


def test_a_filter_raises_what_sounds_by_a_line_between_four_points_for_each_clip():
    intensity = torch.full((6, 10, 3), 0.5, dtype=torch.float64)
    intensity[:, :, 0] = 0

    moved = SpectrogramAugmentation(filter_gain=0.2)(intensity, torch.Generator().manual_seed(1))
    gain = (moved - intensity)[:, :, 1].numpy()

    assert (moved[:, :, 0] == 0).all()
    assert torch.equal(moved[:, :, 1], moved[:, :, 2])
    assert 0.15 < abs(gain).max() <= 0.2
    for clip in gain:  # bands 0, 3, 6 and 9 are the four points
        np.testing.assert_allclose(clip, np.interp(range(10), [0, 3, 6, 9], clip[::3]), atol=1e-12)
    assert len({round(clip[0], 6) for clip in gain}) == 6


def test_negative_options_and_decibels_are_refused():
    with pytest.raises(InputError, match=r"time_shift_frames must be 0 \(off\) or greater; got -1"):
        SpectrogramAugmentation(time_shift_frames=-1)
    with pytest.raises(InputError, match="frequency_warp must be below 1"):
        SpectrogramAugmentation(frequency_warp=1.0)
    with pytest.raises(ValueError, match="Decibels"):
        EVERYTHING(pictures() * -50, torch.Generator())
