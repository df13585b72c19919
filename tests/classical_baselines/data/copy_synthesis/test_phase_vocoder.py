# tests/classical_baselines/data/copy_synthesis/test_phase_vocoder.py
"""The phase vocoder: identity at speed 1, librosa's phases at another, a tone stays at its pitch."""

import librosa
import numpy as np
import pytest

from classical_baselines.data.copy_synthesis.phase_vocoder import FACTOR, at_speed, phase_vocoder_copy, stretched
from classical_baselines.data.copy_synthesis.short_time import ShortTime
from tests.classical_baselines.data.copy_synthesis.voices import RATE_HZ, vowel_and_hiss

TRANSFORM = ShortTime(n_window=256, hop=64, n_fft=256)


def test_at_speed_1_the_sound_is_itself():
    sound = vowel_and_hiss()
    np.testing.assert_allclose(stretched(sound, 1.0, TRANSFORM), sound, atol=1e-12)


@pytest.mark.parametrize("speed", [FACTOR, 1 / FACTOR])
def test_inside_the_sound_its_spectra_are_librosas(speed):
    spectra = librosa.stft(vowel_and_hiss()[: 64 * 60], n_fft=256, hop_length=64).T.astype(np.complex128)
    expected = librosa.phase_vocoder(spectra.T, rate=speed, hop_length=64, n_fft=256).T
    n_inside = int((len(spectra) - 1) / speed)  # behind the last frame librosa takes one of zeros

    ours = at_speed(spectra, speed, n_inside, TRANSFORM)

    np.testing.assert_allclose(ours, expected[:n_inside], atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("speed", [FACTOR, 1 / FACTOR])
def test_a_tone_keeps_its_frequency_and_takes_another_time(speed):
    tone = np.sin(2 * np.pi * 500 * np.arange(8000) / RATE_HZ)

    made = stretched(tone, speed, TRANSFORM)

    assert len(made) == np.ceil(8000 / speed)
    middle = made[1000:5000]
    assert np.argmax(np.abs(np.fft.rfft(middle * np.hanning(4000)))) == 250  # bins of 2 Hz
    assert 0.85 < np.abs(middle).max() < 1.05  # phases of neighbouring bins drift a little, as a phase vocoder's do


def test_a_glide_comes_back_with_other_phases_and_its_spectrum():
    hertz = np.linspace(100, 160, 8000)
    glide = sum(np.sin(2 * np.pi * k * np.cumsum(hertz) / RATE_HZ) / k for k in range(1, 20))
    made = phase_vocoder_copy(glide, RATE_HZ, np.random.default_rng(0))
    before, after = (np.abs(librosa.stft(one, n_fft=256)) for one in (glide, made))

    assert np.linalg.norm(made - glide) > 0.2 * np.linalg.norm(glide)
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.9
