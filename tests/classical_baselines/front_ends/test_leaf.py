"""LEAF and EfficientLEAF against sums in plain numpy, mel triangles, closed forms and finite differences."""

from math import log, pi, sqrt

import numpy as np
import pytest
import torch

from classical_baselines.front_ends.leaf import (
    EfficientLeaf,
    GaborFilters,
    GaussianPooling,
    Leaf,
    LogCompression,
    WithoutMedian,
    initial_filters,
)
from classical_baselines.front_ends.mel import mel_filter_bank
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.macs import count_modules

Z = sqrt(2 * log(2)) / pi


def noise(n_clips=2, n_samples=1000):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(0))


def test_the_first_filters_stand_on_mel_triangles_and_are_as_wide_as_their_square_root():
    centres, widths = initial_filters(40, 16000, 60.0, 7800.0)
    filters = GaborFilters(centres, widths, 401, 4.0, 401, 1).double()
    n_fft = 2**15
    kernels = filters.kernels().detach()[:, 0].numpy()
    response = np.abs(np.fft.fft(kernels[:40] + 1j * kernels[40:], n_fft))[:, : n_fft // 2]
    triangles = mel_filter_bank(16000, n_fft, 40, 60.0, 7800.0).numpy()[:, : n_fft // 2]
    bin_hz = 16000 / n_fft

    for band in range(5, 40):  # below, a window of 25 ms is too short for so narrow a band
        assert abs(response[band].argmax() - triangles[band].argmax()) * bin_hz < 3
        half_as_high = (response[band] >= response[band].max() / 2).sum()
        expected = (np.sqrt(triangles[band]) >= np.sqrt(triangles[band].max()) / 2).sum()
        assert half_as_high == pytest.approx(expected, rel=0.02)


def test_a_filter_keeps_within_its_limits():
    filters = GaborFilters(torch.tensor([-1.0, 1.0, 4.0]), torch.tensor([0.1, 20.0, 1e4]), 401, 4.0, 401, 1)
    centres, widths = filters.limited()

    assert centres.tolist() == pytest.approx([0.0, 1.0, pi])
    assert widths.tolist() == pytest.approx([4 * Z, 20.0, 401 * Z])


def test_pooling_keeps_within_its_limits():
    pooling = GaussianPooling(3, 101, 10, 2 / 101)
    pooling.scales.data = torch.tensor([0.0, 0.4, 9.0])
    t = np.arange(101) - 50
    expected = [np.exp(-0.5 * (t / (s * 50)) ** 2) for s in (2 / 101, 0.4, 0.5)]

    np.testing.assert_allclose(pooling.kernels().detach()[:, 0], expected, rtol=1e-5, atol=1e-30)


def test_a_band_of_leaf_is_a_modulus_squared_pooled_around_every_frame():
    leaf = Leaf(n_filters=4, hop=80).build(1000, 8000).double()
    clip = noise(1).double()
    group = leaf.groups[0]
    energies = group(clip, 13)[0].detach().numpy()
    centres, widths = (v.detach().numpy() for v in group.filters.limited())
    t = np.arange(201) - 100

    for band in range(4):
        gabor = np.exp(1j * centres[band] * t - t**2 / (2 * widths[band] ** 2)) / (sqrt(2 * pi) * widths[band])
        power = np.abs(np.convolve(clip[0].numpy(), gabor, mode="same")) ** 2
        padded = np.pad(power, (100, 200))
        low_pass = np.exp(-0.5 * (t / (0.4 * 100)) ** 2)
        expected = [padded[80 * frame : 80 * frame + 201] @ low_pass for frame in range(13)]
        np.testing.assert_allclose(energies[band], expected, rtol=1e-6)
    assert leaf(clip).shape == (1, 4, 13)


def test_the_gradients_of_centre_width_and_pooling_are_finite_differences():
    leaf = Leaf(n_filters=2, window_seconds=0.004, hop=20).build(100, 8000).double()
    leaf.groups[0].filters.widths.data = torch.tensor([4.0, 7.0], dtype=torch.float64)  # inside their limits
    clip = noise(1, 100).double()
    names = list(dict(leaf.named_parameters()))

    def applied(*values):
        return torch.func.functional_call(leaf, dict(zip(names, values, strict=True)), clip)

    assert names[:3] == ["groups.0.filters.centres", "groups.0.filters.widths", "groups.0.pooling.scales"]
    assert torch.autograd.gradcheck(applied, [p.detach().requires_grad_() for p in leaf.parameters()], atol=1e-6)


def test_kernels_and_steps_of_efficient_leaf_follow_their_closed_forms():
    front_end = EfficientLeaf(n_filters=40, hop=160, low_hz=60.0, high_hz=7800.0).build(16000, 16000)
    centres, widths = initial_filters(40, 16000, 60.0, 7800.0)

    for number, group in enumerate(front_end.groups):
        own = slice(5 * number, 5 * number + 5)
        kernel, limit = 6 * float(widths[own].max()), 16 * pi / float(centres[own].max())
        step = max(n for n in range(1, 161) if 160 % n == 0 and n <= limit)
        assert group.filters.step == step
        assert group.filters.kernel % 2 == 1 and 0 <= group.filters.kernel - kernel < 2
        assert group.pooling.hop * step == 160
        assert group.pooling.window == 3 or 0 <= group.pooling.window - 401 / step < 2
    steps = [group.filters.step for group in front_end.groups]
    assert steps == sorted(steps, reverse=True)


def test_a_step_takes_every_so_manieth_place_of_the_responses():
    centres, widths = initial_filters(3, 8000, 200.0, 3000.0)
    every = GaborFilters(centres, widths, 201, 2.0, 61, 1)
    fifth = GaborFilters(centres, widths, 201, 2.0, 61, 5)

    torch.testing.assert_close(fifth(noise()), every(noise())[:, :, ::5])


@pytest.mark.parametrize("n_samples", [959, 960, 961, 1000])
def test_the_frames_are_those_of_the_spectrogram_whatever_the_step(n_samples):
    for options in (Leaf(n_filters=8, hop=80), EfficientLeaf(n_filters=8, n_groups=4, hop=80)):
        front_end = options.build(n_samples, 8000).eval()
        picture = front_end(noise(1, n_samples))

        assert picture.shape == (1, front_end.n_channels * 8, 1 + n_samples // 80)


def test_a_clip_that_comes_a_hop_later_has_its_energies_a_frame_later():
    for options in (Leaf(n_filters=8, hop=80), EfficientLeaf(n_filters=8, n_groups=4, hop=80)):
        front_end = options.build(2000, 8000)
        early, late = torch.zeros(1, 2000), torch.zeros(1, 2000)
        early[:, 500:900] = noise(1, 400)
        late[:, 580:980] = early[:, 500:900]
        for group in front_end.groups:
            torch.testing.assert_close(group(late, 26)[..., 1:], group(early, 26)[..., :-1], atol=1e-4, rtol=1e-4)


def test_the_second_channel_is_the_first_less_the_lower_median_of_each_band():
    picture = torch.rand(2, 3, 6)
    both = WithoutMedian()(picture)
    median = np.sort(picture.numpy(), axis=-1)[..., 2:3]

    torch.testing.assert_close(both[:, :3], picture)
    torch.testing.assert_close(both[:, 3:], picture - torch.from_numpy(median))


def test_compression_is_a_logarithm_of_its_own_for_each_band():
    layer = LogCompression(2)
    layer.exponents.data = torch.tensor([0.0, 3.0])
    energies = torch.rand(1, 2, 5)

    torch.testing.assert_close(layer(energies)[0, 0], torch.log(1 + energies[0, 0]))
    torch.testing.assert_close(layer(energies)[0, 1], torch.log(1 + 1000 * energies[0, 1]))


def test_what_leaf_costs_is_the_sum_on_paper():
    counts = count_modules(Leaf(n_filters=4, hop=80).build(1000, 8000), noise(1))

    assert counts.total("mac_fp32") == 4 * (201 + 200) * 1000 + 4 * 201 * 13 + 4 * 12  # filters, pooling, smoother
    assert counts.total("compare_fp32") == 4 * 13
    assert counts.counts["network", "groups.0.energy", "multiply_fp32"] == 2 * 4 * 1000
    assert counts.counts["network", "groups.0.energy", "add_fp32"] == 4 * 1000
    assert counts.counts["network", "groups.0.filters", "sram_bytes"] == 4 * (4 * (201 + 200) + 1000 + 8 * 1000)


def test_what_efficient_leaf_costs_is_the_sum_on_paper():
    front_end = EfficientLeaf(n_filters=4, n_groups=2, hop=80).build(1000, 8000)
    counts = count_modules(front_end, noise(1))
    expected = 0
    for group in front_end.groups:
        n_places = 1 + 999 // group.filters.step
        expected += 2 * (2 * group.filters.kernel - 1) * n_places + 2 * group.pooling.window * 13

    assert counts.total("mac_fp32") == expected
    assert counts.total("transcendental_fp32") == 4 * 13
    assert counts.counts["network", "compression.1", "compare_fp32"] == 4 * (13 * 4 - 16 + 1)
    assert counts.counts["network", "compression.2", "multiply_fp32"] == 8 * 13


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Leaf(n_filters=0), "n_filters must lie in 1"),
        (lambda: Leaf(window_seconds=0.0), "window_seconds must be greater than 0"),
        (lambda: Leaf(window_seconds=0.0005).build(8000, 8000), "is 5 samples at 8000 Hz; at least 9"),
        (lambda: Leaf(high_hz=5000.0).build(8000, 8000), "low_hz < high_hz <= 4000"),
        (lambda: Leaf().build(100, 8000), "shorter than the window of 201"),
        (lambda: Leaf().build(10_000_000, 8000), "Choose fewer filters"),
        (lambda: EfficientLeaf(n_groups=7), "n_groups must divide n_filters"),
        (lambda: EfficientLeaf(step_factor=0.5), "step_factor must lie in 1 to 64"),
    ],
)
def test_options_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
