# tests/classical_baselines/augment/test_room.py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import fftconvolve

from classical_baselines.augment.room import reverberated, room_responses

RATE_HZ = 8000


def responses(rt60, direct_db=5.0, n=20, seed=0):
    shape = torch.full((n,), 1.0)
    return room_responses(rt60 * shape, direct_db * shape, RATE_HZ, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("rt60", [0.2, 0.5, 1.0])
def test_the_sound_has_fallen_by_60_decibels_after_rt60_by_schroeders_integral(rt60):
    tail = responses(rt60, n=60)[:, 1:].numpy().astype(float)
    left = np.cumsum((tail**2).mean(axis=0)[::-1])[::-1]
    level = 10 * np.log10(left / left[0])
    fit = (level < -5) & (level > -25)  # T20 of ISO 3382
    slope, _ = np.polyfit(np.arange(len(level))[fit] / RATE_HZ, level[fit], 1)

    assert -60 / slope == pytest.approx(rt60, rel=0.03)
    assert tail.shape[1] == round(rt60 * RATE_HZ) - 1


@pytest.mark.parametrize("direct_db", [0.0, 6.0, 12.0])
def test_the_direct_sound_is_one_and_stands_above_the_rest_by_its_decibels(direct_db):
    given_ = responses(0.3, direct_db)

    assert (given_[:, 0] == 1).all()
    rest = given_[:, 1:].double().square().sum(dim=1)
    np.testing.assert_allclose(-10 * np.log10(rest), direct_db, atol=1e-4)


def test_each_clip_has_a_room_of_its_own_that_ends_after_its_own_rt60():
    made = room_responses(torch.tensor([0.1, 0.4]), torch.tensor([3.0, 3.0]), RATE_HZ, torch.Generator().manual_seed(0))

    assert made.shape == (2, 3200)
    assert (made[0, 800:] == 0).all()
    assert made[0, 799] != 0
    assert made[1, 3199] != 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=4), st.integers(2, 700), st.integers(0, 2**31))
def test_a_clip_is_scipys_convolution_at_the_level_that_it_had(lengths, n_response, seed):
    generator = torch.Generator().manual_seed(seed)
    waveforms = torch.randn(len(lengths), 500, generator=generator, dtype=torch.float64)
    n_samples = torch.tensor(lengths)
    given_ = torch.randn(len(lengths), n_response, generator=generator, dtype=torch.float64)
    before = waveforms.clone()

    wet, ends = reverberated(waveforms, n_samples, given_)

    assert torch.equal(waveforms, before)
    for clip, length in enumerate(lengths):
        dry = waveforms[clip, :length].numpy()
        whole = fftconvolve(dry, given_[clip].numpy())
        expected = whole * np.sqrt(np.sum(dry**2) / np.sum(whole[:length] ** 2))
        end = min(500, length + n_response - 1)
        assert int(ends[clip]) == end
        np.testing.assert_allclose(wet[clip, :end].numpy(), expected[:end], atol=1e-8 * np.abs(expected).max())
        assert (wet[clip, end:] == 0).all()
        assert wet[clip, :length].square().mean().item() == pytest.approx(np.mean(dry**2))


def test_a_silent_clip_and_an_empty_one_stay_silent():
    wet, _ = reverberated(torch.zeros(2, 100), torch.tensor([100, 0]), responses(0.1, n=2))

    assert (wet == 0).all()
