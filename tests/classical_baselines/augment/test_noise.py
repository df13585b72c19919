# tests/classical_baselines/augment/test_noise.py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from classical_baselines.augment import NOISE_KINDS
from classical_baselines.augment.noise import DRAWN, N_TALKERS, babble, noise_of, pink_noise, voice_of, white_noise
from classical_baselines.augment.waveform import added_at_snr
from classical_baselines.harness.choices import InputError


def pool(lengths=(400, 250, 400, 90, 1, 0), n_window=400):
    waveforms = torch.randn(len(lengths), n_window, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for clip, length in enumerate(lengths):
        waveforms[clip, length:] = 0
    return waveforms, torch.tensor(lengths)


@pytest.mark.parametrize("make, db_per_octave", [(white_noise, 0.0), (pink_noise, -10 * np.log10(2))])
def test_the_power_of_noise_falls_by_its_slope_in_every_octave(make, db_per_octave):
    noise = make(64, 16384, torch.Generator().manual_seed(0)).numpy()
    frequency, power = welch(noise, nperseg=4096, axis=-1)

    inside = (frequency > 0.002) & (frequency < 0.45)
    slope, _ = np.polyfit(np.log2(frequency[inside]), 10 * np.log10(power.mean(axis=0)[inside]), 1)

    assert slope == pytest.approx(db_per_octave, abs=0.05)
    assert noise.mean() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("n_samples", [1, 2, 7, 8064])
def test_pink_noise_has_no_mean_whatever_its_length(n_samples):
    noise = pink_noise(3, n_samples, torch.Generator().manual_seed(0))

    assert noise.shape == (3, n_samples)
    torch.testing.assert_close(noise.mean(dim=1), torch.zeros(3), atol=1e-5, rtol=0)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(NOISE_KINDS), st.lists(st.floats(-10, 40), min_size=3, max_size=3), st.integers(0, 2**31))
def test_noise_of_every_kind_meets_the_ratio_of_each_clip_over_its_own_length(kind, ratios, seed):
    waveforms, n_samples = pool()
    rows = torch.tensor([0, 1, 3])

    noise = noise_of(kind, waveforms, n_samples, rows, torch.Generator().manual_seed(seed))
    noisy = added_at_snr(waveforms[rows], noise, n_samples[rows], torch.tensor(ratios, dtype=torch.float64)[:, None])

    again = noise_of(kind, waveforms, n_samples, rows, torch.Generator().manual_seed(seed))
    assert torch.equal(noise, again)
    for row, clip, ratio in zip(rows.tolist(), noisy.numpy(), ratios, strict=True):
        n = int(n_samples[row])
        added = clip - waveforms[row].numpy()
        assert (added[n:] == 0).all()
        assert 10 * np.log10(np.mean(waveforms[row, :n].numpy() ** 2) / np.mean(added[:n] ** 2)) == pytest.approx(ratio)


def test_babble_is_a_sum_of_repeated_clips_each_at_the_same_power():
    # Clip i is a constant 10^i over its own length: at the same power each adds 1 to every sample.
    lengths = torch.tensor([50, 20, 35])
    waveforms = torch.zeros(3, 50, dtype=torch.float64)
    for clip, length in enumerate(lengths.tolist()):
        waveforms[clip, :length] = 10.0**clip

    noise = babble(waveforms, lengths, torch.tensor([0, 2]), torch.Generator().manual_seed(0))

    torch.testing.assert_close(noise, torch.full((2, 50), float(N_TALKERS), dtype=torch.float64))


def test_a_clip_is_no_talker_behind_itself_and_every_other_one_may_be():
    # One sample each, of a sign of its own: silent clips but one, which alone can be heard.
    heard = 2
    waveforms = torch.zeros(4, 1, dtype=torch.float64)
    waveforms[heard] = 1.0
    lengths = torch.ones(4, dtype=torch.long)
    rows = torch.arange(4).repeat(500)

    noise = babble(waveforms, lengths, rows, torch.Generator().manual_seed(0))[:, 0]

    assert (noise[rows == heard] == 0).all()
    # Each of 5 talkers is the heard clip in one case of three.
    assert noise[rows != heard].mean().item() == pytest.approx(N_TALKERS / 3, abs=0.1)


def test_babble_begins_anywhere_in_a_clip_and_goes_round():
    waveforms = torch.tensor([[0.0, 0, 0, 0, 0, 0], [1.0, 2, 3, 0, 0, 0]], dtype=torch.float64)
    one = babble(waveforms, torch.tensor([6, 3]), torch.zeros(200, dtype=torch.long), torch.Generator().manual_seed(1))

    torch.testing.assert_close(one[:, :3], one[:, 3:])  # a period of 3, no gap
    assert len({round(float(value), 6) for value in one[:, 0]}) > 5


def test_a_voice_has_a_mean_power_of_1_over_its_own_length_and_repeats_it():
    waveforms, n_samples = pool()
    talker = torch.tensor([1, 3, 1, 5])

    voices = voice_of(waveforms, n_samples, talker, torch.Generator().manual_seed(2))

    for voice, length in zip(voices, n_samples[talker].tolist(), strict=True):
        if length:
            assert voice[:length].square().mean().item() == pytest.approx(1)
            assert torch.equal(voice[length:], voice[: len(voice) - length])
        else:
            assert (voice == 0).all()


def test_a_kind_of_noise_is_made_of_draws_or_of_clips():
    assert {*DRAWN, "babble"} == set(NOISE_KINDS)


def test_babble_of_one_clip_is_refused():
    with pytest.raises(InputError, match=r"other training clips, and there is one alone. Choose white or pink"):
        babble(torch.rand(1, 10), torch.tensor([10]), torch.tensor([0]), torch.Generator())
