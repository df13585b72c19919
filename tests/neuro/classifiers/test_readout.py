"""Readouts whose sums the chip could not hold at the finest scale, against sums of floats and against Lava."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers.dense import DenseSnn
from neuro.classifiers.ternary import TernarySnn
from neuro.interchange.plain_integers import same_network
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import verify_against_lava
from neuro.loihi.quantise import quantised
from neuro.loihi.saturation import readouts_saturated

N_STEPS, N_CLASSES, N_HIDDEN = 96, 4, 60
LIMIT = (2**17 - 1) * 64  # a potential beyond it fires


def eager_network(readout_weights, n_steps=N_STEPS, options=DenseSnn):
    """All hidden neurons fire in every step, by their biases alone."""
    torch.manual_seed(0)
    network = options(hidden=(N_HIDDEN,), dropout=0.0).build(EncodedShape("spikes", (5,), n_steps), N_CLASSES)
    with torch.no_grad():
        network.layers[0].norm.bias.fill_(3.0)
        network.layers[0].norm.weight.fill_(0.1)
        network.readout.weights.weight.copy_(readout_weights)
        network.readout.bias.copy_(torch.tensor([0.3, -0.2, 0.0, 0.1]))
    return network


def largest_weights():
    """Classes whose sums only rise, only fall, rise by half of that, and hardly move."""
    sizes = 0.8 + 0.4 * torch.rand(N_CLASSES, N_HIDDEN, generator=torch.Generator().manual_seed(2))
    return torch.tensor([[1.0], [-1.0], [0.5], [0.01]]) * sizes


def clips(n_steps=N_STEPS, n_clips=3):
    return (torch.rand(n_steps, n_clips, 5, generator=torch.Generator().manual_seed(1)) < 0.3).float()


@torch.no_grad()
def as_trained(network, encoded):
    """As the last epoch leaves it, on the chip's grid."""
    network.start_epoch(3, 4)
    network.train()(encoded)
    return network.eval()


@pytest.mark.parametrize("options", [DenseSnn, TernarySnn])
@torch.no_grad()
def test_sums_of_the_largest_weights_over_many_steps_are_those_of_floats(options):
    network, encoded = as_trained(eager_network(largest_weights(), options=options), clips()), clips(n_clips=5)
    integers = quantised(network)
    record = emulate(integers, encoded)
    weight = network.readout.weights.weight.double().numpy()
    sums = N_STEPS * (weight.sum(axis=1) + network.readout.bias.double().numpy())  # every neuron, every step

    assert all(spikes.all() for spikes in record.spikes[:-1]) and not record.spikes[-1].any()
    assert readouts_saturated(integers, record) == 0
    found = record.readout_potentials * integers.readout_gain / 4  # 4: the gain of logits
    # weights lie on a grid of 2 of LIMIT / 64 / 2 / max |sum|: half a step for each spike, and as much for the bias
    grid = 2 * np.abs(sums).max() / (LIMIT / 64 / 2)
    assert np.abs(found - sums).max() <= grid / 2 * N_STEPS * (N_HIDDEN + 1)
    assert np.abs(found - sums).max() < 0.02 * np.abs(sums).max()
    assert 0.49 < np.abs(record.readout_potentials).max() / LIMIT < 0.51

    network.readout.peak.zero_()  # the finest scale, at which the sums do not fit
    finest = quantised(network)
    assert np.abs(finest.layers[-1].weights).max() == 254 > np.abs(integers.layers[-1].weights).max()
    assert readouts_saturated(finest, emulate(finest, encoded)) == 3  # of the four classes, those of large weights


@torch.no_grad()
def test_a_readout_with_room_equals_lava_over_many_steps():
    network = as_trained(eager_network(largest_weights()), clips())
    check = verify_against_lava(quantised(network), clips(n_clips=2))
    assert check.passed, check.details


@torch.no_grad()
def test_a_network_that_stays_below_half_of_the_limit_keeps_its_integers():
    network = eager_network(largest_weights(), n_steps=4)
    before = quantised(network.eval())
    as_trained(network, clips(4))
    after, record = quantised(network), emulate(quantised(network), clips(4))

    assert float(network.readout.peak) > 0
    assert 0.01 < np.abs(record.readout_potentials).max() / LIMIT < 0.5
    assert same_network(before, after)


@torch.no_grad()
def test_the_scale_that_training_met_is_stored_and_older_weights_keep_theirs():
    network = as_trained(eager_network(largest_weights()), clips())
    stored = dict(network.state_dict())
    again = eager_network(largest_weights()).eval()
    again.load_state_dict(stored)
    assert same_network(quantised(again), quantised(network))

    del stored["readout.peak"]  # as before it was kept
    again.load_state_dict(stored)
    assert float(again.readout.peak) == 0
    assert np.abs(quantised(again).layers[-1].weights).max() == 254


@torch.no_grad()
def test_training_on_the_grid_has_the_scale_of_the_integers():
    network = as_trained(eager_network(largest_weights()), clips())
    rounded, _ = network.readout.rounded(1.0, 1)
    integers = quantised(network)
    unit = 4 / (integers.readout_gain * 64)  # integers per unit of weight
    assert np.allclose(integers.layers[-1].weights, rounded.numpy() * unit, atol=1e-2)


@pytest.mark.parametrize(("quantise_from", "watched"), [(0.5, [False, False, True, True]), (1.0, [False] * 3 + [True])])
@torch.no_grad()
def test_it_is_watched_on_the_grid_or_through_the_last_epoch(quantise_from, watched):
    network = DenseSnn(hidden=(7,), quantise_from=quantise_from).build(EncodedShape("spikes", (5,), 6), N_CLASSES)
    for epoch, expected in enumerate(watched):
        network.readout.peak.zero_()
        network.start_epoch(epoch, len(watched))
        network.layers[0].norm.bias.fill_(3.0)
        network.eval()(clips(6))
        assert float(network.readout.peak) == 0
        network.train()(clips(6))
        assert (float(network.readout.peak) > 0) is expected


@example(seed=10456295, n_steps=61, size=124.0)  # weights of more than 254 thresholds
@given(seed=st.integers(0, 2**32 - 1), n_steps=st.integers(1, 100), size=st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
@torch.no_grad()
def test_no_sum_of_a_clip_that_training_met_passes_half_of_the_limit(seed, n_steps, size):
    weights = size * torch.randn(N_CLASSES, N_HIDDEN, generator=torch.Generator().manual_seed(seed))
    encoded = clips(n_steps, 2)
    network = as_trained(eager_network(weights, n_steps), encoded)
    integers = quantised(network)
    sums = emulate(integers, encoded, potentials=True).potentials[-1]

    # each weight may be rounded up by 1, and so the bias by half of its unit
    rounding = 64 * n_steps * (N_HIDDEN + 2)
    assert np.abs(sums).max() <= LIMIT / 2 + rounding
