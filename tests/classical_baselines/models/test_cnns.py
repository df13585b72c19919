"""The CNNs against published sizes, plain PyTorch and sums on paper."""

import pytest
import torch
from torch import nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.ds_cnn import MLPERF_TINY, DsCnn, SeparableBlock
from classical_baselines.models.residual_cnn import ResidualBlock, ResidualCnn

SHAPE = EncodedShape("intensity", (32, 64))


def test_the_network_of_mlperf_tiny_has_its_published_size():
    network = MLPERF_TINY.build(EncodedShape("intensity", (49, 10)), 12)

    counts = count_modules(network, torch.rand(1, 49, 10))

    assert counts.total("mac_fp32") == 2_656_000 + 768
    assert sum(parameter.numel() for parameter in network.parameters()) == 23_756


def test_the_network_of_mlperf_tiny_is_the_plain_stack_of_its_layers():
    network = MLPERF_TINY.build(EncodedShape("intensity", (49, 10)), 12)
    layers = [nn.Conv2d(1, 64, (10, 4), 2, (5, 1)), nn.BatchNorm2d(64), nn.ReLU()]
    for _ in range(4):
        layers += [nn.Conv2d(64, 64, 3, 1, 1, groups=64), nn.BatchNorm2d(64), nn.ReLU()]
        layers += [nn.Conv2d(64, 64, 1), nn.BatchNorm2d(64), nn.ReLU()]
    plain = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Conv2d(64, 12, 1), nn.Flatten())
    for theirs, ours in zip(plain.parameters(), network.parameters(), strict=True):
        theirs.data = ours.data.clone()
    pictures = torch.rand(4, 49, 10)
    network.dropout.p = 0.0  # the batch statistics below are those of training

    torch.testing.assert_close(network.train()(pictures), plain.train()(pictures[:, None]), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(network.eval()(pictures), plain.eval()(pictures[:, None]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_residual_block_is_two_convolutions_and_a_shortcut(stride):
    block = ResidualBlock(4, 4 * stride, stride, 32).eval()
    maps = torch.randn(2, 4, 9, 7)

    def convolved(part, x):
        return part.norm(part.convolution(x))

    shortcut = maps if stride == 1 else convolved(block.shortcut, maps)
    expected = torch.relu(convolved(block.second, torch.relu(convolved(block.first, maps))) + shortcut)

    assert (block.shortcut is None) == (stride == 1)
    torch.testing.assert_close(block(maps), expected)


@pytest.mark.parametrize(("stride", "residual", "adds"), [(1, True, True), (2, True, False), (1, False, False)])
def test_a_separable_block_adds_its_input_where_the_shapes_agree(stride, residual, adds):
    block = SeparableBlock(4, 4, stride, DsCnn(residual=residual)).eval()
    maps = torch.randn(2, 4, 9, 7)

    hidden = torch.relu(block.depthwise.norm(block.depthwise.convolution(maps)))
    new = block.pointwise.norm(block.pointwise.convolution(hidden))

    torch.testing.assert_close(block(maps), torch.relu(new + maps) if adds else torch.relu(new))


@pytest.mark.parametrize("options", [DsCnn, ResidualCnn])
def test_eight_bits_train_as_floats_first_and_as_integers_late(options):
    network = options(bits=8, dropout=0.0, quantise_from=0.5).build(SHAPE, 10)
    pictures = torch.rand(8, 32, 64)
    torch.manual_seed(0)
    network.start_epoch(4, 10)
    network.train()(pictures)
    floats = network.eval()(pictures)
    plain = options(dropout=0.0).build(SHAPE, 10)
    plain.load_state_dict({k: v for k, v in network.state_dict().items() if k in plain.state_dict()})

    torch.testing.assert_close(floats, plain.eval()(pictures))
    network.start_epoch(5, 10)
    assert not torch.equal(network(pictures), floats)


@pytest.mark.parametrize("options", [DsCnn, ResidualCnn])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\); got 1\.0"),
        ({"dropout": -0.1}, r"dropout must lie in \[0, 1\); got -0\.1"),
        ({"quantise_from": 1.5}, r"quantise_from must lie in \[0, 1\], a share of the epochs; got 1\.5"),
        ({"stem_width": 0}, "stem_width must lie in 1 to 4096; got 0"),
        ({"widths": (8, 2**63), "strides": (1, 1)}, "widths must lie in 1 to 4096; got .8, 9223372036854775808"),
        ({"widths": (8, 8), "strides": (1, 0)}, r"strides must lie in 1 to 1024; got .1, 0."),
        ({"stem_kernel": (0, 3)}, "stem_kernel must lie in 1 to 1024; got .0, 3."),
        ({"stem_stride": (2, 5000)}, "stem_stride must lie in 1 to 1024; got .2, 5000."),
    ],
)
def test_an_option_out_of_range_is_refused_with_its_limits(options, wrong, message):
    with pytest.raises(InputError, match=message):
        options(**wrong)


@pytest.mark.parametrize("padding", [(-1, 0), (0, 6)])
def test_a_padding_below_0_or_wider_than_the_kernel_is_refused(padding):
    with pytest.raises(InputError, match=r"stem_padding must lie in 0 to \(5, 5\), the kernel; got "):
        DsCnn(stem_padding=padding)
    assert DsCnn(stem_padding=(0, 0)).stem_padding == (0, 0)


@pytest.mark.parametrize("options", [DsCnn, ResidualCnn])
def test_wrong_options_are_refused(options):
    with pytest.raises(InputError, match="bits must be one of 8, 32; got 4"):
        options(bits=4)
    with pytest.raises(InputError, match="one entry per block"):
        options(widths=(8, 8), strides=(1,))
    with pytest.raises(InputError, match="reads an intensity"):
        options().build(EncodedShape("spikes", (32, 64), 8), 10)
