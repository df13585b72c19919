# tests/classical_baselines/front_ends/test_plain_numbers.py
"""Against scipy's moments, numpy's spectrum under its own Hann window, and tones whose levels are known."""

import numpy as np
import pytest
import scipy.signal
import scipy.stats
import torch

from classical_baselines.front_ends.plain_numbers import FEATURE_NAMES, PlainNumbers
from classical_baselines.harness.choices import InputError

RATE_HZ = 8000


def numbers_of(samples, n_window=None, **options):
    """By name, of one clip of doubles, silent up to the window's end."""
    window = np.zeros((1, n_window or len(samples)))
    window[0, : len(samples)] = samples
    found = PlainNumbers(**options)(torch.tensor(window), torch.tensor([len(samples)]), RATE_HZ)
    assert found.shape == (1, len(FEATURE_NAMES), 1)
    return dict(zip(FEATURE_NAMES, found[0, :, 0].tolist(), strict=True))


def test_skewness_crest_and_ends_are_those_of_scipy_and_numpy():
    samples = np.random.default_rng(0).exponential(size=3000) ** 1.5
    samples[-240:] *= 0.1
    found = numbers_of(-samples)

    about_mean = samples - samples.mean()
    assert found["skewness"] == pytest.approx(-scipy.stats.skew(samples))
    assert found["skewness-magnitude"] == pytest.approx(scipy.stats.skew(samples))
    for name, part in (("first", about_mean[:240]), ("last", about_mean[-240:])):
        assert found[name] == pytest.approx(10 * np.log10(np.mean(part**2) / samples.var()))
    assert found["crest"] == pytest.approx(20 * np.log10(np.abs(about_mean).max() / samples.std()))


def test_shares_of_power_are_those_of_a_periodogram_under_a_hann_window():
    """scipy's periodic window lies half a sample beside ours: a band of noise moves by hundredths of a dB."""
    samples = np.random.default_rng(1).standard_normal(4096)
    hz, power = scipy.signal.periodogram(samples, RATE_HZ, window="hann", detrend="constant", scaling="spectrum")
    found = numbers_of(samples, low_hz=200.0, high_share=0.9)

    assert found["low"] == pytest.approx(10 * np.log10(power[hz < 200].sum() / power.sum()), abs=0.2)
    assert found["high"] == pytest.approx(10 * np.log10(power[hz >= 3600].sum() / power.sum()), abs=0.2)


def test_tones_of_known_power_stand_in_their_bands_and_the_cut_of_a_clip_in_none():
    """Amplitudes 1, 0.1 and 0.01 at 500, 40 and 3,900 Hz: -20 and -40 dB, whatever phase the clip is cut at."""
    time = np.arange(5001) / RATE_HZ
    tones = [a * np.sin(2 * np.pi * hz * time + 0.7) for a, hz in ((1, 500), (0.1, 40), (0.01, 3900))]

    found, alone = numbers_of(sum(tones), 8064), numbers_of(tones[0])

    assert found["low"] == pytest.approx(-20, abs=0.1)
    assert found["high"] == pytest.approx(-40, abs=0.1)
    assert alone["crest"] == pytest.approx(10 * np.log10(2), abs=0.05)
    assert max(alone["low"], alone["high"]) < -80


def test_what_lies_beyond_the_clip_gain_and_a_constant_change_nothing():
    samples = np.random.default_rng(2).standard_normal(2000)

    first = numbers_of(samples, 4096)

    of_itself = numbers_of(samples)  # but for the bins, which are as many as the window asks for
    assert [first[name] for name in FEATURE_NAMES[:5]] == pytest.approx([of_itself[name] for name in FEATURE_NAMES[:5]])
    assert numbers_of(0.01 * samples + 0.3, 4096) == pytest.approx(first, abs=1e-6)
    beyond = torch.tensor(np.concatenate([samples, np.full(2096, 7.0)])[None])
    found = PlainNumbers()(beyond, torch.tensor([2000]), RATE_HZ)
    assert found[0, :, 0].tolist() == pytest.approx(list(first.values()))


@pytest.mark.parametrize("n_samples", [1, 5, 100])
def test_silence_and_clips_shorter_than_an_end_have_finite_numbers(n_samples):
    silent = numbers_of(np.zeros(n_samples), 400)
    assert silent == pytest.approx({name: 0.0 if "skew" in name else -120.0 for name in FEATURE_NAMES})
    assert np.isfinite(list(numbers_of(np.arange(n_samples) % 3, 400).values())).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"end_seconds": 0.0}, "end_seconds must be greater than 0 and finite; got 0.0"),
        ({"low_hz": float("inf")}, "low_hz must be greater than 0 and finite; got inf"),
        ({"high_share": 1.0}, "high_share must lie between 0 and 1; got 1.0"),
        ({"low_hz": 4000.0}, "low_hz must lie below half the sample rate, 4000 Hz; got 4000.0"),
    ],
)
def test_options_without_meaning_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        numbers_of(np.ones(100), **options)
