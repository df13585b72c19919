# tests/neuro/encoders/test_spike_codes.py
"""The spike codes against plain Python, sums on paper and binomial bounds."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from neuro.encoders.centred_current import CentredCurrentEncoder
from neuro.encoders.direct_current import DirectCurrentEncoder
from neuro.encoders.latency import LatencyEncoder, latency_spikes
from neuro.encoders.rate import RateEncoder, rate_spikes
from neuro.encoders.send_on_delta import SendOnDeltaEncoder, send_on_delta_spikes

DOUBLE = torch.float64


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(2, 40))
def test_an_element_fires_once_at_the_step_its_intensity_names(values, n_steps):
    spikes = latency_spikes(torch.tensor([[values]], dtype=DOUBLE), n_steps)[:, 0]
    fired_at = [train.nonzero().flatten().tolist() for train in spikes.T]

    assert fired_at == [[round((1 - x) * (n_steps - 1))] if x else [] for x in values]


def test_an_intensity_up_to_silence_below_stays_silent():
    spikes = latency_spikes(torch.tensor([[[0.2, 0.21, 1.0]]], dtype=DOUBLE), 4, silence_below=0.2)

    assert spikes.sum(0).tolist() == [[0, 1, 1]]


def test_pooling_encodes_the_mean_and_counts_its_sums():
    intensity = torch.tensor([[[1.0, 0.0, 0.5, 0.5], [1.0, 0.0, 0.0, 0.0]]])  # means: 0.5 and 0.25
    encoder = LatencyEncoder(n_steps=5, pool=(2, 2))
    spikes = encoder(intensity, generator())
    counts = encoder.operations(intensity, spikes)

    assert spikes[:, 0].argmax(0).tolist() == [2, 3]  # (1 - 0.5) * 4 and (1 - 0.25) * 4
    assert encoder.shape(2, 4).grid == (1, 2)
    assert counts.counts["encoder", "pool", "add_fp32"] == 2 * 3
    assert counts.counts["encoder", "pool", "multiply_fp32"] == 2


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.02, 0.6))
def test_send_on_delta_follows_the_two_rules_of_its_docstring(levels, delta):
    expected, reference = [], 0.0
    for level in levels:
        on, off = level > reference + delta, level < reference - delta
        reference = reference + delta * (on - off)
        expected.append([float(on), float(off)])
    spikes = send_on_delta_spikes(torch.tensor([[levels]], dtype=DOUBLE), delta)

    assert spikes[:, 0].tolist() == expected


def test_send_on_delta_gives_on_bands_then_off_bands_and_counts_one_sum_per_spike():
    intensity = torch.tensor([[[0.5, 0.5, 0.0], [0.0, 0.0, 0.3]]])  # band 0 rises and falls, band 1 rises late
    encoder = SendOnDeltaEncoder(delta=0.25)
    spikes = encoder(intensity, generator())

    assert spikes[:, 0].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]]
    assert encoder.operations(intensity, spikes).total("add_fp32") == 2 * 2 * 3 + 2
    assert (encoder.shape(2, 3).grid, encoder.shape(2, 3).n_steps) == ((4,), 3)


def test_direct_current_repeats_the_nearest_of_256_levels():
    intensity = torch.tensor([[[0.1, 0.5], [0.9, 1.0]]], dtype=DOUBLE)
    levels = DirectCurrentEncoder(n_steps=3)(intensity, generator()) * 255

    torch.testing.assert_close(levels, torch.tensor([26.0, 128.0, 230.0, 255.0], dtype=DOUBLE).expand(3, 1, 4))


def test_centred_current_is_what_is_left_of_each_band_without_its_mean():
    intensity = np.random.default_rng(2).random((3, 4, 6))
    encoder = CentredCurrentEncoder(n_steps=2, pool=(1, 2))

    encoded = encoder(torch.from_numpy(intensity), torch.Generator())

    pooled = intensity.reshape(3, 4, 3, 2).mean(axis=3)
    levels = np.rint(127 * (pooled - pooled.mean(axis=2, keepdims=True))).reshape(3, 12)
    assert (255 * encoded[0].numpy()).round(9).tolist() == levels.tolist()
    assert torch.equal(encoded[0], encoded[1])
    louder = encoder(torch.from_numpy(intensity * 0.5 + np.array([0.1, 0.5, 0.0, 0.3])[:, None]), torch.Generator())
    half = encoder(torch.from_numpy(intensity * 0.5), torch.Generator())
    assert torch.equal(louder, half)  # what colours a whole band changes nothing


def test_centred_current_counts_a_mean_per_band_and_a_level_per_element():
    encoder = CentredCurrentEncoder(n_steps=2)
    given = torch.rand(1, 4, 6, generator=torch.Generator().manual_seed(0))
    counts = encoder.operations(given, encoder(given, torch.Generator()))
    # per band: 5 additions and a product for the mean; per element: a difference, a product, an addition that rounds
    assert counts.total("add_fp32") == 4 * 5 + 2 * 24
    assert counts.total("multiply_fp32") == 4 + 24


def test_direct_current_framewise_gives_each_frame_its_own_steps():
    intensity = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])  # two bands, two frames
    encoder = DirectCurrentEncoder(n_steps=2, framewise=True)

    assert encoder(intensity, generator())[:, 0].tolist() == [[0, 1], [0, 1], [1, 0], [1, 0]]
    assert (encoder.shape(2, 2).grid, encoder.shape(2, 2).n_steps) == ((2,), 4)


def test_the_rate_code_fires_at_max_rate_times_the_intensity():
    intensity = torch.tensor([[[0.0, 0.25, 1.0]]])
    n_steps = 20_000
    rates = rate_spikes(intensity, n_steps, 0.5, generator(3)).mean(0)[0]
    five_sigma = 5 * (0.25 / n_steps) ** 0.5  # a binomial share has at most this deviation

    assert rates[0] == 0
    assert rates[1:].tolist() == pytest.approx([0.125, 0.5], abs=five_sigma)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (lambda: LatencyEncoder(n_steps=1), "n_steps must be at least 2 and at most 1024; got 1"),
        (lambda: RateEncoder(n_steps=1025), "n_steps must be at least 1 and at most 1024; got 1025"),
        (lambda: DirectCurrentEncoder(n_steps=1025), "at most 1024; got 1025"),
        (lambda: LatencyEncoder(pool=(0, 1)), "pool must be two factors"),
        (lambda: LatencyEncoder(silence_below=1.0), "silence_below must lie in"),
        (lambda: SendOnDeltaEncoder(delta=0.0), "delta must lie between"),
        (lambda: RateEncoder(max_rate=1.5), "max_rate must lie in"),
    ],
)
def test_an_option_out_of_range_is_refused_with_its_limits(options, message):
    with pytest.raises(InputError, match=message):
        options()


def test_a_pool_larger_than_the_picture_is_refused():
    with pytest.raises(InputError, match="larger than the picture"):
        LatencyEncoder(pool=(4, 1))(torch.zeros(1, 2, 2), generator())
