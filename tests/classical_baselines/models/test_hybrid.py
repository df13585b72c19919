"""CNN and transformer in one: cost on paper, and any length."""

import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.hybrid import CnnTransformer

SHAPE = EncodedShape("intensity", (32, 64))


def test_its_multiply_accumulates_are_those_on_paper():
    options = CnnTransformer(stem_width=4, widths=(4,), strides=((2, 1),), reduction=0, width=16, n_blocks=2, n_heads=2)

    counts = count_modules(options.build(SHAPE, 10), torch.rand(1, 32, 64))

    cnn = 16 * 32 * 9 * 4 + 8 * 32 * (2 * 9 * 16 + 16)
    tokens = 32 * 4 * 8 * 16  # every channel and band of each of 32 frames
    blocks = 2 * (4 * 32 * 16**2 + 2 * 2 * 32 * 16**2 + 2 * 32**2 * 16)
    assert counts.total("mac_fp32") == cnn + tokens + blocks + 160


@pytest.mark.parametrize("n_frames", [40, 64, 101])
def test_it_takes_any_length(n_frames):
    network = CnnTransformer().build(SHAPE, 5).eval()

    assert network(torch.rand(2, 32, n_frames)).shape == (2, 5)


def test_the_place_of_a_band_and_of_a_frame_counts():
    network = CnnTransformer(dropout=0.0).build(SHAPE, 5).eval()
    picture = torch.rand(1, 32, 64)

    assert not torch.allclose(network(picture), network(picture.flip(1)), atol=1e-4)
    assert not torch.allclose(network(picture), network(picture.flip(2)), atol=1e-4)


def test_options_of_either_half_are_refused():
    with pytest.raises(InputError, match="one entry per block"):
        CnnTransformer(widths=(8,))
    with pytest.raises(InputError, match="width must be a multiple of 4 and of n_heads"):
        CnnTransformer(width=30)
