# tests/classical_baselines/front_ends/test_pcen.py
import librosa
import numpy as np
import pytest
import torch

from classical_baselines.front_ends.pcen import Pcen, smoothed, smoothing_coefficient
from classical_baselines.harness.choices import InputError


def noise(n_clips, n_samples, seed=0):
    return 0.1 * torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    "options, theirs",
    [
        ({}, {}),
        (
            {"gain": 0.8, "bias": 10.0, "power": 0.25, "time_constant_seconds": 0.06, "eps": 1e-3},
            {"gain": 0.8, "bias": 10.0, "power": 0.25, "time_constant": 0.06, "eps": 1e-3},
        ),
    ],
)
@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 2e-4), (torch.float64, 1e-6)])
def test_it_is_librosas_pcen_of_librosas_mel_magnitudes(options, theirs, dtype, tolerance):
    waveforms = noise(2, 6000).to(dtype)

    ours = Pcen(**options)(waveforms, torch.tensor([6000, 6000]), 8000)

    magnitude = librosa.feature.melspectrogram(
        y=waveforms.double().numpy(), sr=8000, n_fft=256, hop_length=128, n_mels=32, fmin=60, power=1, dtype=np.float64
    )
    expected = librosa.pcen(magnitude * 2**31, sr=8000, hop_length=128, **theirs)
    np.testing.assert_allclose(ours.numpy(), expected, rtol=tolerance, atol=tolerance)


def test_from_the_first_frame_on_a_steady_sound_is_steady():
    energy = torch.full((1, 3, 50), 7.0, dtype=torch.float64)

    assert torch.equal(smoothed(energy, 0.1, "first-frame"), energy)
    assert smoothed(energy, 0.1, "one")[0, 0, 0] == pytest.approx(0.9 * 1 + 0.1 * 7)


def test_the_smoother_forgets_as_its_time_constant_says():
    # A first-order low pass whose power response falls to a half at 1 / (2 pi T) rad per frame, as librosa defines it.
    frames = 0.4 * 8000 / 128
    s = smoothing_coefficient(0.4, 8000, 128)

    response = s**2 / (1 - 2 * (1 - s) * np.cos(1 / frames) + (1 - s) ** 2)
    assert response == pytest.approx(0.5, abs=1e-3)


def test_silence_is_0_and_gain_is_almost_taken_away():
    waveforms = noise(1, 8000)
    quiet, loud = (Pcen(start="first-frame")(waveforms * g, torch.tensor([8000]), 8000) for g in (0.01, 1.0))

    assert torch.equal(Pcen()(torch.zeros(1, 4000), torch.tensor([4000]), 8000), torch.zeros(1, 32, 32))
    assert 1 < float((loud / quiet).median()) < 100**0.03  # of a gain of 100, 0.02 dB per dB remain in the quotient


def test_the_counts_are_those_of_the_mel_bands_and_of_the_equations():
    counts = Pcen().operations(8064, 8000)
    n_cells = 32 * 64
    own = {operation: n / n_cells for (_, layer, operation), n in counts if layer == "pcen"}

    assert own == {
        "multiply_fp32": 4,
        "add_fp32": 4,
        "mac_fp32": 1,
        "transcendental_fp32": 4,
        "sram_bytes": 16 - 4 / 64,  # the first of 64 frames has no state before it
    }
    assert {layer for (_, layer, _), _ in counts} == {"window", "fourier", "power", "magnitude", "mel", "pcen"}


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"gain": 1.5}, "gain must be greater than 0 and at most 1; got 1.5"),
        ({"power": 0.0}, "power must be greater than 0 and at most 1"),
        ({"time_constant_seconds": 0.0}, "time_constant_seconds must be greater than 0"),
        ({"start": "zero"}, "No start is called 'zero'. Choose one of: one, first-frame"),
        ({"hop": 300}, "A hop of 300 samples is longer than the window of 256"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        Pcen(**options)
