# tests/classical_baselines/front_ends/test_instantaneous_frequency.py
import numpy as np
import pytest
import scipy.signal
import torch

from classical_baselines.front_ends.instantaneous_frequency import (
    InstantaneousFrequency,
    analytic_signal,
    instantaneous_frequency,
)
from classical_baselines.harness.choices import InputError


def chirp(start, slope, n_samples):
    """e^{j 2 pi (start n + slope n^2 / 2)}, cycles per sample."""
    n = torch.arange(n_samples, dtype=torch.float64)
    phase = 2 * torch.pi * (start * n + slope * n**2 / 2)
    return torch.complex(phase.cos(), phase.sin())


def test_the_analytic_signal_is_that_of_scipy():
    sound = torch.randn(2, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    expected = scipy.signal.hilbert(sound.numpy(), N=1024)[:, :1000]
    np.testing.assert_allclose(analytic_signal(sound).numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("start, slope", [(0.05, 0.0), (0.02, 1e-4), (0.3, -2e-4)])
def test_of_a_chirp_each_reads_its_closed_form(start, slope):
    n = torch.arange(1000, dtype=torch.float64)
    signal = chirp(start, slope, 1000)[None]

    hilbert = instantaneous_frequency(signal, "hilbert")[0, 1:-1]
    in_time = instantaneous_frequency(signal, "frequency-in-time")[0, 1:-1]

    inner = n[1:-1]
    torch.testing.assert_close(hilbert, start + slope * (inner + 0.5), atol=1e-9, rtol=0)
    expected = torch.sin(2 * torch.pi * (start + slope * inner)) * np.cos(np.pi * slope) / (2 * np.pi)
    torch.testing.assert_close(in_time, expected, atol=1e-9, rtol=0)


def test_a_real_chirp_runs_up_its_diagonal():
    sound = chirp(0.05, 0.4 / 8000, 8000).real[None]
    level = InstantaneousFrequency(n_bands=20, hop=400)(sound, torch.tensor([8000]), 8000)[0]

    middle = 0.05 + 0.4 / 8000 * (400 * torch.arange(20) + 200)
    distance = level.argmax(dim=0) - (middle * 2 * 20).floor()
    assert distance[1:-1].abs().max() <= 1


def test_frequency_in_time_cannot_tell_a_tone_from_its_mirror_image_about_a_quarter_of_the_sample_rate():
    low, high = (instantaneous_frequency(chirp(f, 0.0, 100)[None], "frequency-in-time") for f in (0.1, 0.4))
    low_hilbert, high_hilbert = (instantaneous_frequency(chirp(f, 0.0, 100)[None], "hilbert") for f in (0.1, 0.4))

    torch.testing.assert_close(low, high)
    assert (high_hilbert - low_hilbert).min() > 0.29


def test_two_tones_of_equal_strength_are_read_as_one_between_them():
    n = torch.arange(8000, dtype=torch.float64)
    sound = (torch.sin(2 * torch.pi * 0.1 * n) + torch.sin(2 * torch.pi * 0.2 * n))[None]
    level = InstantaneousFrequency(n_bands=50, hop=8000)(sound, torch.tensor([8000]), 8000)[0, :, 0]

    assert int(level.argmax()) == 15  # 0.15 cycles per sample, where there is nothing


def test_the_energy_of_a_frame_is_that_of_its_samples():
    sound = torch.randn(1, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    level = InstantaneousFrequency(n_bands=8, hop=100, top_db=500)(sound, torch.tensor([1000]), 8000)[0]

    energy = (10 ** (level / 10)).sum(dim=0)
    expected = analytic_signal(sound)[0].abs().square().reshape(10, 100).sum(dim=1)
    torch.testing.assert_close(energy / energy.sum(), expected / expected.sum(), atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("kind", ["hilbert", "frequency-in-time"])
def test_the_counts_are_three_real_transforms_and_some_work_for_each_sample(kind):
    counts = InstantaneousFrequency(kind=kind).operations(8000, 8000)
    of = {(layer, operation): n for (_, layer, operation), n in counts}

    assert of["fourier", "add_fp32"] + of["fourier", "multiply_fp32"] == 3 * 2.5 * 8192 * 13
    assert of["frequency", "transcendental_fp32"] == (7999 if kind == "hilbert" else 7998)  # the outermost repeat one
    assert of["frequency", "mac_fp32"] == (2 * 7999 if kind == "hilbert" else 7998)
    assert of["energy", "add_fp32"] == 62 * 128  # whole frames


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"kind": "qft"}, "No kind is called 'qft'. Choose one of: hilbert, frequency-in-time"),
        ({"n_bands": 0}, "n_bands must lie in 1 to 4096; got 0"),
        ({"hop": 0}, "hop must lie in 1 to 65536; got 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        InstantaneousFrequency(**options)


def test_a_clip_without_a_whole_frame_is_refused():
    with pytest.raises(InputError, match="A clip of 127 samples is shorter than 128"):
        InstantaneousFrequency()(torch.zeros(1, 127), torch.tensor([127]), 8000)
