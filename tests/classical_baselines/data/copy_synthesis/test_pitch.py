# tests/classical_baselines/data/copy_synthesis/test_pitch.py
"""Pitch and voicing of sounds whose pitch is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.copy_synthesis.pitch import held_over, pitch_track
from tests.classical_baselines.data.copy_synthesis.voices import RATE_HZ, vowel


@settings(deadline=None, max_examples=40)
@given(st.floats(75, 380))
def test_a_vowel_has_the_pitch_that_it_is_made_at(pitch_hz):
    inside = pitch_track(vowel(pitch_hz), RATE_HZ, hop=80)[5:-5]
    np.testing.assert_allclose(inside, pitch_hz, rtol=0.02)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_it_does_not_hang_on_the_rate(rate_hz):
    inside = pitch_track(vowel(140.0, rate_hz=rate_hz), rate_hz, hop=rate_hz // 100)[5:-5]
    np.testing.assert_allclose(inside, 140, rtol=0.01)


def test_noise_and_silence_have_none():
    noise = np.random.default_rng(1).normal(0, 0.1, 8000)
    assert np.mean(pitch_track(noise, RATE_HZ, hop=80) > 0) < 0.05
    assert not pitch_track(np.zeros(4000), RATE_HZ, hop=80).any()


def test_a_pitch_that_glides_is_followed():
    hertz = np.linspace(100, 200, 8000)
    glide = sum(np.sin(2 * np.pi * k * np.cumsum(hertz) / RATE_HZ) / k for k in range(1, 10))
    track = pitch_track(glide, RATE_HZ, hop=80)[5:-5]
    np.testing.assert_allclose(track, hertz[::80][5 : 5 + len(track)], rtol=0.03)


def test_between_frames_pitch_is_a_line_and_voicing_the_nearest_frames():
    pitch_hz, voicing = held_over(np.array([0.0, 100.0, 0.0, 200.0]), n_samples=12, hop=4)

    assert pitch_hz.tolist() == [100] * 5 + [112.5, 125, 137.5, 150, 162.5, 175, 187.5]
    assert voicing.tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1]
