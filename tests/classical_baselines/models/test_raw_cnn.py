"""The raw CNN against plain one-dimensional convolutions, published sizes, sums on paper and ONNX's integers."""

import pytest
import torch
from torch import nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.integer_network import IntegerNetwork, integer_weights, quantised_input
from classical_baselines.models.raw_cnn import RawCnn
from tests.references.onnx_network import OnnxNetwork

SMALL = RawCnn(widths=(6, 8, 10), kernels=(16, 5, 3), strides=(4, 4, 2))
SAMPLES = EncodedShape("intensity", (1, 400))


def clips(n=6):
    return 2 * torch.rand(n, 1, 400, generator=torch.Generator().manual_seed(0)) - 1


def test_it_is_a_plain_stack_of_one_dimensional_convolutions():
    network = SMALL.build(SAMPLES, 5)
    layers, n_in = [], 1
    for n_out, kernel, stride in zip(SMALL.widths, SMALL.kernels, SMALL.strides, strict=True):
        layers += [nn.Conv1d(n_in, n_out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm1d(n_out), nn.ReLU()]
        n_in = n_out
    plain = nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(n_in, 5))
    for theirs, ours in zip(plain.parameters(), network.parameters(), strict=True):
        theirs.data = ours.data.clone().reshape(theirs.shape)
    network.dropout.p = 0.0  # the batch statistics below are those of training

    torch.testing.assert_close(network.train()(clips()), plain.train()(clips()), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(network.eval()(clips()), plain.eval()(clips()), atol=1e-5, rtol=1e-5)


def test_its_cost_is_the_sum_on_paper():
    counts = count_modules(SMALL.build(SAMPLES, 5), clips(1))
    # 400 samples -> 101 -> 26 -> 13 places
    n_macs = 101 * 6 * 16 + 26 * 8 * 6 * 5 + 13 * 10 * 8 * 3
    n_maps = 101 * 6 + 26 * 8 + 13 * 10

    assert counts.total("mac_fp32") == n_macs + 10 * 5
    assert counts.total("compare_fp32") == n_maps
    assert counts.total("add_fp32") == n_maps + (13 - 1) * 10 + 5
    weights = 6 * 17 + 8 * 31 + 10 * 25 + 5 * 11
    moved = (400 + 101 * 6) + (101 * 6 + 26 * 8) + (26 * 8 + 13 * 10) + (13 * 10 + 10) + (10 + 5)
    assert counts.total("sram_bytes") == 4 * (weights + moved)


@pytest.mark.parametrize(
    ("widths", "kernels", "millions"),
    [
        ((256, 256), (80, 3), 0.2),
        ((128, 128, 256, 512), (80, 3, 3, 3), 0.55),
        ((64, *[64] * 2, *[128] * 2, *[256] * 3, *[512] * 2), (80, *[3] * 9), 1.8),
        ((64, *[64] * 4, *[128] * 4, *[256] * 4, *[512] * 4), (80, *[3] * 16), 3.7),
    ],
    ids=["M3", "M5", "M11", "M18"],
)
def test_with_the_widths_of_dai_and_others_it_has_their_number_of_parameters(widths, kernels, millions):
    network = RawCnn(widths=widths, kernels=kernels, strides=(4,) * len(widths)).build(SAMPLES, 10)

    assert network.n_parameters() / 1e6 == pytest.approx(millions, abs=0.03)


def test_with_eight_bits_it_runs_as_the_integers_that_onnxruntime_computes():
    torch.manual_seed(0)
    network = RawCnn(widths=(6, 8), kernels=(16, 5), strides=(4, 4), bits=8).build(SAMPLES, 5)
    network.start_epoch(0, 10)
    network.train()(clips(40))
    network.start_epoch(9, 10)

    ours = IntegerNetwork(network.eval())
    logits = ours.logits(clips())

    graph = OnnxNetwork()
    maps = graph.quantise(network.input)
    for number, layer in enumerate(network.layers):
        maps = graph.linear_map(f"layer{number}", layer, maps)
    graph.readout("readout", network.readout, graph.mean("mean", network.mean, maps))
    sums = torch.from_numpy(graph.run(clips()[:, None].numpy())["readout"])
    units = network.mean.output.activation_scale().scale * integer_weights(network.readout)[1]
    torch.testing.assert_close(logits, sums * units, atol=1e-6, rtol=1e-6)
    assert ours.counts.total("mac_int8") == 101 * 6 * 16 + 26 * 8 * 6 * 5 + 8 * 5
    samples = quantised_input(torch.tensor([-1.0, 0.0, 0.5, 1.0]), network.input.activation_scale())
    assert samples.values.tolist() == [1, 128, 192, 255]  # 63.5 steps of 1/127 round to the even 64


def test_a_picture_and_a_clip_that_is_too_short_are_refused():
    with pytest.raises(InputError, match=r"raw-cnn reads samples .1, sample.; it is given intensity of shape 32 x 6"):
        RawCnn().build(EncodedShape("intensity", (32, 64)), 5)
    with pytest.raises(InputError, match="raw-cnn needs clips of at least 80 samples; got 60"):
        RawCnn().build(EncodedShape("intensity", (1, 60)), 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (8,)}, "one entry per layer"),
        ({"widths": (), "kernels": (), "strides": ()}, "one entry per layer"),
        ({"strides": (4, 4, 0, 2, 2)}, "strides must lie in 1"),
        ({"bits": 4}, "bits must be one of 8, 32"),
        ({"dropout": 1.0}, "dropout must lie in"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        RawCnn(**options)
