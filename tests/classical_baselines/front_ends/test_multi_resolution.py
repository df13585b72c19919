"""The gate over window lengths against its formula in numpy, its single branches and sums on paper."""

import numpy as np
import pytest
import torch

from classical_baselines.front_ends.log_mel_layers import LogMelLayers
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.multi_resolution import MultiResolution
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.macs import count_modules

SMALL = {"windows": (64, 256), "n_fft": 256, "hop": 100, "n_mels": 8, "hidden": 5}
N_FRAMES = 21


def clips(n=2):
    return torch.randn(n, 2000, generator=torch.Generator().manual_seed(0)) * torch.linspace(0, 1, 2000)


def built(**options):
    torch.manual_seed(0)
    return MultiResolution(**SMALL | options).build(2000, 8000)


def test_the_weights_of_the_gate_are_those_of_its_formula_and_sum_to_1():
    front_end = built()
    levels = torch.stack([branch(clips()) for branch in front_end.branches], dim=1)
    weights = front_end.gate(levels).detach().numpy()

    u, c, v = (p.detach().numpy() for p in front_end.gate.parameters())
    scores = np.einsum("h,brht->brt", v[0], np.tanh(np.einsum("hm,brmt->brht", u, levels) + c[:, None]))
    np.testing.assert_allclose(weights, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), rtol=1e-4)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    expected = (weights[:, :, None] * levels.numpy()).sum(axis=1)
    np.testing.assert_allclose(front_end(clips()).detach(), expected, atol=1e-6)


def test_the_gate_chooses_anew_in_every_frame():
    front_end = built()
    weights = front_end.gate(torch.stack([branch(clips()) for branch in front_end.branches], dim=1))

    assert weights.std(dim=2).min() > 1e-3


def test_with_one_window_it_is_that_log_mel_picture():
    picture = built(windows=(256,))(clips())
    expected = LogMelLayers(n_fft=256, hop=100, n_mels=8).build(2000, 8000)(clips())

    torch.testing.assert_close(picture, expected)


def test_a_gate_that_is_sure_gives_one_branch():
    front_end = built()
    levels = torch.stack([branch(clips()) for branch in front_end.branches], dim=1)
    sure = torch.zeros(2, 2, N_FRAMES)
    sure[:, 1] = 1

    torch.testing.assert_close(front_end.sum(levels, sure), levels[:, 1])


def test_a_branch_is_the_level_of_a_shorter_window_padded_with_zeros():
    picture = built(fusion="channels")(clips(1))
    spectrum = torch.stft(clips(1), 256, 100, 64, torch.hann_window(64), pad_mode="constant", return_complex=True)
    mel = LogMel(n_fft=256, hop=100, n_mels=8).filters(8000).float() @ spectrum.abs().square()
    level = 10 * torch.log10(mel / mel.max())

    torch.testing.assert_close(picture[:, :8], (1 + level / 50).clamp(0, 1), atol=1e-4, rtol=0)


def test_as_channels_the_branches_lie_one_above_another():
    front_end = built(fusion="channels")
    picture = front_end(clips())

    assert (front_end.n_channels, front_end.n_bands) == (2, 8)
    assert not list(front_end.parameters())
    torch.testing.assert_close(picture.unflatten(1, (2, 8))[:, 1], front_end.branches[1](clips()))


def test_what_the_gate_costs_is_the_sum_on_paper():
    counts = count_modules(built(), clips(1))
    gate = {name: counts.total(name) for name in ("mac_fp32", "transcendental_fp32")}
    channels = count_modules(built(fusion="channels"), clips(1))

    assert gate["mac_fp32"] - channels.total("mac_fp32") == 2 * N_FRAMES * (8 * 5 + 5)
    # a tanh a hidden value; exponentials and a division of the softmax
    assert gate["transcendental_fp32"] - channels.total("transcendental_fp32") == N_FRAMES * (2 * 5 + 2 + 1)
    assert counts.counts["network", "sum", "multiply_fp32"] == 2 * 8 * N_FRAMES
    assert counts.counts["network", "sum", "add_fp32"] == 8 * N_FRAMES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fusion": "sum"}, "fusion must be one of gate, channels"),
        ({"windows": ()}, "windows must be 1 to 16 lengths"),
        ({"windows": (64, 512)}, r"n_fft \(256\)"),
        ({"hidden": 0}, "hidden must lie in 1"),
        ({"hop": 0}, "hop must be greater than 0"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        MultiResolution(**SMALL | options)
