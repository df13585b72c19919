"""From the float network to the chip's integers: the same spikes, the same logits, and no number beyond its limit."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers.convolutional import ConvolutionalSnn
from neuro.classifiers.delays import DelaySnn
from neuro.classifiers.dense import DenseSnn
from neuro.classifiers.recurrent import RecurrentSnn
from neuro.classifiers.sigma_delta import SigmaDeltaOptions
from neuro.classifiers.ternary import TernarySnn
from neuro.loihi.backends import chip_input, logits_of
from neuro.loihi.contracts import Lif, LoihiLayer, NotMappableError
from neuro.loihi.emulator import emulate
from neuro.loihi.quantise import quantised


def network_like_a_trained_one(options, shape, seed=0):
    """Random weights, and a batch norm whose statistics and parameters have moved from where they start."""
    torch.manual_seed(seed)
    network = options.build(shape, 5)
    for layer in network.layers:
        nn.init.uniform_(layer.norm.weight, 0.5, 1.5)
        nn.init.uniform_(layer.norm.bias, -0.2, 0.3)
    nn.init.uniform_(network.readout.bias, -0.3, 0.3)
    for _ in range(20):
        network(example(shape))
    return network.eval()


def example(shape, n_clips=16):
    spikes = (torch.rand(shape.n_steps, n_clips, shape.n_channels) < 0.2).float()
    if shape.code == "graded":
        return spikes * torch.randint(1, 256, spikes.shape) / 255
    return spikes


NETWORKS = [
    (DenseSnn(hidden=(40, 30)), EncodedShape("spikes", (24,), 20)),
    (DenseSnn(hidden=(40, 30), threshold=0.7, beta=0.97), EncodedShape("spikes", (24,), 20)),
    (DenseSnn(hidden=(40, 30)), EncodedShape("graded", (6, 4), 20)),
    (DelaySnn(hidden=(40, 30), max_delay=7), EncodedShape("spikes", (24,), 20)),
    (DelaySnn(hidden=(40, 30), max_delay=7, alpha=0.4), EncodedShape("spikes", (24,), 20)),
    (DelaySnn(hidden=(40, 30), max_delay=3), EncodedShape("graded", (6, 4), 20)),
    (RecurrentSnn(hidden=(40, 30), products="sparse"), EncodedShape("spikes", (24,), 20)),
    (ConvolutionalSnn(channels=(6, 8), strides=(2, 1)), EncodedShape("spikes", (8, 10), 20)),
    (ConvolutionalSnn(channels=(6, 8), strides=(1, 2), threshold=1.7), EncodedShape("graded", (8, 10), 20)),
]


@pytest.mark.parametrize(("options", "shape"), NETWORKS)
@torch.no_grad()
def test_the_integers_spike_as_the_network_does_on_the_chips_grid(options, shape):
    network = network_like_a_trained_one(options, shape)
    network.start_epoch(3, 3)
    encoded = example(shape, n_clips=64)
    integers = quantised(network)
    record = emulate(integers, chip_input(integers, encoded))

    pairs = zip(network.hidden_spikes(encoded), record.spikes, strict=False)
    differs = [ours.flatten(2).bool().numpy() != theirs for ours, theirs in pairs]
    assert all(0.005 < spikes.mean() < 0.9 for spikes in record.spikes[:-1])
    # Integers truncate the decayed potential, which tips one that lies within 1/64 weight unit of the threshold, and
    # a spike that differs moves those that follow.
    assert sum(entries.sum() for entries in differs) < 1e-3 * sum(entries.size for entries in differs)
    assert not record.spikes[-1].any()
    difference = (logits_of(integers, record) - network(encoded)).abs()
    assert float(difference.max()) < 0.1
    assert float(difference.median()) < 1e-4


@pytest.mark.parametrize("threshold", [0.4, 1.0, 2.3])
@torch.no_grad()
def test_readout_integers_are_those_that_were_trained_on(threshold):
    network = network_like_a_trained_one(DenseSnn(hidden=(20,), threshold=threshold), EncodedShape("spikes", (6,), 4))
    layer = quantised(network).layers[-1]
    weight, bias = network.readout.rounded(threshold, 1)
    scale = network.readout.scale(network.readout.folded()[0], threshold, 1)

    assert np.allclose(layer.weights / scale, weight.numpy(), atol=1e-6)
    assert np.allclose(layer.bias / (64 * scale), bias.numpy(), atol=1e-6)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e3])
@torch.no_grad()
def test_every_integer_keeps_its_limit_whatever_the_size_of_the_weights(size):
    for options, shape in NETWORKS:
        network = network_like_a_trained_one(options, shape)
        for layer in network.layers:
            layer.norm.weight.mul_(size)
        network.readout.weights.weight.mul_(size)
        for layer in quantised(network).layers:
            assert not (layer.weights % 2).any()
            assert np.abs(layer.weights).max() <= 254
            assert np.abs(layer.bias_mantissa).max() <= 4095
            assert 0 <= layer.bias_exponent <= 7
            assert 1 <= layer.neuron.threshold < 2**17


@torch.no_grad()
def test_graded_sums_stay_below_the_17_bits_that_wrap():
    network = network_like_a_trained_one(DenseSnn(hidden=(8,)), EncodedShape("graded", (500,), 4))
    weights = quantised(network).layers[0].weights

    # Each weight may be rounded up by one.
    assert (np.maximum(weights, 0).sum(1) * 255).max() <= 2**17 + 500 * 255


BROKEN = {
    "weights.weight": (DenseSnn, "layer-1: weights.weight holds"),
    "norm.running_mean": (DelaySnn, "layer-1: norm.running_mean holds"),
    "positions": (DelaySnn, "layer-1: positions holds"),
    "recurrent": (RecurrentSnn, "layer-1: recurrent holds"),
    "norm.bias": (TernarySnn, "layer-1: norm.bias holds"),
    "norm.running_var": (SigmaDeltaOptions, "layer-1: norm.running_var holds"),
}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", BROKEN)
@torch.no_grad()
def test_what_is_no_number_is_refused_with_its_layer_its_name_and_its_value(name, value):
    options, message = BROKEN[name]
    network = options(hidden=(7, 5)).build(EncodedShape("spikes", (4,), 6), 3).eval()
    quantised(network)
    network.layers[0].state_dict()[name].view(-1)[1] = value
    with pytest.raises(NotMappableError, match=f"^{message} {value} \\(1 of its"):
        quantised(network)


@torch.no_grad()
def test_a_readout_or_a_fold_that_is_no_number_is_refused_too():
    for options in (DenseSnn(hidden=(7,)), ConvolutionalSnn(channels=(3,), strides=(2,)), SigmaDeltaOptions((7,))):
        network = options.build(EncodedShape("spikes", (6, 4), 6), 3).eval()
        network.readout.bias[2] = np.nan
        with pytest.raises(NotMappableError, match=r"^readout: bias holds nan \(1 of its 3 numbers"):
            quantised(network)
    network = DenseSnn(hidden=(7,)).build(EncodedShape("spikes", (4,), 6), 3).eval()
    network.layers[0].norm.running_var[3] = -1.0
    with pytest.raises(NotMappableError, match=r"^layer-1: weight, batch norm folded holds nan \(4 of its 28"):
        quantised(network)
    network = SigmaDeltaOptions((7,)).build(EncodedShape("spikes", (4,), 6), 3).eval()
    network.reach.fill_(np.inf)
    with pytest.raises(NotMappableError, match="reach holds inf"):
        quantised(network)


def test_another_network_is_refused():
    with pytest.raises(NotMappableError, match="Linear is no network of leaky integrate-and-fire or sigma-delta"):
        quantised(nn.Linear(3, 2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": np.array([[3, 2]])}, "even"),
        ({"weights": np.array([[256, 2]])}, "weights of 256"),
        ({"weights": np.array([[-258, -2]])}, "weights of -258"),
        ({"weights": np.array([[2.0, np.nan]])}, "weights must be integers"),
        ({"weights": np.array([[2, 2, 2]])}, r"weights of shape \(1, 3\) does not fit"),
        (
            {"weights": np.array([[4, 2]]), "weight_bits": 7},
            "mixed weights of 7 bits are multiples of 4 on the chip; got 2",
        ),
        ({"weights": np.array([[4, -2]]), "sign_mode": "excitatory"}, "weights of -2"),
        ({"weight_exponent": 8}, "weight_exponent of 8"),
        ({"delays": np.array([[64, 0]])}, "delays of 64"),
        ({"bias_mantissa": np.array([-4096])}, "bias_mantissa of -4096"),
        ({"bias_exponent": 8}, "bias_exponent of 8"),
        ({"decay": 4096}, "decay of 4096"),
        ({"threshold": 2**17}, "threshold of 131072"),
        ({"threshold": 0}, "threshold of 0"),
    ],
)
def test_what_the_chip_cannot_hold_is_refused(changes, message):
    options = {"bias_exponent": 0, "decay": 1, "threshold": 9, "weights": np.array([[2, 2]])}
    options |= {"bias_mantissa": np.array([1]), **changes}
    with pytest.raises(NotMappableError, match=message):
        options["neuron"] = Lif(options.pop("decay"), options.pop("threshold"))
        LoihiLayer(kind="dense", input_grid=(2,), output_grid=(1,), **options)


@pytest.mark.parametrize("wrong", [-(2**63), -4096, 4096])
def test_a_bias_beyond_its_limit_is_refused_whatever_stands_beside_it(wrong):
    # -2^63 is its own absolute value in 64 bits, and less than every other.
    mantissas, weights = np.array([wrong, 5]), np.array([[2], [2]])
    with pytest.raises(NotMappableError, match=rf"^bias_mantissa of {re.escape(f'{wrong:g}')} does not fit"):
        LoihiLayer("dense", weights, mantissas, 0, Lif(1, 9), (1,), (2,))
