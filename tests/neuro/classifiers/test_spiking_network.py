"""What the two spiking classifiers share: the readout, the spike-rate penalty, the counts as floats."""

import pytest
import torch
from torch import nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers.convolutional import ConvolutionalSnn
from neuro.classifiers.dense import DenseSnn
from neuro.classifiers.spiking_network import LOGIT_GAIN
from neuro.neuron import LifNeuron

SPIKES = EncodedShape("spikes", (6, 8), 10)


def random_spikes(n_clips=16, share=0.3):
    return (torch.rand(SPIKES.n_steps, n_clips, SPIKES.n_channels) < share).float()


def spike_rate(network, encoded):
    with torch.no_grad():
        return float(torch.stack([spikes.mean() for spikes in network.hidden_spikes(encoded)]).mean())


@pytest.mark.parametrize("options", [DenseSnn(hidden=(30,)), ConvolutionalSnn(channels=(4,), strides=(1,))])
def test_a_spike_rate_penalty_lowers_the_rate_within_a_few_steps_of_training(options):
    rates = {}
    for weight in (0.0, 50.0):
        torch.manual_seed(0)
        changed = type(options)(**{**vars(options), "spike_rate_weight": weight, "spike_rate_target": 0.02})
        network = changed.build(SPIKES, 3)
        encoded, targets = random_spikes(), torch.arange(16) % 3
        optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
        before = spike_rate(network, encoded)
        for _ in range(25):
            loss = nn.functional.cross_entropy(network(encoded), targets) + network.penalty()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        rates[weight] = spike_rate(network, encoded)

    assert rates[50.0] < 0.6 * before
    assert rates[50.0] < 0.6 * rates[0.0]


def test_the_penalty_is_the_squared_excess_over_the_target():
    torch.manual_seed(0)
    network = DenseSnn(hidden=(9, 8), spike_rate_weight=3.0, spike_rate_target=0.05).build(SPIKES, 3)
    encoded = random_spikes()
    network(encoded)
    with torch.no_grad():
        expected = sum(max(0.0, float(spikes.mean()) - 0.05) ** 2 for spikes in network.hidden_spikes(encoded))

    assert expected > 0
    assert float(network.penalty().detach()) == pytest.approx(3.0 * expected, rel=1e-4)


def test_a_logit_is_the_mean_over_steps_of_the_readouts_current():
    torch.manual_seed(0)
    network = DenseSnn(hidden=(9,)).build(SPIKES, 3).eval()
    nn.init.uniform_(network.layers[0].norm.bias, 0.3, 1.0)
    nn.init.uniform_(network.readout.bias)
    encoded = random_spikes()
    with torch.no_grad():
        (spikes,) = network.hidden_spikes(encoded)
        membrane = torch.zeros(16, 3)
        for step in spikes:
            membrane += step @ network.readout.weights.weight.T + network.readout.bias
        assert spikes.any()
        assert torch.allclose(network(encoded), LOGIT_GAIN * membrane / SPIKES.n_steps, atol=1e-5)


def test_the_chips_grid_differs_from_the_folded_layer_by_half_a_unit_at_most():
    torch.manual_seed(0)
    network = DenseSnn(hidden=(9,), threshold=0.7).build(SPIKES, 3)
    layer = network.layers[0]
    for _ in range(50):
        network(random_spikes())
    weight, _ = layer.folded()
    rounded, _ = layer.rounded(0.7, 1)
    unit = 2 / layer.scale(weight, 0.7, 1)  # even integers: a grid of 2 / scale

    assert float((rounded - weight).detach().abs().max()) <= unit / 2 + 1e-6
    assert torch.allclose((rounded / unit).round(), rounded / unit, atol=1e-3)


def test_folding_the_batch_norm_changes_no_current():
    torch.manual_seed(0)
    network = ConvolutionalSnn(channels=(4,), strides=(2,)).build(SPIKES, 3)
    for _ in range(20):
        network(random_spikes())
    network.eval()
    layer, spikes = network.layers[0], random_spikes().view(10, 16, 1, 6, 8)
    with torch.no_grad():
        assert torch.allclose(layer(spikes), layer._applied(spikes, *layer.folded()), atol=1e-5)


def test_float_counts_are_the_sum_on_paper():
    torch.manual_seed(0)
    network = DenseSnn(hidden=(9,)).build(SPIKES, 3).eval()
    encoded = random_spikes(n_clips=4)
    counts = network.count_operations(encoded).counts
    n_spikes = float(network.hidden_spikes(encoded)[0].detach().sum()) / 4

    assert counts["network", "layer-1", "add_fp32"] == pytest.approx(10 * 9 + 9 * float(encoded.sum()) / 4)
    assert counts["network", "layer-1", "mac_fp32"] == 10 * 9
    assert counts["network", "layer-1", "compare_fp32"] == 2 * 10 * 9
    assert counts["network", "readout", "add_fp32"] == pytest.approx(10 * 3 + 3 * n_spikes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DenseSnn(hidden=()), "hidden must name at least one layer"),
        (lambda: DenseSnn(dropout=1.5), r"dropout must lie in \[0, 1\]; got 1.5"),
        (lambda: DenseSnn(beta=1.2), "beta must lie in"),
        (lambda: ConvolutionalSnn(channels=(4,), strides=(1, 2)), "one entry per layer"),
        (lambda: ConvolutionalSnn(channels=(4, 0), strides=(1, 2)), "of at least 1"),
        (lambda: ConvolutionalSnn(channels=(4,), strides=(0,)), "of at least 1"),
        (lambda: DenseSnn(spike_rate_weight=-1.0), "spike_rate_weight must be 0 .off. or greater; got -1"),
        (lambda: ConvolutionalSnn(spike_rate_weight=-0.5), "spike_rate_weight must be 0 .off. or greater"),
        (lambda: LifNeuron(threshold=0.0), "threshold must be positive"),
        (lambda: LifNeuron(surrogate_slope=0.0), "surrogate_slope must be positive; got 0"),
    ],
)
def test_impossible_options_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(("beta", "decay"), [(1.0, 0), (0.5, 2048), (0.9, 410), (0.0, 4095)])
def test_a_decay_fits_the_chips_twelve_bits(beta, decay):
    assert LifNeuron(beta).decay == decay
    assert LifNeuron(beta).chip_beta == 1 - decay / 4096
