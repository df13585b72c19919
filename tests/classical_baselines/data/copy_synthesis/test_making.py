# tests/classical_baselines/data/copy_synthesis/test_making.py
"""Every attack, and what the set makes of it: nothing plain differs between a recording and its copy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.copy_synthesis.attacks import ATTACKS
from classical_baselines.data.copy_synthesis.making import MOST_RMS, copy_of, levelled, recorded
from tests.classical_baselines.data.copy_synthesis.voices import RATE_HZ, vowel_and_hiss


def rms_of(samples):
    return np.sqrt(np.mean(samples**2))


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_an_attack_gives_as_many_finite_samples_the_same_for_one_seed_and_leaves_its_input_alone(name, rate_hz):
    sound = vowel_and_hiss()
    before = sound.copy()

    first, again, other = (ATTACKS[name](sound, rate_hz, np.random.default_rng(seed)) for seed in (0, 0, 1))

    assert first.shape == sound.shape and first.dtype == np.float64 and np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(sound, before)
    assert name == "phase-vocoder" or not np.array_equal(first, other)  # that one draws a direction alone
    assert np.linalg.norm(first - sound) > 0.1 * np.linalg.norm(sound)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(sorted(ATTACKS)), st.integers(1, 3000), st.integers(-50, 0), st.integers(0, 2**32 - 1))
def test_a_copy_is_as_long_and_as_loud_as_its_recording_and_has_no_mean(name, n_samples, level_db, seed):
    draw = np.random.default_rng(seed)
    sound = levelled(np.clip(10 ** (level_db / 20) * draw.standard_normal(n_samples), -1, 1) + 0.01, RATE_HZ)

    made = copy_of(sound, ATTACKS[name], RATE_HZ, draw)

    assert made.shape == sound.shape and np.isfinite(made).all()
    assert np.abs(made).max() < 1
    assert abs(made.mean()) < 1e-12
    if made.any() and np.abs(made).max() < 0.9:
        np.testing.assert_allclose(rms_of(made), rms_of(sound), rtol=1e-9)


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("sound", [np.zeros(500), np.full(500, 0.25), np.eye(1, 900, 450)[0]])
def test_silence_a_constant_and_a_click_come_through(name, sound):
    made = recorded(
        copy_of(levelled(sound, RATE_HZ), ATTACKS[name], RATE_HZ, np.random.default_rng(0)), np.random.default_rng(1)
    )
    assert made.shape == sound.shape and np.isfinite(made).all() and np.abs(made).max() < 1


def test_a_loud_recording_is_turned_down_and_a_quiet_one_left():
    tone = np.sin(2 * np.pi * np.arange(2000) / 8)
    inside = slice(400, -400)  # the high-pass rings at a hard end, and that has a mean, which is taken out

    np.testing.assert_allclose(rms_of(levelled(tone + 0.1, RATE_HZ)), MOST_RMS)
    np.testing.assert_allclose(levelled(0.01 * tone + 0.1, RATE_HZ)[inside], 0.01 * tone[inside], atol=1e-4)


def test_what_is_below_80_hz_is_taken_out_and_what_is_above_left():
    time = np.arange(8000) / RATE_HZ
    low, high = 0.01 * np.sin(2 * np.pi * 40 * time), 0.01 * np.sin(2 * np.pi * 160 * time)
    inside = slice(800, -800)

    # both ways: a gain of 1 / (1 + (80 / f)^8)
    np.testing.assert_allclose(levelled(low, RATE_HZ)[inside], low[inside] / 257, atol=2e-5)
    np.testing.assert_allclose(levelled(high, RATE_HZ)[inside], high[inside] / (1 + 2**-8), atol=2e-5)


def test_recorded_samples_are_16_bit_steps_within_one_and_a_half_of_what_was_given():
    given_samples = np.random.default_rng(0).uniform(-0.9, 0.9, 20_000)
    steps = recorded(given_samples, np.random.default_rng(1)) * 32768

    np.testing.assert_array_equal(steps, np.round(steps))
    error = steps - given_samples * 32768
    assert np.abs(error).max() <= 1.5
    np.testing.assert_allclose(
        [error.mean(), error.var()], [0, 1 / 6 + 1 / 12], atol=0.01
    )  # two uniforms, and rounding


def test_digital_silence_becomes_the_same_noise_in_both():
    silence = recorded(np.zeros(100_000), np.random.default_rng(0)) * 32768
    shares = [np.mean(silence == step) for step in (-1, 0, 1)]
    np.testing.assert_allclose(shares, [1 / 8, 3 / 4, 1 / 8], atol=0.01)
