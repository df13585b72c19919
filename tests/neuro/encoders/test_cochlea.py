# tests/neuro/encoders/test_cochlea.py
"""The cochlea against scipy's filters, stage after stage, and a pulse generator in plain Python."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, freqz, lfilter

from classical_baselines.harness.choices import InputError
from neuro.encoders.cochlea import CochleaEncoder


def by_the_rule(encoder, waveform):
    """[step, 2 * band] of one clip."""
    n_steps = len(waveform) // encoder.hop
    spikes = np.zeros((n_steps, 2 * encoder.n_bands))
    signal = waveform[: n_steps * encoder.hop]
    corners = encoder.bands.corners_hz()
    for band in reversed(range(encoder.n_bands)):
        passed = lfilter(*butter(2, (corners[band] + corners[band + 1]) / 2, fs=encoder.sample_rate_hz), signal)
        charge = 0.0
        for n, difference in enumerate(signal - passed):
            charge += abs(difference)
            if charge >= encoder.threshold:
                charge -= encoder.threshold
                spikes[n // encoder.hop, band + (encoder.n_bands if difference < 0 else 0)] = 1
        signal = passed
    return spikes


@pytest.mark.parametrize("hop", [3, 16, 50, 128])  # shorter and longer than the cascade
@pytest.mark.parametrize("n_bands", [1, 7, 32])
def test_spikes_are_those_of_filters_one_after_the_other(hop, n_bands):
    encoder = CochleaEncoder(n_bands=n_bands, hop=hop, threshold=0.7)
    waveform = torch.rand(2, 1, 1000, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1
    encoded = encoder(waveform, torch.Generator())

    for clip in range(2):
        assert np.array_equal(encoded[:, clip].numpy(), by_the_rule(encoder, waveform[clip, 0].numpy()))


def test_a_tone_fires_the_bands_that_the_filters_responses_name():
    encoder = CochleaEncoder()
    seconds = torch.arange(8000, dtype=torch.float64) / 8000
    for band in (4, 15, 27):
        frequency = float(encoder.bands.centres_hz()[band])
        # what a stage takes away at this frequency: the product of the stages before it, times 1 minus its own
        left, taken = 1.0, {}
        for stage, coefficients in enumerate(encoder.filters().T):
            passed = freqz(coefficients[:3], [1, *coefficients[3:]], worN=[frequency], fs=8000)[1][0]
            taken[31 - stage], left = abs(left * (1 - passed)) * 8000 * 2 / np.pi, left * passed
        tone = torch.sin(2 * torch.pi * frequency * seconds)[None, None]
        threshold = 0.7 * max(taken.values())
        fired = CochleaEncoder(threshold=threshold, hop=8000)(tone, torch.Generator())
        fired = fired[0, 0].unflatten(0, (2, 32)).any(0).tolist()

        sure = {band: sum_of > threshold for band, sum_of in taken.items() if abs(sum_of / threshold - 1) > 0.05}
        assert {band: fired[band] for band in sure} == sure
        assert 1 <= sum(sure.values()) < 20


def test_digital_silence_fires_nothing_and_is_not_slow():
    waveform = torch.zeros(1, 1, 80_000)
    waveform[..., :100] = 1.0
    encoded = CochleaEncoder(hop=100)(waveform, torch.Generator())

    assert encoded[:4].sum() > 0
    assert encoded[200:].sum() == 0


def test_counts_are_those_of_every_sample_and_stage():
    encoder = CochleaEncoder(n_bands=10, hop=100)
    waveform = torch.rand(1, 1, 1050)
    counts = encoder.operations(waveform, encoder(waveform, torch.Generator()))

    assert (encoder.shape(1, 1050).n_steps, encoder.shape(1, 1050).grid) == (10, (20,))
    assert counts.total("mac_fp32") == 4 * 1000 * 10
    assert counts.total("multiply_fp32") == 1000 * 10
    assert (counts.total("add_fp32"), counts.total("compare_fp32")) == (30_000, 30_000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.0}, "threshold must be positive; got 0"),
        ({"low_hz": 0.0}, "0 < low_hz < high_hz < 4000 "),
        ({"sample_rate_hz": 0}, "sample_rate_hz must be 1 to"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        CochleaEncoder(**options)
