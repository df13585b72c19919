# tests/conformance/test_quantum_encoders.py
"""What every state encoder of the registry keeps to."""

import pytest
import torch

from classical_baselines.harness.contracts import Encoder
from quantum.encoders import ENCODERS


@pytest.fixture(params=sorted(ENCODERS))
def encoder(request):
    return ENCODERS[request.param]()()


def test_it_gives_unit_states_of_its_shape_and_the_same_for_the_same_seed(encoder):
    intensity = torch.rand(4, 32, 63, generator=torch.Generator().manual_seed(0))
    intensity[3] = 0
    before = intensity.clone()

    states = encoder(intensity, torch.Generator().manual_seed(1))

    shape = encoder.shape(32, 63)
    assert isinstance(encoder, Encoder)
    assert shape.code == ("complex-state" if states.is_complex() else "state")
    assert states.shape == (4, shape.n_channels)
    torch.testing.assert_close(states.abs().square().sum(1), torch.ones(4))
    assert torch.equal(states, encoder(intensity, torch.Generator().manual_seed(1)))
    assert torch.equal(intensity, before)


def test_its_classical_work_is_counted_in_its_stage(encoder):
    intensity = torch.rand(2, 32, 64)
    counts = encoder.operations(intensity, encoder(intensity, torch.Generator()))

    assert counts.stages() == ("encoder",)
    assert counts.total("mac_fp32") + counts.total("multiply_fp32") > 0
