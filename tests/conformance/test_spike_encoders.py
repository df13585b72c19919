# tests/conformance/test_spike_encoders.py
"""Every spike encoder keeps the contract: shape, values, same draw for the same seed, input unchanged, counted."""

import pytest
import torch

from neuro.encoders import ENCODERS


@pytest.mark.parametrize("pool", [(1, 1), (2, 3)])
@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_an_encoder_keeps_the_contract(name, pool):
    encoder = ENCODERS[name]()(pool=pool)
    intensity = torch.rand(3, 8, 12, generator=torch.Generator().manual_seed(1))
    before = intensity.clone()
    encoded = encoder(intensity, torch.Generator().manual_seed(5))
    shape = encoder.shape(8, 12)

    assert encoded.shape == (shape.n_steps, 3, shape.n_channels)
    assert torch.equal(encoded, encoder(intensity, torch.Generator().manual_seed(5)))
    assert torch.equal(intensity, before)
    assert float(encoded.min()) >= 0 and float(encoded.max()) <= 1
    if shape.code == "spikes":
        assert set(encoded.unique().tolist()) <= {0.0, 1.0}
    assert encoder.operations(intensity, encoded).stages() == ("encoder",)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_an_encoder_refuses_decibels(name):
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        ENCODERS[name]()()(torch.full((1, 8, 12), -20.0), torch.Generator())
