# tests/classical_baselines/data/copy_synthesis/test_noise_vocoder.py
"""The noise vocoder: edges of its bands, noise in place of tones, silence of gaps."""

import numpy as np

from classical_baselines.data.copy_synthesis.noise_vocoder import N_BANDS, band_edges, noise_vocoder_copy
from tests.classical_baselines.data.copy_synthesis.voices import RATE_HZ, vowel


def test_the_bands_are_even_in_erb_numbers():
    edges = band_edges(RATE_HZ)
    # one ERB is 24.7 (0.00437 f + 1) Hz: the width of a band over the ERB at its middle is nearly the same for all
    widths = np.diff(edges) / (24.7 * (0.00437 * (edges[1:] + edges[:-1]) / 2 + 1))

    assert len(edges) == N_BANDS + 1
    np.testing.assert_allclose([edges[0], edges[-1]], [60, 3920])
    np.testing.assert_allclose(widths, widths[0], rtol=0.03)


def test_a_tone_becomes_noise_around_it():
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / RATE_HZ)
    power = np.abs(np.fft.rfft(noise_vocoder_copy(tone, RATE_HZ, np.random.default_rng(0)))) ** 2  # bins of 1 Hz

    assert power[800:1250].sum() > 0.9 * power.sum()
    assert power.max() < 0.1 * power.sum()


def test_harmonics_that_share_a_band_are_noise_of_it():
    sound = vowel(200.0, 1.0)
    made = noise_vocoder_copy(sound, RATE_HZ, np.random.default_rng(0))

    def on_over_off(samples):  # 2,600 to 3,600 Hz, where an ERB is 300 Hz and more; bins of 1 Hz
        power = np.abs(np.fft.rfft(samples * np.hanning(8000))) ** 2
        on, off = (sum(power[begin + k * 200 :][:60].sum() for k in range(13, 18)) for begin in (-30, 70))
        return on / off

    assert on_over_off(sound) > 100
    assert 0.3 < on_over_off(made) < 3


def test_a_gap_stays_silent():
    sound = np.concatenate([vowel(300.0), np.zeros(4000), vowel(300.0)])
    made = noise_vocoder_copy(sound, RATE_HZ, np.random.default_rng(0))

    assert np.mean(made[3600:6800] ** 2) < 1e-3 * np.mean(made[:3200] ** 2)
