"""The broadcast-residual CNN against its formula, band by band."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.broadcast_residual_cnn import (
    BroadcastBlock,
    BroadcastResidualCnn,
    SubSpectralNorm,
    Swish,
)


def test_a_sub_spectral_norm_normalises_each_group_of_bands_alone():
    norm = SubSpectralNorm(3, 8, 4).train()
    maps = torch.randn(5, 3, 8, 6) * torch.linspace(1, 9, 8)[:, None] + torch.linspace(-3, 3, 8)[:, None]

    groups = maps.double().numpy().reshape(5, 3, 4, 2, 6)
    mean, variance = groups.mean((0, 3, 4), keepdims=True), groups.var((0, 3, 4), keepdims=True)
    expected = ((groups - mean) / np.sqrt(variance + 1e-5)).reshape(5, 3, 8, 6)

    np.testing.assert_allclose(norm(maps).detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(("n_mels", "expected"), [(32, 4), (40, 4), (10, 2), (9, 3), (7, 1), (2, 2)])
def test_the_groups_are_the_most_that_divide_the_bands(n_mels, expected):
    assert SubSpectralNorm(1, n_mels, 4).n_bands == expected


@pytest.mark.parametrize(("n_in", "stride"), [(6, 1), (4, 1), (6, 2)])
def test_a_block_is_the_sum_of_its_parts_with_the_temporal_one_broadcast(n_in, stride):
    block = BroadcastBlock(n_in, 6, stride, 2, 8 // stride, BroadcastResidualCnn()).eval()
    maps = torch.randn(2, n_in, 8, 10)

    entered = maps if n_in == 6 and stride == 1 else block.entry(maps)
    new = block.frequency(entered)
    band = new.mean(2, keepdim=True)
    conv, norm = block.temporal[1]
    mixed = norm(torch.nn.functional.conv2d(band, conv.weight, padding=(0, 2), dilation=(1, 2), groups=6))
    mixed = block.temporal[3](mixed / (1 + torch.exp(-mixed)))
    total = new + mixed.expand_as(new) + (entered if n_in == 6 and stride == 1 else 0)

    torch.testing.assert_close(block(maps), torch.relu(total))


def test_its_multiply_accumulates_are_those_on_paper():
    options = BroadcastResidualCnn(
        width=1, stem_channels=4, channels=(4, 6), n_blocks=(1, 1), strides=(1, 2), head_channels=8
    )
    network = options.build(EncodedShape("intensity", (32, 64)), 10)

    counts = count_modules(network, torch.rand(1, 32, 64))

    stem = 16 * 64 * 25 * 4
    first = 4 * (16 * 32 * 3 + 32 * 3) + 32 * 16  # no entry: 4 channels and stride 1 keep the input
    second = 16 * 32 * 4 * 6 + 6 * (8 * 32 * 3 + 32 * 3) + 32 * 36
    head = 8 * 32 * 6 * 5 + 32 * 6 * 8
    assert counts.total("mac_fp32") == stem + first + second + head + 80


def test_the_multiplier_scales_every_width():
    def n_weights(width):
        network = BroadcastResidualCnn(width=width).build(EncodedShape("intensity", (32, 64)), 10)
        return [block.frequency[0].out_channels for block in network.blocks]

    assert n_weights(1.0) == [8, 8, 12, 12, 16, 16, 20, 20]
    assert n_weights(3.0) == [24, 24, 36, 36, 48, 48, 60, 60]


def test_swish_costs_a_sigmoid_and_a_product():
    values = torch.randn(1, 2, 3, 4)
    counts = count_modules(Swish(), values)

    torch.testing.assert_close(Swish()(values), values / (1 + torch.exp(-values)))
    assert [counts.total(o) for o in ("transcendental_fp32", "add_fp32", "multiply_fp32")] == [48, 24, 24]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_blocks": (1, 1)}, "channels and n_blocks and strides need one entry per block"),
        ({"width": 1e6}, r"width \* channels must lie in 1 to 4096"),
        ({"width": 0.0}, r"width \* channels must lie in 1 to 4096; got 0"),
        ({"sub_bands": 0}, "sub_bands must lie in 1 to 4096; got 0"),
        ({"dropout": 1.0}, "dropout must lie in"),
    ],
)
def test_options_that_make_no_network_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        BroadcastResidualCnn(**wrong)
