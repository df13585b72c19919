# tests/classical_baselines/data/copy_synthesis/test_griffin_lim.py
"""Griffin-Lim against librosa's on the same magnitudes, and mel triangles against librosa's."""

import librosa
import numpy as np

from classical_baselines.data.copy_synthesis.griffin_lim import (
    griffin_lim_copy,
    mel_triangles,
    signal_of,
    transform_at,
)
from classical_baselines.data.copy_synthesis.short_time import ShortTime
from tests.classical_baselines.data.copy_synthesis.voices import RATE_HZ, vowel_and_hiss


def test_its_magnitudes_come_no_less_near_than_librosas():
    transform = ShortTime(n_window=256, hop=64, n_fft=256)
    sound = vowel_and_hiss()[: 64 * 70]
    given = np.abs(librosa.stft(sound, n_fft=256, hop_length=64))
    draw = np.random.default_rng(3)

    ours = signal_of(given.T, draw.uniform(-np.pi, np.pi, given.T.shape), transform, len(sound), n_iterations=32)
    theirs = librosa.griffinlim(given, n_iter=32, hop_length=64, n_fft=256, length=len(sound), random_state=3)

    def distance(made):  # spectral convergence
        return np.linalg.norm(np.abs(librosa.stft(made, n_fft=256, hop_length=64)) - given) / np.linalg.norm(given)

    assert distance(ours) < 1.05 * distance(theirs)
    assert distance(ours) < 0.1


def test_magnitudes_with_their_own_phases_stay_the_sound():
    transform = transform_at(RATE_HZ)
    sound = vowel_and_hiss()
    spectra = transform.forward(sound)

    np.testing.assert_allclose(
        signal_of(np.abs(spectra), np.angle(spectra), transform, len(sound), n_iterations=3), sound, atol=1e-9
    )


def test_the_triangles_are_htks():
    expected = librosa.filters.mel(sr=RATE_HZ, n_fft=512, n_mels=80, htk=True, norm=None)
    np.testing.assert_allclose(mel_triangles(RATE_HZ, 512, 80), expected, atol=1e-6)


def test_a_copy_has_the_mel_spectrum_of_the_sound_and_another_waveform():
    sound = vowel_and_hiss()
    made = griffin_lim_copy(sound, RATE_HZ, np.random.default_rng(0))
    mels = [
        librosa.feature.melspectrogram(y=one, sr=RATE_HZ, n_fft=400, hop_length=100, n_mels=20, power=1.0)
        for one in (sound, made)
    ]

    assert np.linalg.norm(mels[1] - mels[0]) < 0.15 * np.linalg.norm(mels[0])
    assert np.linalg.norm(made - sound) > 0.5 * np.linalg.norm(sound)
