# tests/classical_baselines/data/copy_synthesis/test_making.py
"""Every attack, and what the set makes of it: nothing plain differs between a recording and its copy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.copy_synthesis.attacks import ATTACKS
from classical_baselines.data.copy_synthesis.making import MOST_RMS, copy_of, faded, levelled, recorded, unchanged
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
def test_a_copy_is_as_long_and_as_loud_as_its_recording(name, n_samples, level_db, seed):
    draw = np.random.default_rng(seed)
    sound = levelled(np.clip(10 ** (level_db / 20) * draw.standard_normal(n_samples), -1, 1) + 0.01)

    made, own = (copy_of(sound, attack, RATE_HZ, draw) for attack in (ATTACKS[name], unchanged))

    assert made.shape == sound.shape and np.isfinite(made).all()
    assert np.abs(made).max() < 1
    if made.any() and np.abs(made).max() < 0.9:
        np.testing.assert_allclose(rms_of(made), rms_of(own), rtol=1e-9)


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("sound", [np.zeros(500), np.full(500, 0.25), np.eye(1, 900, 450)[0]])
def test_silence_a_constant_and_a_click_come_through(name, sound):
    made = recorded(
        copy_of(levelled(sound), ATTACKS[name], RATE_HZ, np.random.default_rng(0)), np.random.default_rng(1)
    )
    assert made.shape == sound.shape and np.isfinite(made).all() and np.abs(made).max() < 1


def test_a_loud_recording_is_turned_down_and_a_quiet_one_left():
    tone = np.sin(2 * np.pi * np.arange(2000) / 8)

    np.testing.assert_allclose(rms_of(levelled(tone + 0.1)), MOST_RMS)
    np.testing.assert_allclose(levelled(0.01 * tone + 0.1), 0.01 * tone, atol=1e-12)


def test_what_is_below_80_hz_is_taken_out_and_what_is_above_left():
    time = np.arange(8000) / RATE_HZ
    low, high = 0.01 * np.sin(2 * np.pi * 40 * time), 0.01 * np.sin(2 * np.pi * 160 * time)
    inside = slice(2000, -2000)
    made = copy_of(low + high, unchanged, RATE_HZ, np.random.default_rng(0))

    np.testing.assert_allclose(made[inside], high[inside], atol=1e-5)  # both ways: a gain of 1 / (1 + (80 / f)^16)


@pytest.mark.parametrize("phase", [0.0, 1.5])
def test_a_wave_that_is_cut_off_where_it_is_loud_has_no_mean_and_nothing_slow(phase):
    """A tone of 210 Hz that ends within a period: what lies below 40 Hz, no window before the transform, is 30 dB less
    than that of the hard cut, and the middle is as it was."""
    time = np.arange(4011) / RATE_HZ
    tone = 0.05 * np.cos(2 * np.pi * 210 * time + phase)

    made = copy_of(tone, unchanged, RATE_HZ, np.random.default_rng(0))

    slow = np.exp(-2j * np.pi * np.outer(np.arange(20), np.arange(4011)) / 4011)  # up to 38 Hz
    assert np.sum(np.abs(slow @ made) ** 2) < 1e-3 * np.sum(np.abs(slow @ tone) ** 2)
    assert abs(made.mean()) < 0.01 * abs(tone.mean())
    np.testing.assert_allclose(made[160:-160], tone[160:-160], atol=2e-3)


@pytest.mark.parametrize("n_samples", [1, 2, 3, 319, 320, 2000])
def test_the_fade_is_half_a_raised_cosine_at_either_end_and_short_clips_meet_in_the_middle(n_samples):
    n_fade = min(160, n_samples // 2)
    expected = [0.5 - 0.5 * np.cos(np.pi * (i + 0.5) / n_fade) for i in range(n_fade)]
    expected = [*expected, *[1.0] * (n_samples - 2 * n_fade), *expected[::-1]]

    np.testing.assert_allclose(faded(np.ones(n_samples), RATE_HZ), expected)


def test_what_is_beside_half_the_rate_is_taken_out_of_both():
    """A tone at 3.95 kHz that an attack adds stays no more than one that a recording has."""
    time = np.arange(8000) / RATE_HZ
    speech = 0.01 * np.sin(2 * np.pi * 500 * time)

    def whistling(samples, rate_hz, draw):
        return samples + 0.01 * np.sin(2 * np.pi * 3950 * np.arange(len(samples)) / rate_hz)

    for attack in (unchanged, whistling):
        made = copy_of(levelled(speech), attack, RATE_HZ, np.random.default_rng(0))
        power = np.abs(np.fft.rfft(made * np.hanning(8000))) ** 2
        assert power[3800:].sum() < 1e-6 * power.sum()


@pytest.mark.parametrize("n_samples", [30, 3000])
def test_an_attack_meets_the_mirror_image_of_the_sound_where_it_ends(n_samples):
    sound = np.random.default_rng(0).normal(0, 0.01, n_samples)
    met = []

    def listening(samples, rate_hz, draw):
        met.append(samples.copy())
        return samples

    made = copy_of(sound, listening, RATE_HZ, np.random.default_rng(0))

    ends = round(0.1 * RATE_HZ)
    last = n_samples - 1
    to_and_fro = [abs((place + last) % (2 * last) - last) for place in range(-ends, n_samples + ends)]
    np.testing.assert_array_equal(met[0], sound[to_and_fro])  # neither end is said twice
    assert len(made) == n_samples


def test_a_copy_has_the_polarity_of_its_recording():
    """Pulses upwards, and an attack that turns them over."""
    pulses = levelled(np.where(np.arange(4000) % 80 == 0, 0.5, 0.0))
    over = copy_of(pulses, lambda samples, rate_hz, draw: -samples, RATE_HZ, np.random.default_rng(0))

    np.testing.assert_array_equal(over, copy_of(pulses, unchanged, RATE_HZ, np.random.default_rng(0)))


def test_what_an_attack_does_beyond_the_ends_is_not_heard():
    sound = levelled(vowel_and_hiss())
    ends = round(0.1 * RATE_HZ)

    def late(samples, rate_hz, draw):
        samples = samples.copy()
        samples[: ends - 400] = samples[400 - ends :] = 0.05  # the filter rings so long
        return samples

    made, alone = (copy_of(sound, attack, RATE_HZ, np.random.default_rng(0)) for attack in (late, unchanged))
    assert np.abs(made - alone).max() < 0.005 * np.abs(alone).max()


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
