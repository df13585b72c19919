"""The parts of the float CNNs against formulas written out in numpy."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.convolutions import (
    AxisMean,
    BandCentring,
    SqueezeExcitation,
    StochasticDepth,
    check_one_each,
    convolution,
)

MAPS = torch.randn(3, 8, 5, 7, generator=torch.Generator().manual_seed(0))


def test_squeeze_and_excitation_scales_each_channel_by_the_gate_of_all_means():
    part = SqueezeExcitation(8, 4)
    _, first, _, second, _ = part.gate
    w1, b1, w2, b2 = (
        x.detach().numpy().reshape(len(x), -1).squeeze() for x in (*first.parameters(), *second.parameters())
    )

    means = MAPS.numpy().mean((2, 3))
    gates = 1 / (1 + np.exp(-(np.maximum(means @ w1.T + b1, 0) @ w2.T + b2)))

    np.testing.assert_allclose(part(MAPS).detach().numpy(), MAPS.numpy() * gates[:, :, None, None], atol=1e-6)


def test_the_cost_of_squeeze_and_excitation_is_the_sum_on_paper():
    counts = count_modules(SqueezeExcitation(8, 4), MAPS[:1])

    assert counts.total("mac_fp32") == 8 * 2 + 2 * 8
    assert counts.total("multiply_fp32") == 8 + 8 * 5 * 7  # means, then the scaling
    assert counts.total("add_fp32") == 8 * 34 + 2 + 8 + 8  # means, biases, one of each sigmoid


@pytest.mark.parametrize(("axis", "number"), [("mel", 2), ("frame", 3)])
def test_a_mean_over_an_axis_is_numpys_and_counts_its_additions(axis, number):
    part = AxisMean(axis)

    np.testing.assert_allclose(part(MAPS).numpy(), MAPS.numpy().mean(number, keepdims=True), atol=1e-6)
    n_out = 8 * 35 // MAPS.shape[number]
    assert count_modules(part, MAPS[:1]).total("add_fp32") == 8 * 35 - n_out


def test_centring_takes_away_what_a_filter_adds_to_every_frame():
    filtered = MAPS + torch.randn(3, 8, 5, 1)

    torch.testing.assert_close(BandCentring()(filtered), BandCentring()(MAPS), atol=1e-5, rtol=0)
    counts = count_modules(BandCentring(), MAPS[:1])
    assert counts.total("add_fp32") == 40 * 6 + 40 * 7
    assert counts.total("multiply_fp32") == 40


def test_stochastic_depth_keeps_the_mean_of_a_branch_and_leaves_out_whole_clips_in_training_alone():
    part = StochasticDepth(0.25)
    branch = torch.ones(8000, 1, 2, 2)
    torch.manual_seed(0)

    kept = part.train()(branch)

    per_clip = kept.flatten(1)
    assert set(per_clip.unique().tolist()) == {0.0, np.float32(4 / 3)}
    assert (per_clip.std(dim=1) == 0).all()
    assert abs(float(kept.mean()) - 1) < 0.02
    assert torch.equal(part.eval()(branch), branch)


@pytest.mark.parametrize("dilation", [(1, 1), (1, 4), (2, 3)])
def test_a_convolution_of_stride_one_keeps_the_size_of_the_maps_whatever_its_dilation(dilation):
    assert convolution(8, 3, (3, 5), dilation=dilation)(MAPS).shape == (3, 3, 5, 7)


def test_blocks_with_unequal_options_are_refused_with_what_was_given():
    with pytest.raises(InputError, match=r"widths and strides need one entry per block; got \(8, 8\) and \(1,\)"):
        check_one_each(widths=(8, 8), strides=(1,))
    with pytest.raises(InputError, match="one entry per block"):
        check_one_each(widths=(), strides=())
