# tests/classical_baselines/front_ends/test_phase_derivative.py
import librosa
import numpy as np
import pytest
import torch

from classical_baselines.front_ends.phase_derivative import PhaseDerivative, phase_advance
from classical_baselines.harness.choices import InputError


@pytest.mark.parametrize("place", [31.7, 32.0, 90.45])  # in bins of 256 samples
def test_of_a_tone_it_is_the_tones_distance_from_each_bin_of_its_main_lobe(place):
    sample = torch.arange(6000, dtype=torch.float64)
    tone = torch.sin(2 * torch.pi * place / 256 * sample)[None]

    deviation = PhaseDerivative()(tone, torch.tensor([6000]), 8000)[0, :, 10:80]

    for near in (int(place), int(place) + 1):
        assert (deviation[near] - (place - near)).abs().max() < 2e-3


def test_it_is_the_difference_of_librosas_phases():
    sound = torch.randn(1, 3000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spectrum = librosa.stft(sound[0].numpy(), n_fft=256, hop_length=48, pad_mode="constant")

    ours = phase_advance(torch.from_numpy(spectrum.T.copy())[None], 256, 48)[0].T

    expected = np.arange(129)[:, None] * 48 * 2 * np.pi / 256
    difference = np.diff(np.angle(spectrum), axis=1) - expected
    wrapped = (difference + np.pi) % (2 * np.pi) - np.pi
    np.testing.assert_allclose(ours[1:-1, 1:].numpy(), wrapped[1:-1] * 256 / (2 * np.pi * 48), atol=1e-6)
    assert not ours[:, 0].any()
    assert not ours[[0, -1]].any()


def test_what_is_weak_or_beyond_the_end_is_0():
    sample = torch.arange(4000, dtype=torch.float64)
    tone = torch.sin(2 * torch.pi * 0.1 * sample)[None]
    deviation = PhaseDerivative(floor_db=20)(tone, torch.tensor([2000]), 8000)[0]

    assert deviation[25, 5:25].abs().min() > 0.3  # 0.1 * 256 = 25.6
    assert not deviation[60:].any()
    assert not deviation[:, 35:].any()


def test_the_counts_are_those_on_paper():
    counts = PhaseDerivative().operations(8000, 8000)
    of = {(layer, operation): n for (_, layer, operation), n in counts}
    n_phases = 127 * 125  # none in the first frame and the outermost bins

    assert of["phase", "transcendental_fp32"] == n_phases
    assert (
        of["phase", "multiply_fp32"] + of["phase", "mac_fp32"] == (2 * 4 + 1) * n_phases + 1
    )  # two complex products, one floor
    assert of["fourier", "add_fp32"] + of["fourier", "multiply_fp32"] == 2.5 * 256 * 8 * 126


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"hop": 65}, "A hop of 65 samples is more than a quarter of the window of 256"),
        ({"win_length": 128}, "A hop of 64 samples is more than a quarter of the window of 128"),
        ({"floor_db": 0.0}, "floor_db must be greater than 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        PhaseDerivative(**options)
