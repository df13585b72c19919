# tests/neuro/encoders/test_population.py
"""The population code against Gaussians of scipy, and its decoder against what was encoded."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from classical_baselines.harness.choices import InputError, UnknownChoiceError
from neuro.encoders.population import PopulationEncoder


def test_responses_are_gaussians_at_the_places_and_of_the_width_of_bohte():
    encoder = PopulationEncoder(n_fields=6, silence_below=1e-30)
    levels = np.linspace(0, 1, 11)
    answered = encoder.responses(torch.tensor(levels)[None, None])[0, :, 0].numpy()

    for number in range(1, 7):  # Bohte et al. count from 1: place (2 i - 3) / 2 of the range over (m - 2)
        place, width = (2 * number - 3) / 2 / (6 - 2), 1 / (1.5 * (6 - 2))
        field = norm(place, width)
        np.testing.assert_allclose(answered[number - 1], field.pdf(levels) / field.pdf(place), rtol=1e-6)


def test_a_latency_tells_the_response_and_a_weak_one_stays_silent():
    encoder = PopulationEncoder(n_fields=4, n_steps=11, silence_below=0.1)
    intensity = torch.tensor([[[0.0, 0.37], [0.8, 1.0]]], dtype=torch.float64)
    encoded = encoder(intensity, torch.Generator()).unflatten(2, (4, 2, 2))

    for mel, frame in np.ndindex(2, 2):
        for field in range(4):
            response = np.exp(-((float(intensity[0, mel, frame]) - (field - 0.5) / 2) ** 2) / 2 * (1.5 * 2) ** 2)
            fired = encoded[:, 0, field, mel, frame].nonzero().flatten().tolist()
            assert fired == ([] if response < 0.1 else [round((1 - response) * 10)])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.integers(3, 9))
def test_an_intensity_is_read_back_to_within_a_step(levels, n_fields):
    encoder = PopulationEncoder(n_fields=n_fields, n_steps=512)
    intensity = torch.tensor([[levels]], dtype=torch.float64)
    decoded = encoder.decoded(encoder(intensity, torch.Generator()), 1, len(levels))

    assert float((decoded - intensity).abs().max()) < 0.02 / (n_fields - 2)


def test_a_rate_tells_the_response_within_five_deviations():
    encoder = PopulationEncoder(n_fields=4, spoken_as="rate", n_steps=1024, max_rate=0.5)
    intensity = torch.tensor([[[0.1, 0.5, 0.9]]]).expand(40, -1, -1).contiguous()
    encoded = encoder(intensity, torch.Generator().manual_seed(4))
    expected = 0.5 * encoder.responses(intensity)[0].flatten()

    assert encoded.mean((0, 1)).tolist() == pytest.approx(expected.tolist(), abs=5 * (0.25 / (40 * 1024)) ** 0.5)
    assert float((encoder.decoded(encoded, 1, 3) - intensity).abs().max()) < 0.06


def test_each_field_costs_a_gaussian_and_its_latency_or_its_draws():
    intensity = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(1))
    n_neurons = 5 * 12
    for spoken_as, multiplies, adds, compares in (("latency", 3, 2, 1), ("rate", 3 + 8, 1 + 8, 1 + 8)):
        encoder = PopulationEncoder(spoken_as=spoken_as, n_steps=8)
        counts = encoder.operations(intensity, encoder(intensity, torch.Generator().manual_seed(0)))
        assert counts.total("transcendental_fp32") == n_neurons
        assert counts.total("multiply_fp32") == multiplies * n_neurons
        assert counts.total("add_fp32") == adds * n_neurons
        assert counts.total("compare_fp32") == compares * n_neurons


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_fields": 2}, "n_fields must be 3 to 64; got 2"),
        ({"overlap": 9.0}, "overlap must lie in"),
        ({"silence_below": 0.0}, "silence_below must lie between"),
        ({"max_rate": 0.0}, "max_rate must lie in"),
        ({"n_steps": 1}, "n_steps must be at least 2"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        PopulationEncoder(**options)


def test_an_unknown_way_to_speak_is_refused_with_the_known_ones():
    with pytest.raises(UnknownChoiceError, match=r"No spoken_as is called .phase.\. Choose one of: latency, rate"):
        PopulationEncoder(spoken_as="phase")
