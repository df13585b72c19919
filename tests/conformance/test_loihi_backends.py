# tests/conformance/test_loihi_backends.py
"""What every backend of spiking networks keeps to."""

import pytest
import torch

from classical_baselines.harness.choices import build_options
from classical_baselines.harness.contracts import Trained
from neuro.classifiers.dense import DenseSnn
from neuro.encoders.latency import LatencyEncoder
from neuro.loihi import BACKENDS

OPTIONS = {name: {"n_clips": 2} for name in ("loihi-lava", "loihi-lava-membranes")}


@pytest.fixture(params=sorted(BACKENDS))
def backend(request):
    return build_options(BACKENDS[request.param](), OPTIONS.get(request.param, {}), what="backend")


def system():
    torch.manual_seed(0)
    encoder = LatencyEncoder(n_steps=6)
    network = DenseSnn(hidden=(12, 10)).build(encoder.shape(4, 8), 3)
    for _ in range(10):
        network(encoder(torch.rand(16, 4, 8), torch.Generator()))
    network.on_chip_grid.fill_(True)
    return Trained(encoder, network.eval(), torch.rand(4, 4, 8))


def test_it_gives_the_same_outcome_again_and_leaves_the_network_and_the_clips_as_they_were(backend):
    trained = system()
    weights = {name: value.clone() for name, value in trained.classifier.state_dict().items()}
    intensity = torch.rand(5, 4, 8, generator=torch.Generator().manual_seed(1))
    before = intensity.clone()

    first, again = (backend.run(trained, intensity, torch.Generator().manual_seed(7)) for _ in range(2))

    n_run = 5 if first.clip_indices is None else len(first.clip_indices)
    assert (first.logits.shape, first.logits.dtype) == ((n_run, 3), torch.float32)
    assert bool(torch.isfinite(first.logits).all()) and torch.equal(first.logits, again.logits)
    assert first.wall_seconds > 0
    assert first.counts.stages() == ("encoder", "network")
    assert dict(first.counts.counts) == dict(again.counts.counts)
    assert first.notes["n_parameters"] > 0 and first.notes == again.notes
    assert all(check.passed for check in first.checks)
    assert torch.equal(intensity, before)
    after = trained.classifier.state_dict()
    assert all(torch.equal(weights[name], after[name]) and after[name].dtype == weights[name].dtype for name in weights)


def test_no_clip_at_a_time_is_refused_with_the_option(backend):
    name = "n_clips" if hasattr(backend, "n_clips") else "batch_size"
    with pytest.raises(ValueError, match=f"{name} must be 1 or more; got 0"):
        type(backend)(**{name: 0})
