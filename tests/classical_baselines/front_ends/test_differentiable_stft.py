"""Learnt windows against torch.stft, finite differences, sums on paper, and two signals that want unlike windows."""

import math

import pytest
import torch

from classical_baselines.front_ends.differentiable_stft import (
    WINDOWS,
    DifferentiableStft,
    WindowedFrames,
    WindowedTransform,
)
from classical_baselines.front_ends.log_mel_layers import Fourier, Power
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.macs import count_modules

SMALL = {"n_fft": 64, "hop": 20, "window": 40.0, "shortest": 8.0, "n_mels": 4, "low_hz": 100.0}


def noise(n_clips=2, n_samples=300, dtype=torch.float64):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(0)).to(dtype)


def spectrum_of(options, n_samples=300):
    """The layers up to the power, in float64."""
    dense = options.windows in {"frequency", "time-frequency"}
    windows = (WindowedTransform if dense else WindowedFrames)(options, n_samples)
    return torch.nn.Sequential(windows, torch.nn.Identity() if dense else Fourier(), Power()).double()


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("length", [16, 40, 62])
def test_at_an_even_length_it_is_torchs_stft_over_the_sum_of_its_window(windows, length):
    layers = spectrum_of(DifferentiableStft(**SMALL | {"window": float(length)}, windows=windows))
    window = torch.hann_window(length, dtype=torch.float64)
    expected = torch.stft(
        noise(), 64, 20, length, window, center=True, pad_mode="constant", return_complex=True
    ).transpose(1, 2)

    torch.testing.assert_close(layers(noise()), (expected.abs() / window.sum()) ** 2, atol=1e-12, rtol=1e-5)


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("learn_hop", [False, True])
def test_the_gradients_of_lengths_and_hop_are_finite_differences(windows, learn_hop):
    options = DifferentiableStft(**SMALL | {"window": 41.3}, windows=windows, learn_hop=learn_hop)
    layers = spectrum_of(options, 100)
    parameters = dict(layers.named_parameters())
    start = []
    for name, parameter in parameters.items():
        moved = parameter.detach() + 0.02 * torch.rand(parameter.shape, generator=torch.Generator().manual_seed(2))
        start.append((moved + 0.013 if name.endswith("hop") else moved).requires_grad_())
    clip = noise(1, 100)

    def applied(*values):
        return torch.func.functional_call(layers, dict(zip(parameters, values, strict=True)), clip)

    assert torch.autograd.gradcheck(applied, start, eps=1e-6, atol=1e-6)


def test_a_length_of_its_own_for_each_frame_or_bin_acts_there_alone():
    for windows, axis in (("frame", 1), ("frequency", 2)):
        layers = spectrum_of(DifferentiableStft(**SMALL, windows=windows))
        before = layers(noise()).detach()
        layers[0].raw_lengths.data[3] += 0.1
        changed = (layers(noise()).detach() - before).abs().amax(dim=[a for a in (0, 1, 2) if a != axis])

        assert changed[3] > 1e-6
        assert not changed[torch.arange(len(changed)) != 3].any()


def test_a_length_of_its_own_for_each_frame_and_bin_acts_in_one_cell_frame_by_frame():
    layers = spectrum_of(DifferentiableStft(**SMALL, windows="time-frequency"))
    before = layers(noise()).detach()
    layers[0].raw_lengths.data[2 * 33 + 5] += 0.1  # the third frame, the sixth of 33 bins

    assert ((layers(noise()).detach() - before).abs() > 1e-9).nonzero()[:, 1:].unique(dim=0).tolist() == [[2, 5]]


def test_a_learnt_hop_moves_the_frames_and_their_number():
    layers = spectrum_of(DifferentiableStft(**SMALL, learn_hop=True))
    layers[0].raw_hop.data.fill_(-0.6)
    hop = float(layers[0].hop().detach())
    clip = torch.zeros(1, 300, dtype=torch.float64)
    clip[0, 150] = 1.0
    energy = layers(clip)[0].sum(dim=1).detach()

    assert hop == pytest.approx(20 * 2**-0.5370, abs=1e-3)
    assert len(energy) == 1 + int(300 / hop)
    # a click has the energy of the window at its distance from the centre of the frame
    centres = hop * torch.arange(len(energy), dtype=torch.float64)
    inside = (150 - centres).abs() < 20
    window = torch.where(inside, 0.5 + 0.5 * torch.cos(2 * torch.pi * (150 - centres) / 40), 0.0) / 20
    torch.testing.assert_close(energy, 33 * window**2, atol=1e-9, rtol=1e-5)


@pytest.mark.parametrize("windows", WINDOWS)
def test_a_clip_of_another_length_needs_no_new_network(windows):
    front_end = DifferentiableStft(**SMALL, windows=windows).build(300, 8000)
    longer = noise(1, 500, torch.float32)

    picture = front_end(longer)

    assert picture.shape == (1, 4, 26)
    expected = DifferentiableStft(**SMALL).build(500, 8000)(longer)  # all lengths are still the same
    torch.testing.assert_close(picture, expected, atol=1e-4, rtol=1e-4)


def test_a_clip_that_comes_a_hop_later_has_its_picture_a_frame_later():
    front_end = DifferentiableStft(**SMALL).build(400, 8000)
    early, late = torch.zeros(1, 400), torch.zeros(1, 400)
    early[:, 100:200] = noise(1, 100, torch.float32)
    late[:, 120:220] = early[:, 100:200]

    torch.testing.assert_close(front_end(late)[..., 1:], front_end(early)[..., :-1], atol=1e-4, rtol=0)


def entropy(power):
    """Of a picture taken as a distribution: the fewer cells hold the power, the lower."""
    share = power / power.sum()
    return -(share * (share + 1e-12).log()).sum()


@pytest.mark.parametrize(("signal", "longest"), [("tone", True), ("clicks", False)])
def test_learning_moves_the_length_to_the_end_that_a_signal_asks_for(signal, longest):
    options = DifferentiableStft(n_fft=256, hop=16, window=100.0, shortest=16.0, n_mels=4, low_hz=100.0)
    layers = spectrum_of(options, 1024)
    sample = torch.arange(1024, dtype=torch.float64)
    clip = (torch.cos(0.7 * sample) if signal == "tone" else (sample % 200 == 100).double())[None]
    optimiser = torch.optim.Adam(layers.parameters(), lr=0.02)

    for _ in range(25):
        optimiser.zero_grad()
        entropy(layers(clip)).backward()
        optimiser.step()

    length = float(layers[0].lengths().detach())
    assert length > 200 if longest else length < 32


@pytest.mark.parametrize(
    ("windows", "learn_hop", "n_tables"), [("constant", False, 1), ("constant", True, 16), ("frame", False, 16)]
)
def test_windows_of_frames_cost_a_product_a_weight_that_is_not_0_and_their_tables(windows, learn_hop, n_tables):
    front_end = DifferentiableStft(**SMALL, windows=windows, learn_hop=learn_hop).build(300, 8000)
    counts = count_modules(front_end, noise(1, 300, torch.float32))

    assert counts.counts["network", "windows", "multiply_fp32"] == 16 * 39  # of 40 samples the first has a weight of 0
    assert counts.counts["network", "windows", "sram_bytes"] == 4 * (39 * n_tables + 300 + 16 * 64)
    assert counts.counts["network", "fourier", "add_fp32"] == 6 * 64 / 4 * 6 * 16
    assert front_end.fourier_bytes(300) > 0


@pytest.mark.parametrize(("windows", "n_tables"), [("frequency", 1), ("time-frequency", 16)])
def test_windows_of_bins_cost_a_dense_product_without_what_is_0(windows, n_tables):
    angles = [2 * math.pi * m * k / 64 for m in range(33) for k in range(-19, 20)]
    n_weights = sum((abs(math.cos(angle)) > 1e-9) + (abs(math.sin(angle)) > 1e-9) for angle in angles)
    front_end = DifferentiableStft(**SMALL, windows=windows).build(300, 8000)
    counts = count_modules(front_end, noise(1, 300, torch.float32))

    assert counts.counts["network", "windows", "mac_fp32"] == n_weights * 16
    assert counts.counts["network", "windows", "sram_bytes"] == 4 * (n_weights * n_tables + 300 + 2 * 33 * 16)
    assert front_end.fourier_bytes(300) == 0


@pytest.mark.parametrize("windows", WINDOWS)
def test_its_lengths_have_one_axis_so_that_training_does_not_let_them_decay(windows):
    front_end = DifferentiableStft(**SMALL, windows=windows, learn_hop=True).build(300, 8000)

    assert all(parameter.dim() == 1 for parameter in front_end.parameters())
    assert front_end.windows.lengths().flatten().tolist() == pytest.approx([40.0] * len(front_end.windows.raw_lengths))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"windows": "both"}, "windows must be one of constant, frame"),
        ({"window": 64.0}, "2 <= shortest < window < n_fft"),
        ({"shortest": 1.0}, "2 <= shortest < window < n_fft"),
        ({"hop": 0}, "hop must be greater than 0"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        DifferentiableStft(**SMALL | options)


def test_windows_that_fill_the_memory_are_refused():
    with pytest.raises(InputError, match="window samples; at most"):
        DifferentiableStft(n_fft=2048, hop=64, windows="time-frequency").build(16000, 16000)
