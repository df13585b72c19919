# tests/neuro/classifiers/test_ternary.py
"""Ternary LIF beside a step loop in torch's own autograd, the emulator and Lava."""

import numpy as np
import pytest
import torch
from torch import nn

from neuro.classifiers.ternary import TernarySnn, ternary_scan
from neuro.encoders import ENCODERS
from neuro.loihi.backends import logits_of
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import verify_against_lava
from neuro.loihi.operations import chip_operations
from neuro.loihi.quantise import quantised
from neuro.neuron import TernaryNeuron

NEURON = TernaryNeuron(beta=0.75, threshold=0.6, surrogate_slope=4.0)


def stepwise(currents):
    """Spikes of either sign by a loop that autograd sees: a spike is its value plus a surrogate less itself."""

    def fired(distance):
        hard = (distance > 0).to(distance.dtype)
        soft = distance / (1 + 4.0 * distance.abs())  # whose derivative is 1 / (1 + 4 |d|)^2
        return hard.detach() + (soft - soft.detach())

    potential, spikes = torch.zeros_like(currents[0]), []
    for current in currents:
        potential = 0.75 * potential + current
        above, below = fired(potential - 0.6), fired(-potential - 0.6)
        spikes.append(above - below)
        potential = potential * (1 - (above + below).detach())
    return torch.stack(spikes)


def test_spikes_and_gradients_are_those_of_a_loop_that_autograd_follows():
    generator = torch.Generator().manual_seed(1)
    currents = torch.randn(20, 3, 7, generator=generator, dtype=torch.float64)
    weights = torch.randn(20, 3, 7, generator=generator, dtype=torch.float64)
    mine, theirs = currents.clone().requires_grad_(), currents.clone().requires_grad_()
    above, below = ternary_scan(mine, NEURON)
    expected = stepwise(theirs)

    assert torch.equal(above - below, expected.detach())
    assert min(float(above.detach().mean()), float(below.detach().mean())) > 0.05
    (weights * (above - below)).sum().backward()
    (weights * expected).sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad)


def trained():
    """(network on the chip's grid in evaluation mode, its input, its targets)."""
    torch.manual_seed(2)
    encoder = ENCODERS["latency"]()(n_steps=6)
    intensity = torch.rand(8, 4, 5)
    shape, encoded = encoder.shape(4, 5), encoder(intensity, torch.Generator())
    network = TernarySnn(hidden=(12, 10), dropout=0.0, spike_rate_weight=1.0).build(shape, 4)
    optimiser = torch.optim.Adam(network.parameters(), 2e-2)
    targets = torch.arange(8) % 4
    for epoch in range(30):
        network.start_epoch(epoch, 30)
        optimiser.zero_grad()
        (nn.functional.cross_entropy(network(encoded), targets) + network.penalty()).backward()
        optimiser.step()
    return network.eval(), encoded, targets


def test_a_trained_one_learns_and_fires_as_the_emulator_and_lava():
    network, encoded, targets = trained()
    integers = quantised(network)
    record = emulate(integers, encoded)
    for mine, theirs in zip(network.hidden_spikes(encoded), record.spikes, strict=False):
        np.testing.assert_array_equal(mine.detach().numpy(), theirs)
        assert {-1, 0, 1} <= set(np.unique(theirs).tolist())
    assert torch.equal(logits_of(integers, record).argmax(1), targets)
    check = verify_against_lava(integers, encoded[:, :2])
    assert check.passed, check.details

    n_clips = encoded.shape[1]
    counts = chip_operations(integers, record).counts
    assert counts["network", "layer-1", "spikes_generated"] == np.abs(record.spikes[0]).sum() / n_clips
    assert counts["network", "layer-2", "synaptic_operations"] == np.abs(record.spikes[0]).sum() / n_clips * 10
    assert ("network", "layer-2", "mac_int8") not in counts  # a sign multiplies nothing


def test_the_penalty_counts_spikes_of_both_signs():
    network, encoded, _ = trained()
    network(encoded)
    rates = [float(spikes.abs().mean()) for spikes in network.hidden_spikes(encoded)]

    assert float(network.penalty().detach()) == pytest.approx(sum(max(rate - 0.1, 0) ** 2 for rate in rates), abs=1e-7)
