"""Frequency-dynamic convolution against one convolution for each mel band with that band's own kernel."""

import pytest
import torch
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.frequency_dynamic_cnn import FrequencyDynamicCnn, FrequencyDynamicConvolution


def test_each_band_of_each_clip_is_convolved_with_its_own_mixture_of_the_kernels():
    layer = FrequencyDynamicConvolution(3, 5, FrequencyDynamicCnn(n_kernels=4, temperature=0.5)).eval()
    maps = torch.randn(2, 3, 6, 9)
    kernels = layer.basis.weight.unflatten(0, (4, 5))  # [kernel, out, in, 3, 3]
    scores = layer.weights[:-1](maps.mean(3, keepdim=True))
    weights = torch.exp(scores / 0.5) / torch.exp(scores / 0.5).sum(1, keepdim=True)

    expected = torch.empty(2, 5, 6, 9)
    for clip in range(2):
        for band in range(6):
            kernel = sum(weights[clip, k, band] * kernels[k] for k in range(4))
            expected[clip, :, band] = functional.conv2d(maps[clip : clip + 1], kernel, padding=1)[0, :, band]

    mixed = layer.mixture(layer.basis(maps), layer.weights(layer.mean(maps)))
    torch.testing.assert_close(mixed, expected, atol=1e-5, rtol=1e-5)


def test_its_cost_is_the_sum_on_paper():
    options = FrequencyDynamicCnn(widths=(4, 8), pools=((2, 2), (1, 1)), n_kernels=3, reduction=2)
    network = options.build(EncodedShape("intensity", (8, 10)), 5)

    counts = count_modules(network, torch.rand(1, 8, 10))

    attention = 4 * (4 * 3 * 2 + 2 * 3)  # four bands: 4 -> 2 channels with 3 taps, 2 -> 3 scores
    assert counts.total("mac_fp32") == 80 * 9 * 4 + attention + 20 * 9 * 4 * 24 + 40
    mixing = {o: counts.counts["network", "layers.2.mixture", o] for o in ("multiply_fp32", "add_fp32")}
    assert mixing == {"multiply_fp32": 20 * 24, "add_fp32": 20 * 16}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pools": ((2, 2),)}, "widths and pools need one entry per block"),
        ({"n_kernels": 0}, "n_kernels must lie in 1 to 64; got 0"),
        ({"temperature": 0.0}, "temperature must be greater than 0; got 0.0"),
        ({"pools": ((2, 2), (0, 2), (1, 1))}, "pools must lie in 1 to 1024"),
    ],
)
def test_options_that_make_no_network_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        FrequencyDynamicCnn(**wrong)
