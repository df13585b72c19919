# tests/classical_baselines/data/copy_synthesis/test_harmonic_plus_noise.py
"""Power, pitch and bands of harmonics plus noise, on sounds where they are known."""

import numpy as np
from scipy.signal import welch

from classical_baselines.data.copy_synthesis.harmonic_plus_noise import harmonic_plus_noise_copy, smooth_magnitudes
from classical_baselines.data.copy_synthesis.pitch import pitch_track
from tests.classical_baselines.data.copy_synthesis.voices import RATE_HZ, vowel


def test_white_noise_comes_back_white_and_as_strong():
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000)
    made = harmonic_plus_noise_copy(noise, RATE_HZ, np.random.default_rng(1))
    _, density = welch(made, nperseg=64)

    np.testing.assert_allclose(np.mean(made**2), 0.01, rtol=0.25)
    assert np.ptp(10 * np.log10(density[2:-2])) < 2
    assert abs(np.corrcoef(noise, made)[0, 1]) < 0.05  # other noise, not the same


def test_a_vowel_comes_back_with_its_pitch_and_power():
    sound = vowel(150.0)
    made = harmonic_plus_noise_copy(sound, RATE_HZ, np.random.default_rng(1))

    np.testing.assert_allclose(np.median(pitch_track(made, RATE_HZ, 80)[5:-5]), 150, rtol=0.01)
    np.testing.assert_allclose(np.mean(made**2), np.mean(sound**2), rtol=0.3)


def test_a_vowel_is_lines_below_3_khz_and_noise_above():
    made = harmonic_plus_noise_copy(vowel(200.0, 1.0), RATE_HZ, np.random.default_rng(1))[800:7200]
    power = np.abs(np.fft.rfft(made * np.hanning(6400))) ** 2  # bins of 1.25 Hz: a harmonic each 160 bins
    on, off = power[160::160], power[80::160]

    assert np.all(on[:14] > 100 * off[:14])  # 200 to 2,800 Hz
    assert np.mean(on[15:18] > 100 * off[15:18]) < 1  # 3,200 to 3,600 Hz


def test_the_envelope_is_smooth_and_keeps_each_frames_energy():
    comb = np.tile(1 + 0.9 * np.cos(2 * np.pi * np.arange(257) / 8), (3, 1))  # repeats every 125 Hz: 8 ms
    smooth = smooth_magnitudes(comb, RATE_HZ)

    np.testing.assert_allclose(np.sum(smooth**2, axis=1), np.sum(comb**2, axis=1))
    assert np.ptp(smooth) < 0.05
