# tests/classical_baselines/augment/test_waveform_variation.py
import numpy as np
import pytest
import torch

from classical_baselines.augment.waveform import added_at_snr
from classical_baselines.augment.waveform_variation import WaveformVariation

RATE_HZ = 8000
EVERYTHING = WaveformVariation(
    pitch_shift_semitones=2.0,
    time_shift_seconds=0.02,
    room_rt60_seconds=(0.1, 0.3),
    noise_snr_db=(0.0, 20.0),
    noise_kinds=("white", "pink", "babble"),
)


def clips(n_clips=8, n_window=2000):
    waveforms = torch.randn(n_clips, n_window, generator=torch.Generator().manual_seed(0))
    n_samples = torch.arange(n_clips) % 12 * 100 + 900
    for clip, length in enumerate(n_samples.tolist()):
        waveforms[clip, length:] = 0
    return waveforms, n_samples


def varied(options, seed=0, n_clips=8):
    return WaveformVariation(**options)(*clips(n_clips), RATE_HZ, torch.Generator().manual_seed(seed))


def test_everything_at_once_is_drawn_by_the_seed_alone_and_leaves_the_clips_as_they_are():
    waveforms, n_samples = clips()
    before = waveforms.clone(), n_samples.clone()

    first = EVERYTHING(waveforms, n_samples, RATE_HZ, torch.Generator().manual_seed(1))
    again = EVERYTHING(waveforms, n_samples, RATE_HZ, torch.Generator().manual_seed(1))
    other = EVERYTHING(waveforms, n_samples, RATE_HZ, torch.Generator().manual_seed(2))

    assert torch.equal(waveforms, before[0])
    assert torch.equal(n_samples, before[1])
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])
    assert first[0].shape == waveforms.shape
    assert torch.isfinite(first[0]).all()
    for waveform, length in zip(*first, strict=True):
        assert (waveform[int(length) :] == 0).all()


def test_what_is_off_changes_nothing_and_draws_nothing():
    generator = torch.Generator().manual_seed(5)
    state = generator.get_state()
    waveforms, n_samples = clips()

    same, lengths = WaveformVariation()(waveforms, n_samples, RATE_HZ, generator)

    assert torch.equal(same, waveforms)
    assert torch.equal(lengths, n_samples)
    assert torch.equal(generator.get_state(), state)


@pytest.mark.parametrize("low, high", [(5.0, 5.0), (-3.0, 12.0)])
def test_every_clip_draws_its_ratio_within_the_range(low, high):
    waveforms, _ = clips(400)
    noisy, _ = varied({"noise_snr_db": (low, high), "noise_kinds": ("white", "pink", "babble")}, n_clips=400)

    added = (noisy - waveforms).double().square().sum(dim=1)
    ratio = 10 * np.log10(waveforms.double().square().sum(dim=1) / added)
    assert ((ratio > low - 1e-3) & (ratio < high + 1e-3)).all()
    assert ratio.mean().item() == pytest.approx((low + high) / 2, abs=0.7)
    assert low == high or ratio.std().item() == pytest.approx((high - low) / 12**0.5, rel=0.1)


@pytest.mark.parametrize(
    "options",
    [
        {"noise_snr_db": (5.0, 5.0), "noise_probability": 0.25},
        {"room_rt60_seconds": (0.2, 0.2), "room_probability": 0.25},
        {"pitch_shift_semitones": 0.5, "pitch_shift_probability": 0.375},  # one shift of three is none
    ],
)
def test_a_probability_is_the_share_of_the_clips_that_are_varied(options):
    waveforms, _ = clips(600)
    given_, _ = varied(options, n_clips=600)

    assert (given_ != waveforms).any(dim=1).double().mean().item() == pytest.approx(0.25, abs=0.05)


def test_a_change_of_every_clip_is_not_drawn_for_first():
    given_, _ = clips()
    noisy, _ = varied({"noise_snr_db": (3.0, 3.0)}, seed=7)

    generator = torch.Generator().manual_seed(7)
    torch.rand(8, generator=generator)  # ratios
    torch.randint(1, (8,), generator=generator)  # kinds
    noise = torch.randn(8, 2000, generator=generator)
    torch.testing.assert_close(noisy, added_at_snr(given_, noise, clips()[1], 3.0))


def test_a_dry_clip_keeps_its_length_beside_one_in_a_room():
    _, before = clips(100)
    wet, lengths = varied({"room_rt60_seconds": (0.05, 0.05), "room_probability": 0.5}, n_clips=100)
    is_dry = (wet == clips(100)[0]).all(dim=1)

    assert torch.equal(lengths[is_dry], before[is_dry])
    assert torch.equal(lengths[~is_dry], (before[~is_dry] + 399).clamp_max(2000))


def test_pitch_shifts_are_half_semitones_up_to_the_range_and_all_of_them_come_up(monkeypatch):
    from classical_baselines.augment import waveform_variation

    seen = set()
    monkeypatch.setattr(
        waveform_variation, "pitch_shifted", lambda waveforms, n, semitones, rate: seen.add(semitones) or waveforms
    )
    varied({"pitch_shift_semitones": 1.7}, n_clips=300)

    assert seen == {-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5}


def test_a_shift_in_seconds_is_one_in_samples():
    waveforms, _ = clips(200)
    moved, _ = varied({"time_shift_seconds": 0.0005}, n_clips=200)  # 4 samples

    first = [int((row != 0).nonzero()[0]) for row in moved]
    assert set(first) == {0, 1, 2, 3, 4}
    assert any(torch.equal(row[:-4], before[4:]) for row, before in zip(moved, waveforms, strict=True))
