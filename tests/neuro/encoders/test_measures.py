# tests/neuro/encoders/test_measures.py
"""What a code costs and keeps, against sums on paper and scipy's entropy."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import bernoulli

from classical_baselines.harness.choices import InputError
from neuro.encoders.direct_current import DirectCurrentEncoder
from neuro.encoders.latency import LatencyEncoder
from neuro.encoders.measures import CodeMeter, binary_entropy
from neuro.encoders.rate import RateEncoder
from neuro.encoders.send_on_delta import SendOnDeltaEncoder


def measured(encoder, intensity, batches=1):
    meter = CodeMeter(encoder)
    generator = torch.Generator().manual_seed(7)
    for part in intensity.chunk(batches):
        meter.add(part, encoder(part, generator))
    return meter.measures()


def test_spikes_bits_and_error_of_a_picture_on_paper():
    intensity = torch.tensor([[[0.0, 0.5, 1.0], [0.3, 0.0, 0.0]]], dtype=torch.float64)
    measures = measured(LatencyEncoder(n_steps=5), intensity)  # 6 channels; 0.3 is told as 0.25

    assert (measures.n_channels, measures.spikes_per_clip, measures.spikes_per_second(0.5)) == (6, 3, 6)
    assert (measures.bits_per_clip, measures.bits_per_second(0.5)) == (3 * 3, 6 * 3)
    assert measures.entropy_bits_per_clip == pytest.approx(3 * 5 * bernoulli(0.2).entropy() / math.log(2))
    assert measures.relative_rms_error == pytest.approx(0.05 / math.sqrt(0.25 + 1 + 0.09))
    assert measures.signal_to_noise_decibels == pytest.approx(20 * math.log10(math.sqrt(1.34) / 0.05))


def test_batches_are_one_set():
    intensity = torch.rand(12, 4, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    encoder = SendOnDeltaEncoder()

    assert vars(measured(encoder, intensity, batches=4)) == pytest.approx(vars(measured(encoder, intensity)))


def test_entropy_is_that_of_scipy_and_nothing_at_certainty():
    probability = np.array([0.0, 0.1, 0.5, 0.97, 1.0])

    np.testing.assert_allclose(
        binary_entropy(torch.from_numpy(probability)).numpy(), bernoulli(probability).entropy() / np.log(2), atol=1e-12
    )


def test_a_graded_event_carries_eight_bits_more_and_has_no_entropy_of_spikes():
    measures = measured(DirectCurrentEncoder(n_steps=2), torch.full((3, 2, 4), 0.5))

    assert measures.spikes_per_clip == 16
    assert measures.bits_per_clip == 16 * (3 + 8)
    assert measures.entropy_bits_per_clip is None
    assert measures.relative_rms_error == pytest.approx((128 / 255 - 0.5) / 0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("encoder", "tolerance"),
    [
        (LatencyEncoder(n_steps=64), 0.5 / 63),
        (DirectCurrentEncoder(), 0.5 / 255),
        (DirectCurrentEncoder(framewise=True), 0.5 / 255),
        (RateEncoder(n_steps=1024, max_rate=1.0), 5 * 0.5 / 32),
    ],
)
def test_what_is_decoded_lies_within_the_codes_own_step(encoder, tolerance):
    intensity = torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(3))
    decoded = encoder.decoded(encoder(intensity, torch.Generator().manual_seed(4)), 4, 5)

    assert float((decoded - intensity).abs().max()) <= tolerance + 1e-6


def test_send_on_delta_is_decoded_as_its_own_reference():
    ramp = torch.linspace(0, 1, 30, dtype=torch.float64)[None, None]
    encoder = SendOnDeltaEncoder(delta=0.1)
    decoded = encoder.decoded(encoder(ramp, torch.Generator()), 1, 30)

    assert float((decoded - ramp).abs().max()) <= 0.1 + 1e-12


def test_what_cannot_be_measured_is_refused_or_none():
    silent = measured(LatencyEncoder(), torch.zeros(2, 3, 4))

    assert (silent.spikes_per_clip, silent.relative_rms_error, silent.signal_to_noise_decibels) == (0, None, None)
    with pytest.raises(InputError, match="No clip was added"):
        CodeMeter(LatencyEncoder()).measures()
