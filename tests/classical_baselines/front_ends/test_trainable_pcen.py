"""Trainable PCEN against librosa at fixed constants, finite differences and sums on paper."""

import librosa
import numpy as np
import pytest
import scipy.signal
import torch

from classical_baselines.front_ends.trainable_pcen import TrainablePcen, smoothed
from classical_baselines.harness.macs import count_modules


def energies(n_bands=3, n_frames=30):
    return torch.rand(2, n_bands, n_frames, generator=torch.Generator().manual_seed(0), dtype=torch.float64) ** 4


def pcen(n_bands=3, **constants):
    layer = TrainablePcen(n_bands).double()
    for name, value in constants.items():
        getattr(layer, f"log_{name}").data.fill_(float(np.log(value)))
    return layer


@pytest.mark.parametrize(
    "constants",
    [
        {"alpha": 0.96, "smoothing": 0.04, "delta": 2.0, "root": 2.0},
        {"alpha": 0.5, "smoothing": 0.3, "delta": 0.1, "root": 4.0},
    ],
)
def test_at_fixed_constants_it_is_the_pcen_of_librosa(constants):
    x = energies()
    start = (1 - constants["smoothing"]) * x[..., :1].numpy()  # librosa's filter in the state that gives M[0] = x[0]
    expected = librosa.pcen(
        x.numpy(),
        gain=constants["alpha"],
        bias=constants["delta"],
        power=1 / constants["root"],
        b=constants["smoothing"],
        eps=1e-6,
        zi=start,
    )

    torch.testing.assert_close(pcen(**constants)(x), torch.from_numpy(expected), atol=1e-12, rtol=1e-9)


def test_the_smoother_is_a_first_order_filter_that_starts_at_the_first_frame():
    x, s = energies(), torch.tensor([0.1, 0.5, 1.0], dtype=torch.float64)
    for band in range(3):
        b = float(s[band])
        expected, _ = scipy.signal.lfilter([b], [1, b - 1], x[:, band], zi=(1 - b) * x[:, band, :1].numpy())
        torch.testing.assert_close(smoothed(x, s)[:, band], torch.from_numpy(expected))


def test_its_gradients_are_finite_differences():
    layer, x = pcen(), energies(n_frames=8).requires_grad_()

    def applied(x, *logs):
        return torch.func.functional_call(layer, dict(zip(dict(layer.named_parameters()), logs, strict=True)), x)

    assert torch.autograd.gradcheck(applied, (x, *(p.detach().requires_grad_() for p in layer.parameters())))


def test_its_constants_keep_within_their_limits_however_far_they_are_pushed():
    high, low = TrainablePcen(2), TrainablePcen(2)
    for layer, value in ((high, 5.0), (low, -5.0)):
        for parameter in layer.parameters():
            parameter.data.fill_(value)

    assert {name: float(v[0].detach()) for name, v in high.constants().items()} == pytest.approx(
        {"alpha": 1.0, "smoothing": 1.0, "delta": np.exp(5), "root": np.exp(5)}
    )
    assert {name: float(v[0].detach()) for name, v in low.constants().items()} == pytest.approx(
        {"alpha": np.exp(-5), "smoothing": np.exp(-5), "delta": np.exp(-5), "root": 1.0}
    )


def test_silence_stays_0_and_a_gain_hardly_changes_the_picture():
    layer = pcen(alpha=0.98)
    silence, clip = torch.zeros(1, 3, 10, dtype=torch.float64), 1 + energies()

    assert not layer(silence).any()
    torch.testing.assert_close(layer(1000 * clip), layer(clip), atol=0.1, rtol=0.1)


def test_its_cost_is_the_sum_on_paper():
    counts = count_modules(TrainablePcen(4), torch.rand(1, 4, 10))

    assert counts.total("mac_fp32") == 4 * 9
    assert counts.total("add_fp32") == 4 * 9 + 3 * 40
    assert counts.total("multiply_fp32") == 3 * 40
    assert counts.total("transcendental_fp32") == 4 * 40
    assert counts.total("sram_bytes") == 4 * (5 * 4 + 40 + 40)
