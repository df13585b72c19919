"""Coincidences against counts of crossings by numpy, and delays that are known."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from classical_baselines.harness.choices import InputError
from neuro.encoders.coincidence import CoincidenceEncoder


def tones(delay, hertz=400.0, n_samples=8000):
    """A tone that comes to the right ear so many samples after the left: [1, 2, sample]."""
    at = np.arange(n_samples)
    ears = [np.sin(2 * np.pi * hertz * (at - late) / 16000) for late in (0, delay)]
    return torch.tensor(np.stack(ears), dtype=torch.float64)[None]


@pytest.mark.parametrize("delay", [-14, -3, 0, 8])
def test_the_detector_of_the_delay_fires_in_the_band_of_the_tone(delay):
    encoder = CoincidenceEncoder(shares=(0.8,), width=0)
    band = int(np.argmin(np.abs(encoder.bands.centres_hz() - 400)))

    spikes = encoder(tones(delay), torch.Generator())[:, 0].unflatten(1, (12, 33))

    late = spikes[2:, band].mean(dim=0)  # once the filters have settled
    assert float(late[16 + delay]) == 1
    assert float(late.sum()) == 1


def test_pairs_are_those_of_crossings_that_numpy_finds():
    encoder = CoincidenceEncoder(n_bands=3, longest_delay=5, width=1, hop=400, floor=1e-12)
    samples = torch.randn(1, 2, 2000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    pairs, n_spikes = encoder._heard(samples)

    expected, n_expected = np.zeros_like(pairs[0]), [0, 0]
    for band, filters in enumerate(encoder.filters().T):
        times = []
        for ear in (0, 1):
            y = lfilter(filters[:3], [1, *filters[3:]], samples[0, ear].numpy())
            times.append(np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0)) + 1)
            n_expected[ear] += len(times[-1])
        for left in times[0]:
            for right in times[1]:
                for d in range(-5, 6):
                    expected[max(left, right) // 400, band, d + 5] += abs(right - left - d) <= 1
    np.testing.assert_array_equal(pairs[0], expected)
    assert n_spikes[0].tolist() == n_expected


def test_what_it_takes_follows_the_spikes():
    encoder = CoincidenceEncoder()
    quiet, loud = torch.zeros(1, 2, 8000), tones(3).float()
    counts = [encoder.operations(one, encoder(one, torch.Generator())) for one in (quiet, loud)]

    _, n_spikes = encoder._heard(loud)
    more = counts[1].total("add_int32") - counts[0].total("add_int32")
    assert more == 2 * 35 * n_spikes.sum() > 0
    assert counts[0].total("mac_fp32") == counts[1].total("mac_fp32") == 4 * 2 * 8000 * 12


def test_what_is_no_clip_of_two_ears_is_refused():
    with pytest.raises(InputError, match=r"coincidence reads samples of two ears.*Choose the front end 'two-ears'"):
        CoincidenceEncoder().shape(1, 8000)
    with pytest.raises(InputError, match="at least a hop of 500 samples; got 300"):
        CoincidenceEncoder().shape(2, 300)
    for options, said in (
        ({"longest_delay": 0}, "longest_delay must be 1 to 256"),
        ({"shares": (0.0,)}, "shares must lie in"),
        ({"high_hz": 9000.0}, "high_hz < 8000"),
    ):
        with pytest.raises(InputError, match=said):
            CoincidenceEncoder(**options)
