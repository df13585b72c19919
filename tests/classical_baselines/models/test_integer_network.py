"""The integer run against onnxruntime, integer by integer, and against sums on paper."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.models.dense_twin import ConvolutionalTwin, DenseTwin
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.integer_network import IntegerMaps, IntegerNetwork, n_integer_parameters, requantised
from classical_baselines.models.quantised import ActivationScale
from classical_baselines.models.residual_cnn import ResidualCnn
from tests.references.onnx_network import OnnxNetwork

SHAPE = EncodedShape("intensity", (12, 20))  # a last grid that is no power of two


def quantised(options, *, seed=0, n_classes=5, shape=SHAPE):
    """A network whose batch norms and ranges have seen data, with quantisation on."""
    torch.manual_seed(seed)
    network = options.build(shape, n_classes)
    network.start_epoch(0, 1000)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.weight, 1.0, 0.3)
            torch.nn.init.normal_(module.bias, 0.0, 0.3)
    for _ in range(5):
        network.train()(torch.rand(16, *shape.grid) ** 2)
    network.start_epoch(999, 1000)
    return network.eval()


class Recording(IntegerNetwork):
    """Keeps the integers of every layer by its name."""

    def call_module(self, target, args, kwargs):
        result = super().call_module(target, args, kwargs)
        if isinstance(result, IntegerMaps) and target != "dropout":
            self.layers[target] = result.values
        return result

    def integers(self, pictures):
        self.layers = {}
        return self.logits(pictures), self.layers


def residual_cnn_as_onnx(network):
    onnx = OnnxNetwork()
    maps = onnx.linear_map("stem", network.stem, onnx.quantise(network.input))
    for i, block in enumerate(network.blocks):
        new = onnx.linear_map(f"blocks.{i}.first", block.first, maps)
        new = onnx.linear_map(f"blocks.{i}.second", block.second, new)
        if block.shortcut is not None:
            maps = onnx.linear_map(f"blocks.{i}.shortcut", block.shortcut, maps)
        maps = onnx.sum(f"blocks.{i}.sum", block.sum, new, maps)
    onnx.readout("readout", network.readout, onnx.mean("mean", network.mean, maps))
    return onnx


def ds_cnn_as_onnx(network):
    onnx = OnnxNetwork()
    maps = onnx.linear_map("stem", network.stem, onnx.quantise(network.input))
    for i, block in enumerate(network.blocks):
        new = onnx.linear_map(f"blocks.{i}.depthwise", block.depthwise, maps)
        new = onnx.linear_map(f"blocks.{i}.pointwise", block.pointwise, new)
        maps = new if block.sum is None else onnx.sum(f"blocks.{i}.sum", block.sum, new, maps)
    onnx.readout("readout", network.readout, onnx.mean("mean", network.mean, maps))
    return onnx


def twin_as_onnx(network):
    onnx = OnnxNetwork()
    maps = onnx.quantise(network.input)
    for i, layer in enumerate(network.layers):
        maps = onnx.linear_map(f"layers.{i}", layer, maps)
    onnx.readout("readout", network.readout, maps)
    return onnx


NETWORKS = {
    "residual-cnn": (ResidualCnn(stem_width=8, widths=(8, 12), strides=(1, 2), bits=8), residual_cnn_as_onnx),
    "ds-cnn": (DsCnn(stem_width=8, widths=(8, 12, 12), strides=(1, 2, 1), bits=8), ds_cnn_as_onnx),
    "dense-twin": (DenseTwin(hidden=(24, 16), n_steps=15), twin_as_onnx),
    "convolutional-twin": (ConvolutionalTwin(channels=(6, 8), strides=(2, 2), n_steps=3), twin_as_onnx),
}


@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize("seed", range(3))
def test_every_layer_holds_the_integers_of_onnxruntime(name, seed):
    options, as_onnx = NETWORKS[name]
    network = quantised(options, seed=seed)
    pictures = torch.rand(32, *SHAPE.grid, generator=torch.Generator().manual_seed(seed))

    logits, layers = Recording(network).integers(pictures)
    expected = as_onnx(network).run(pictures[:, None].numpy())

    assert len(layers) >= 3
    for layer in layers:
        integers = expected.get(f"{layer}-clipped", expected[layer])
        assert len(np.unique(integers)) > 1
        np.testing.assert_array_equal(layers[layer].numpy(), integers, err_msg=layer)
    units = units_of_the_readout(network)
    np.testing.assert_allclose(logits.numpy(), expected["readout"] * units, rtol=1e-6)


def units_of_the_readout(network):
    before = network.mean.output if hasattr(network, "mean") else network.layers[-1].output
    weight = network.readout.convolution.weight.detach().flatten(1).numpy()
    return before.activation_scale().scale * np.abs(weight).max(axis=1) / 127


def test_requantising_rounds_half_to_even_and_clips_around_the_zero_point():
    scale = ActivationScale(scale=1.0, zero_point=4, n_levels=15)
    steps = [-9.0, -4.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 10.5, 11.5, 40.0]

    integers = requantised(torch.tensor(steps), scale)

    assert integers.tolist() == [min(max(round(step) + 4, 0), 15) for step in steps]


def test_the_fake_quantised_network_predicts_what_the_integers_predict():
    network = quantised(NETWORKS["residual-cnn"][0])
    pictures = torch.rand(64, *SHAPE.grid)

    fake, integers = network(pictures), IntegerNetwork(network).logits(pictures)

    assert (fake - integers).abs().max() < 0.1 * fake.std()


def test_the_counts_are_a_sum_on_paper():
    network = quantised(ResidualCnn(stem_width=8, widths=(8, 12), strides=(1, 2), bits=8))
    integer_network = IntegerNetwork(network)
    integer_network.logits(torch.rand(2, *SHAPE.grid))
    counts = integer_network.counts
    grid, half = 6 * 10, 3 * 5
    maps = {  # outputs, taps
        "stem": (grid * 8, 25),
        "blocks.0.first": (grid * 8, 72),
        "blocks.0.second": (grid * 8, 72),
        "blocks.1.first": (half * 12, 72),
        "blocks.1.second": (half * 12, 108),
        "blocks.1.shortcut": (half * 12, 8),
        "readout": (5, 12),
    }
    sums = grid * 8 + half * 12
    requantised = sum(n for n, _ in maps.values()) + 2 * sums + 12

    assert counts.total("mac_int8") == sum(n * taps for n, taps in maps.values())
    assert counts.total("add_int32") == sum(n for n, _ in maps.values()) + sums + (half - 1) * 12
    assert counts.total("requantise_int32") == requantised + 12 * 20  # and the picture itself
    n_weights = 8 * 25 + 2 * 8 * 72 + 12 * 72 + 12 * 108 + 12 * 8 + 5 * 12
    n_biases = 8 + 8 + 8 + 12 + 12 + 12 + 5
    assert n_integer_parameters(network) == {
        "n_parameters": n_weights + n_biases,
        "weight_bytes": n_weights + 4 * n_biases,
    }


def test_a_network_without_integers_is_refused():
    with pytest.raises(InputError, match="Set bits = 8"):
        IntegerNetwork(ResidualCnn().build(SHAPE, 5))
