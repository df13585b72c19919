"""The twins against plain layers, and their levels against the spike counts that they stand for."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.seeds import seeded_globally
from classical_baselines.models.dense_twin import ConvolutionalTwin, DenseTwin, matched_bits

SHAPE = EncodedShape("intensity", (8, 10))
PICTURES = torch.rand(6, 8, 10, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("n_steps", range(1, 70))
def test_the_bits_are_the_fewest_that_tell_all_spike_counts_apart(n_steps):
    bits = matched_bits(n_steps)

    assert 2 ** (bits - 1) < n_steps + 1 <= 2**bits


def test_the_dense_twin_is_linear_layers_with_batch_norm_and_clipped_activations():
    network = DenseTwin(hidden=(7, 5), dropout=0.0).build(SHAPE, 3)
    network.train()(PICTURES)
    network.eval()

    values = PICTURES.flatten(1)
    for layer in network.layers:
        values = functional.linear(values, layer.convolution.weight.flatten(1))
        norm = layer.norm
        values = functional.batch_norm(values, norm.running_mean, norm.running_var, norm.weight, norm.bias)
        values = values.clamp(0, 2.0)
    expected = functional.linear(
        values, network.readout.convolution.weight.flatten(1), network.readout.convolution.bias
    )

    torch.testing.assert_close(network(PICTURES), expected)


def test_the_convolutional_twin_is_strided_convolutions_and_a_dense_readout():
    network = ConvolutionalTwin(channels=(4, 6), strides=(2, 2)).build(SHAPE, 3).eval()

    maps = PICTURES[:, None]
    for layer in network.layers:
        conv = nn.functional.conv2d(maps, layer.convolution.weight, stride=2, padding=1)
        maps = (conv / (1 + layer.norm.eps) ** 0.5).clamp(0, 2.0)  # a fresh batch norm only divides
    expected = functional.linear(
        maps.flatten(1), network.readout.convolution.weight.flatten(1), network.readout.convolution.bias
    )

    torch.testing.assert_close(network(PICTURES), expected)
    n_macs = 4 * 5 * 4 * 9 + 2 * 3 * 6 * 36 + 2 * 3 * 6 * 3
    assert count_modules(network, PICTURES[:1]).total("mac_fp32") == n_macs


@pytest.mark.parametrize("n_steps", [1, 3, 8])
def test_quantised_activations_take_no_more_values_than_their_bits_allow(n_steps):
    with seeded_globally(0, "weights"):
        network = DenseTwin(hidden=(64,), n_steps=n_steps).build(SHAPE, 3)
    network.start_epoch(9, 10)
    network.eval()

    read = network.input(PICTURES[:, None])
    passed = network.layers(read)

    assert len(read.unique()) <= 2 ** matched_bits(n_steps)
    assert 2 <= len(passed.unique()) <= 2 ** matched_bits(n_steps)


@pytest.mark.parametrize(
    ("options", "wrong", "message"),
    [
        (DenseTwin, {"dropout": 1.0}, r"dropout must lie in \[0, 1\); got 1\.0"),
        (ConvolutionalTwin, {"dropout": -0.1}, r"dropout must lie in \[0, 1\); got -0\.1"),
        (DenseTwin, {"quantise_from": 1.5}, r"quantise_from must lie in \[0, 1\], a share of the epochs; got 1\.5"),
        (ConvolutionalTwin, {"quantise_from": -1.0}, "quantise_from must lie in"),
        (DenseTwin, {"n_steps": 1025}, "n_steps must be 1 or more, .* and at most 1024; got 1025"),
        (ConvolutionalTwin, {"n_steps": 1025}, "at most 1024; got 1025"),
        (DenseTwin, {"hidden": (16_385,)}, "hidden must lie in 1 to 16384; got .16385"),
        (ConvolutionalTwin, {"channels": (0,), "strides": (1,)}, "channels must lie in 1 to 4096; got .0"),
        (ConvolutionalTwin, {"channels": (4,), "strides": (0,)}, "strides must lie in 1 to 1024; got .0"),
    ],
)
def test_an_option_out_of_range_is_refused_with_its_limits(options, wrong, message):
    with pytest.raises(InputError, match=message):
        options(**wrong)


def test_wrong_options_are_refused():
    with pytest.raises(InputError, match="n_steps must be 1 or more"):
        DenseTwin(n_steps=0)
    with pytest.raises(InputError, match="hidden must name"):
        DenseTwin(hidden=())
    with pytest.raises(InputError, match="one entry per layer"):
        ConvolutionalTwin(channels=(4,), strides=(2, 2))
