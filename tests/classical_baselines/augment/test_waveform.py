# tests/classical_baselines/augment/test_waveform.py
from math import ceil

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from classical_baselines.augment.noise import white_noise
from classical_baselines.augment.waveform import added_at_snr, resampled_into, speed_perturbed, time_shift
from classical_baselines.harness.choices import InputError


def clips(lengths, n_window, dtype=torch.float64):
    waveforms = torch.randn(len(lengths), n_window, generator=torch.Generator().manual_seed(3), dtype=dtype)
    for clip, length in enumerate(lengths):
        waveforms[clip, length:] = 0
    return waveforms, torch.tensor(lengths)


@pytest.mark.parametrize("speed, up, down", [(0.8, 5, 4), (1.25, 4, 5), (0.5, 2, 1), (1.0, 1, 1)])
def test_each_clip_is_resampled_as_scipy_does_it_alone(speed, up, down):
    lengths = [1000, 731, 400]
    waveforms, n_samples = clips(lengths, 1000)

    faster, new_lengths = speed_perturbed(waveforms, n_samples, speed)

    assert faster.shape == waveforms.shape
    assert new_lengths.tolist() == [min(1000, ceil(length * up / down)) for length in lengths]
    for ours, clip, length, new in zip(faster.numpy(), waveforms.numpy(), lengths, new_lengths.tolist(), strict=True):
        np.testing.assert_allclose(ours[:new], resample_poly(clip[:length], up, down)[:new], atol=1e-12)
        assert (ours[new:] == 0).all()


@pytest.mark.parametrize("n_window", [1, 500, 501, 900])
def test_what_is_resampled_is_cut_at_the_end_or_filled_with_zeros(n_window):
    (clip,), _ = clips([400], 400)

    (ours,) = resampled_into(n_window, clip[None], 5, 4)

    expected = np.append(resample_poly(clip.numpy(), 5, 4), np.zeros(900))[:n_window]
    np.testing.assert_array_equal(ours.numpy(), expected)


def test_a_tone_played_a_quarter_faster_is_a_quarter_higher():
    tone = torch.sin(2 * torch.pi * 400 * torch.arange(8000, dtype=torch.float64) / 8000)[None]

    faster, n_samples = speed_perturbed(tone, torch.tensor([8000]), 1.25)

    assert n_samples.item() == 6400
    spectrum = torch.fft.rfft(faster[:, :6400]).abs()
    assert spectrum.argmax().item() * 8000 / 6400 == 500


@settings(max_examples=30, deadline=None)
@given(st.floats(-10, 40), st.integers(0, 2**31), st.integers(50, 500))
def test_the_noise_meets_its_ratio_in_each_clip_over_its_own_length(snr_db, seed, length):
    waveforms, n_samples = clips([length, 500], 500)
    before = waveforms.clone()

    drawn = white_noise(2, 500, torch.Generator().manual_seed(seed)).to(waveforms)
    noisy = added_at_snr(waveforms, drawn, n_samples, snr_db)

    assert torch.equal(waveforms, before)
    assert (noisy[0, length:] == 0).all()
    noise = (noisy - waveforms).numpy()
    for clip, added, n in zip(waveforms.numpy(), noise, [length, 500], strict=True):
        ratio_db = 10 * np.log10(np.mean(clip[:n] ** 2) / np.mean(added[:n] ** 2))
        assert ratio_db == pytest.approx(snr_db, abs=1e-6)


def test_a_silent_clip_and_an_empty_one_stay_as_they_are():
    silent = torch.zeros(2, 100)

    assert torch.equal(
        added_at_snr(silent, white_noise(2, 100, torch.Generator()), torch.tensor([100, 0]), 10.0), silent
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 30), st.integers(1, 20))
def test_a_shifted_clip_is_the_clip_at_another_place(seed, max_shift, length):
    waveforms, n_samples = clips([length, 20], 20)

    moved, ends = time_shift(waveforms, n_samples, max_shift, torch.Generator().manual_seed(seed))

    drawn = torch.randint(-max_shift, max_shift + 1, (2, 1), generator=torch.Generator().manual_seed(seed))
    for ours, clip, end, n, shift in zip(
        moved.tolist(), waveforms.tolist(), ends.tolist(), [length, 20], drawn.flatten().tolist(), strict=True
    ):
        expected = [clip[i - shift] if 0 <= i - shift < 20 else 0.0 for i in range(20)]
        assert ours == expected
        assert end == min(20, max(0, n + shift))


def test_a_speed_of_0_is_refused():
    with pytest.raises(InputError, match=r"between 0\.25 and 4"):
        speed_perturbed(torch.zeros(1, 10), torch.tensor([10]), 0.0)
