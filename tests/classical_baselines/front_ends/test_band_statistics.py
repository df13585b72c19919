# tests/classical_baselines/front_ends/test_band_statistics.py
import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.front_ends.band_statistics import BandStatistics
from classical_baselines.harness.choices import InputError, UnknownChoiceError


def noise(n_clips, n_samples, seed=0):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 0.1


def levels_of_librosa(clip, floor, *, relative):
    power = librosa.feature.melspectrogram(
        y=clip, sr=8000, n_fft=512, hop_length=256, n_mels=40, fmin=20, htk=True, norm=None, pad_mode="constant",
        dtype=np.float64,
    )  # fmt: skip
    return np.log(power / (power.max() if relative else 1) + floor)


@pytest.mark.parametrize("relative_to", ["fixed", "clip-maximum"])
def test_the_statistics_are_those_of_numpy_on_the_mel_power_of_librosa(relative_to):
    front_end = BandStatistics(relative_to=relative_to, floor=1e-4, n_parts=4)
    waveforms = noise(2, 8192)  # 33 frames: quarters begin at 8.25, 16.5 (17) and 24.75

    ours = front_end(waveforms, torch.tensor([8192, 8192]), 8000).numpy()

    for clip, features in zip(waveforms.numpy(), ours, strict=True):
        level = levels_of_librosa(clip, 1e-4, relative=relative_to == "clip-maximum")
        whole = [level.mean(1), level.std(1), np.abs(np.diff(level, axis=1)).mean(1)]
        parts = [level[:, first:beyond].mean(1) for first, beyond in ((0, 8), (8, 17), (17, 25), (25, 33))]
        np.testing.assert_allclose(features, np.stack([*whole, *parts], axis=1), rtol=1e-5, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(n_own=st.integers(1, 30), seed=st.integers(0, 100))
def test_a_padded_clip_has_the_statistics_of_its_own_frames(n_own, seed):
    front_end = BandStatistics(n_parts=0)
    n_samples = n_own * 256
    waveforms = torch.nn.functional.pad(noise(1, n_samples, seed), (0, 8192 - n_samples))

    ours = front_end(waveforms, torch.tensor([n_samples]), 8000)[0].numpy()

    level = levels_of_librosa(waveforms[0].numpy(), 1e-6, relative=False)[:, : 1 + n_own]
    expected = np.stack([level.mean(1), level.std(1), np.abs(np.diff(level, axis=1)).mean(1)], axis=1)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_a_gain_changes_nothing_where_levels_are_relative_to_the_clip_and_all_means_where_they_are_not():
    waveforms, n_samples = noise(1, 8192), torch.tensor([8192])
    relative, fixed = BandStatistics(relative_to="clip-maximum"), BandStatistics(floor=1e-12)

    torch.testing.assert_close(relative(7 * waveforms, n_samples, 8000), relative(waveforms, n_samples, 8000))
    shift = fixed(7 * waveforms, n_samples, 8000) - fixed(waveforms, n_samples, 8000)
    torch.testing.assert_close(shift[..., 0], torch.full_like(shift[..., 0], 2 * np.log(7)), atol=1e-6, rtol=0)
    torch.testing.assert_close(shift[..., 1:3], torch.zeros_like(shift[..., 1:3]), atol=1e-6, rtol=0)


def test_the_operations_of_the_statistics_are_the_sum_on_paper():
    counts = BandStatistics(n_parts=4).operations(8192, 8000)
    n_cells = 40 * 33

    assert counts.total("transcendental_fp32") == n_cells + 40  # logarithms; a root for each band
    assert counts.counts["front_end", "statistics", "mac_fp32"] == n_cells
    assert counts.counts["front_end", "statistics", "add_fp32"] == 3 * n_cells + 2 * (
        n_cells - 40
    )  # 32 changes in 33 frames
    assert counts.counts["front_end", "statistics", "multiply_fp32"] == 7 * 40


def test_bad_options_are_refused_by_name():
    with pytest.raises(UnknownChoiceError, match=r"'loudest'.*fixed, clip-maximum"):
        BandStatistics(relative_to="loudest")
    with pytest.raises(InputError, match=r"floor must be greater than 0 and finite; got 0"):
        BandStatistics(floor=0)
    with pytest.raises(InputError, match=r"n_parts must lie in 0 to 1000; got -1"):
        BandStatistics(n_parts=-1)
    with pytest.raises(InputError, match=r"n_fft must be a power of two"):
        BandStatistics(n_fft=500)
