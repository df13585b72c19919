"""A band that ends early, and a level that 16 bits hold badly."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.augment.recording_chain import low_passed, recorded_at
from classical_baselines.harness.choices import InputError

RATE = 8000


@pytest.mark.parametrize("tone_hz", [200, 900, 1000, 1100, 1500])
def test_a_tone_keeps_what_the_formula_says(tone_hz):
    seconds = np.arange(RATE) / RATE
    tone = torch.from_numpy(np.sin(2 * np.pi * tone_hz * seconds))[None]

    heard = low_passed(tone, torch.tensor([RATE]), 1000.0, RATE)[0].numpy()

    ratio = np.tan(np.pi * tone_hz / RATE) / np.tan(np.pi * 1000 / RATE)
    middle = slice(2000, 6000)
    reference = np.sin(2 * np.pi * tone_hz * seconds[middle])
    assert 2 * (heard[middle] * reference).mean() == pytest.approx(1 / (1 + ratio**16), abs=1e-6)
    assert 2 * (heard[middle] * np.cos(2 * np.pi * tone_hz * seconds[middle])).mean() == pytest.approx(0, abs=1e-6)


def test_nothing_is_heard_beyond_the_end_of_a_clip():
    noise = torch.randn(2, 800, generator=torch.Generator().manual_seed(0)) * (
        torch.arange(800) < torch.tensor([[300], [800]])
    )

    heard = low_passed(noise, torch.tensor([300, 800]), 500.0, RATE)

    assert (heard[0, 300:] == 0).all() and (heard[1, 700:] != 0).any()
    assert heard.dtype == noise.dtype


@pytest.mark.parametrize("cut_off_hz", [4000.0, 5000.0, 0.0])
def test_a_cut_off_that_the_rate_does_not_hold_is_refused(cut_off_hz):
    with pytest.raises(InputError, match=rf"below 4000 Hz, half of the sample rate; got {cut_off_hz:g} Hz"):
        low_passed(torch.zeros(1, 800), torch.tensor([800]), cut_off_hz, RATE)


def test_a_clip_shorter_than_the_filter_is_refused():
    with pytest.raises(InputError, match=r"A clip of 20 samples is too short .*, which needs more than 27"):
        low_passed(torch.zeros(1, 20), torch.tensor([20]), 1000.0, RATE)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=20), st.sampled_from([-40, -20, -6, 0, 6, 20, 40]))
def test_a_gain_is_that_of_a_converter_of_16_bits(steps, gain_db):
    heard = recorded_at(torch.tensor([steps], dtype=torch.float32) / 32768, gain_db)

    expected = [max(-32768, min(32767, round(step * 10 ** (gain_db / 20)))) for step in steps]
    assert (heard[0] * 32768).tolist() == expected


def test_no_gain_leaves_a_recording_as_it_is():
    waveforms = torch.randint(-32768, 32768, (2, 50), generator=torch.Generator().manual_seed(0)) / 32768

    assert torch.equal(recorded_at(waveforms, 0.0), waveforms)
