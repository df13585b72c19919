"""What two ears hear, against closed forms, numpy's convolution and sums on paper."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.binaural.ears import interleaved, parted
from classical_baselines.data.binaural.made_rooms import in_made_room
from classical_baselines.data.binaural.rendering import at_both_ears, heard, levelled, loudest
from classical_baselines.data.binaural.scaled_heads import scaled
from classical_baselines.harness.choices import InputError


def noise(n_samples, seed=0):
    return np.random.default_rng(seed).standard_normal(n_samples)


def taps(*places, gain=1.0, n_taps=40):
    response = np.zeros(n_taps)
    response[list(places)] = gain
    return response


def test_a_response_of_two_pulses_delays_and_weakens_the_far_ear_by_what_it_says():
    ir = np.stack([taps(3), taps(11, gain=0.5)])

    left, right = heard(noise(8000), ir, 4000, 16000, np.random.default_rng(1))

    # right is left, eight samples later and half as strong
    np.testing.assert_allclose(right[8:], 0.5 * left[:-8], atol=4 / 32768)


def test_an_ear_hears_the_convolution():
    samples, ir = noise(500), np.stack([noise(60, 1), noise(60, 2)])

    both = at_both_ears(samples, ir)

    np.testing.assert_allclose(both, [np.convolve(samples, one) for one in ir], atol=1e-10)


@given(st.floats(1e-4, 1e4), st.integers(0, 9))
def test_one_factor_levels_both_ears_so_their_difference_stays(gain, seed):
    ir = np.stack([taps(3), taps(9, gain=0.25)])
    quiet, loud = (levelled(at_both_ears(noise(2000, seed), ir * one)) for one in (1.0, gain))

    np.testing.assert_allclose(quiet, loud, rtol=1e-9, atol=1e-12)
    assert np.sqrt((loud**2).mean()) <= 10 ** (-26 / 20) * (1 + 1e-12)
    assert np.abs(loud).max() < 1
    difference_db = 10 * np.log10((loud[0] ** 2).sum() / (loud[1] ** 2).sum())
    assert difference_db == pytest.approx(20 * np.log10(4), abs=1e-6)


def test_silence_stays_silent_but_for_the_noise_of_the_ears():
    both = heard(np.zeros(1000), np.stack([taps(0), taps(1)]), 500, 16000, np.random.default_rng(0))

    assert 0 < np.abs(both).max() <= 1 / 32768


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40), st.integers(1, 50))
def test_the_loudest_part_is_that_of_the_largest_sum_of_squares(values, n_samples):
    samples = np.array(values, dtype=float)
    energies = [(samples[i : i + n_samples] ** 2).sum() for i in range(max(1, len(values) - n_samples + 1))]

    part = loudest(samples, n_samples)

    first = int(np.argmax(energies))
    assert part.tolist() == samples[first : first + n_samples].tolist()


def test_samples_of_the_ears_take_turns_and_come_apart_again():
    both = torch.arange(24.0).reshape(3, 2, 4)

    waveform = interleaved(both)

    assert waveform[1].tolist() == [8, 12, 9, 13, 10, 14, 11, 15]
    assert torch.equal(parted(waveform), both)
    with pytest.raises(InputError, match="at least 2 samples"):
        parted(waveform[:, :1])


def test_a_larger_head_hears_later_and_lower():
    at = np.arange(400)
    pulse = np.exp(-((at - 100.0) ** 2) / 200)  # a smooth pulse at sample 100

    stretched = scaled(np.stack([pulse, np.roll(pulse, 20)]), 1.2)

    # the centre moves to 1.2 x 100, and the delay of 20 samples becomes 24
    centres = [(np.arange(len(one)) * one).sum() / one.sum() for one in stretched]
    assert centres[0] == pytest.approx(120, abs=0.05)
    assert centres[1] - centres[0] == pytest.approx(24, abs=0.05)
    assert scaled(pulse, 1.0) is pulse
    with pytest.raises(InputError, match=r"a head is scaled by 0\.5 to 2; got 3\."):
        scaled(pulse, 3.0)


@given(st.integers(0, 20))
def test_a_made_room_decays_as_it_should(seed):
    ir = np.zeros((2, 60))
    ir[:, 5] = 1.0, 0.5
    around = np.random.default_rng(99).standard_normal((7, 2, 20))
    room = in_made_room(ir, around, 16000, np.random.default_rng(seed))

    np.testing.assert_array_equal(room[:, :48], ir[:, :48])  # 3 ms
    tail = room[:, 48:] - np.pad(ir, ((0, 0), (0, room.shape[1] - 60)))[:, 48:]
    assert -0.01 < 10 * np.log10(1.25 / (tail**2).sum()) < 12.01
    t60 = (room.shape[1] - 48 - 20) / 16000
    assert 0.2 - 1e-4 <= t60 <= 0.6 + 1e-4
    first, last = (10 * np.log10((part**2).mean()) for part in np.split(tail[:, : tail.shape[1] // 2 * 2], 2, axis=1))
    assert first - last == pytest.approx(30, abs=5)  # half of 60 dB in half of the time, of 100 to 300 echoes each


@given(st.integers(0, 20))
def test_an_echo_comes_through_the_ears_from_its_own_side(seed):
    ir = np.stack([taps(5, n_taps=30), taps(5, n_taps=30)])
    left_of, right_of = np.stack([taps(2), taps(9, gain=0.5)]), np.stack([taps(9, gain=0.5), taps(2)])

    left, right = in_made_room(ir, left_of[None], 16000, np.random.default_rng(seed))[:, 40:]
    np.testing.assert_allclose(right[7:], 0.5 * left[:-7], atol=1e-12)

    both = in_made_room(ir, np.stack([left_of, right_of]), 16000, np.random.default_rng(seed))[:, 40:]
    level_db = 10 * np.log10((both**2).sum(axis=1))
    assert abs(level_db[0] - level_db[1]) < 4  # from both sides alike, where one side alone differs by 6 dB
