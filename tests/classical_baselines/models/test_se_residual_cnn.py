"""The residual CNN with squeeze and excitation against torch's functions and sums on paper."""

import pytest
import torch
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.se_residual_cnn import SeResidualBlock, SeResidualCnn

SHAPE = EncodedShape("intensity", (32, 64))


def normed(part, maps, **options):
    conv, norm = part[0], part[1]
    maps = functional.conv2d(maps, conv.weight, **options)
    return functional.batch_norm(maps, norm.running_mean, norm.running_var, norm.weight, norm.bias)


@pytest.mark.parametrize(("stride", "dilation"), [((1, 1), 1), ((1, 1), 3), ((2, 1), 2), ((2, 2), 1)])
def test_a_block_is_two_dilated_convolutions_their_weighing_and_a_shortcut(stride, dilation):
    n_out = 4 if stride == (1, 1) else 6
    block = SeResidualBlock(4, n_out, stride, dilation, 2, 0.5).eval()
    maps = torch.randn(2, 4, 9, 11)

    taps = {"padding": (1, dilation), "dilation": (1, dilation)}
    new = torch.relu(normed(block.branch[0], maps, stride=stride, **taps))
    new = normed(block.branch[1], new, **taps)
    gates = block.branch[2].gate(new)
    shortcut = maps if stride == (1, 1) else normed(block.shortcut, maps, stride=stride)

    torch.testing.assert_close(block(maps), torch.relu(new * gates + shortcut))


def test_its_multiply_accumulates_are_those_on_paper():
    options = SeResidualCnn(stem_width=4, widths=(4, 8), strides=((1, 1), (2, 1)), dilations=(1, 2), reduction=2)
    network = options.build(SHAPE, 10)

    counts = count_modules(network, torch.rand(1, 32, 64))

    stem = 16 * 32 * 9 * 4
    first = 2 * 16 * 32 * 9 * 4 * 4 + 2 * 4 * 2
    second = 8 * 32 * (9 * 4 * 8 + 9 * 8 * 8 + 4 * 8) + 2 * 8 * 4
    assert counts.total("mac_fp32") == stem + first + second + 8 * 10


def test_without_a_squeeze_it_has_the_cost_of_the_plain_residual_network():
    from classical_baselines.models.residual_cnn import ResidualCnn

    ours = SeResidualCnn(stem_width=16, widths=(16, 32), strides=((1, 1), (2, 2)), dilations=(1, 1), reduction=0)
    plain = ResidualCnn(stem_width=16, stem_kernel=(3, 3), widths=(16, 32), strides=(1, 2))
    pictures = torch.rand(1, 32, 64)

    one, other = (count_modules(options.build(SHAPE, 10), pictures) for options in (ours, plain))

    for operation in ("mac_fp32", "add_fp32", "compare_fp32", "multiply_fp32", "transcendental_fp32"):
        assert one.total(operation) == other.total(operation), operation


def test_blocks_are_left_out_the_later_the_oftener():
    network = SeResidualCnn(stochastic_depth=0.3).build(SHAPE, 10)

    assert [round(block.branch[-1].share, 6) for block in network.blocks] == [0.1, 0.2, 0.3]


def test_centred_it_does_not_see_what_a_filter_adds_to_every_frame():
    network = SeResidualCnn(centred=True).build(SHAPE, 10).eval()
    pictures = torch.rand(2, 32, 64)

    torch.testing.assert_close(network(pictures + torch.rand(2, 32, 1)), network(pictures), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dilations": (1, 1)}, "widths and strides and dilations need one entry per block"),
        ({"widths": (8, 0, 8)}, "widths must lie in 1 to 4096; got .8, 0, 8."),
        ({"strides": ((1, 1), (2, 0), (1, 1))}, "strides must lie in 1 to 1024; got .2, 0."),
        ({"dilations": (1, 1, 0)}, "dilations must lie in 1 to 1024"),
        ({"reduction": -1}, "reduction must lie in 0 to 4096; got -1"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\); got 1.0"),
        ({"stochastic_depth": -0.5}, r"stochastic_depth must lie in \[0, 1\); got -0.5"),
    ],
)
def test_options_that_make_no_network_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        SeResidualCnn(**wrong)
