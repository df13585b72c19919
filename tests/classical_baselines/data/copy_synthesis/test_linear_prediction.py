# tests/classical_baselines/data/copy_synthesis/test_linear_prediction.py
"""The predictor on an all-pole process of known coefficients and against librosa's; the excitation by counting."""

import librosa
import numpy as np
from scipy.signal import freqz, lfilter, welch

from classical_baselines.data.copy_synthesis.linear_prediction import excitation, linear_prediction_copy, predictor
from classical_baselines.data.copy_synthesis.pitch import pitch_track
from tests.classical_baselines.data.copy_synthesis.voices import RATE_HZ, vowel

COEFFICIENTS = np.array([1.2, -0.9, 0.3, -0.2])  # x[n] = sum a_k x[n - k] + 0.5 e[n]; stable
PROCESS = lfilter([0.5], [1, *-COEFFICIENTS], np.random.default_rng(5).standard_normal(200_000))


def test_the_coefficients_and_the_gain_of_an_all_pole_process_are_found():
    coefficients, gain = predictor(PROCESS, order=4)

    np.testing.assert_allclose(coefficients, COEFFICIENTS, atol=0.01)
    np.testing.assert_allclose(gain / np.sqrt(len(PROCESS)), 0.5, rtol=0.01)


def test_on_a_long_frame_it_agrees_with_librosas_burg():
    np.testing.assert_allclose(-predictor(PROCESS, order=6)[0], librosa.lpc(PROCESS, order=6)[1:], atol=2e-3)


def test_silence_has_no_gain():
    coefficients, gain = predictor(np.zeros(240), order=10)
    assert not coefficients.any() and gain == 0


def test_the_excitation_has_a_pulse_per_period_and_power_1():
    pulses = excitation(np.full(8000, 125.0), np.ones(8000), RATE_HZ, np.random.default_rng(0))
    noise = excitation(np.zeros(8000), np.zeros(8000), RATE_HZ, np.random.default_rng(0))

    assert np.diff(np.flatnonzero(pulses)).tolist() == [64] * (np.count_nonzero(pulses) - 1)
    np.testing.assert_allclose([np.mean(pulses**2), np.mean(noise**2)], 1, rtol=0.05)


def test_a_process_comes_back_with_its_spectrum_and_power():
    sound = PROCESS[:40_000] / np.abs(PROCESS).max()
    made = linear_prediction_copy(sound, RATE_HZ, np.random.default_rng(0))

    _, density = welch(made[400:-400], nperseg=128)
    expected = np.abs(freqz([1], [1, *-COEFFICIENTS], worN=65, include_nyquist=True)[1]) ** 2
    shape = np.log(density[2:-2] / expected[2:-2])
    assert np.std(shape) < 0.15
    np.testing.assert_allclose(np.mean(made**2), np.mean(sound**2), rtol=0.1)


def test_a_vowel_comes_back_with_its_pitch_and_power():
    sound = vowel(125.0)  # 64 samples a period: pulses stand on whole samples
    made = linear_prediction_copy(sound, RATE_HZ, np.random.default_rng(0))

    np.testing.assert_allclose(np.median(pitch_track(made, RATE_HZ, 80)[5:-5]), 125, rtol=0.02)
    np.testing.assert_allclose(np.mean(made**2), np.mean(sound**2), rtol=0.1)
