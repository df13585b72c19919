# tests/classical_baselines/front_ends/test_librosa_mel.py
import librosa
import numpy as np
import pytest
import torch

from classical_baselines.front_ends.librosa_mel import LibrosaMel
from classical_baselines.harness.choices import InputError

SETTINGS = [
    # our options, librosa's, sample rate
    ({}, {}, 22050),
    (
        {"n_fft": 512, "win_length": 400, "hop": 160, "n_mels": 64, "mel_scale": "htk", "mel_norm": "none"},
        {"n_fft": 512, "win_length": 400, "hop_length": 160, "n_mels": 64, "htk": True, "norm": None},
        16000,
    ),
    (
        {"n_fft": 1024, "hop": 320, "n_mels": 64, "low_hz": 50.0, "high_hz": 14000.0, "power": 1},
        {"n_fft": 1024, "hop_length": 320, "n_mels": 64, "fmin": 50.0, "fmax": 14000.0, "power": 1.0},
        32000,
    ),
]


def noise(n_clips, n_samples, dtype=torch.float64, seed=0):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 0.1


@pytest.mark.parametrize("options, theirs, sample_rate_hz", SETTINGS)
@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 2e-5), (torch.float64, 1e-6)])
def test_mel_and_level_are_those_of_librosa(options, theirs, sample_rate_hz, dtype, tolerance):
    waveforms = noise(2, 9000, dtype)
    lengths = torch.tensor([9000, 9000])
    front_end = LibrosaMel(**options)

    mel, level = front_end.mel(waveforms, lengths, sample_rate_hz), front_end(waveforms, lengths, sample_rate_hz)

    for clip in range(2):
        expected = librosa.feature.melspectrogram(
            y=waveforms[clip].double().numpy(), sr=sample_rate_hz, dtype=np.float64, **theirs
        )
        np.testing.assert_allclose(mel[clip].numpy(), expected, rtol=tolerance)
        np.testing.assert_allclose(level[clip].numpy(), librosa.power_to_db(expected), atol=1e-3)


def test_relative_to_the_clip_maximum_it_is_librosas_reference_by_maximum_but_for_a_clip_of_zeros():
    waveforms = noise(2, 5000)
    waveforms[1] = 0
    level = LibrosaMel(relative_to="clip-maximum", top_db=25, n_mels=64)(waveforms, torch.tensor([5000, 5000]), 8000)

    power = librosa.feature.melspectrogram(y=waveforms[0].numpy(), sr=8000, n_mels=64)
    np.testing.assert_allclose(level[0].numpy(), librosa.power_to_db(power, ref=np.max, top_db=25), atol=1e-5)
    assert (level[1] == -25).all()


def test_a_silent_passage_is_limited_by_amin_and_by_the_floor_below_the_maximum():
    waveforms = noise(1, 20000)
    waveforms[:, 10000:] = 0
    level = LibrosaMel()(waveforms, torch.tensor([20000]), 22050)[0]

    assert level.min() == level.max() - 80  # the power there is amin, -100 dB, and the floor lies above it
    assert LibrosaMel()(torch.zeros(1, 20000), torch.tensor([20000]), 22050).max() == -100


def test_the_counts_grow_by_a_square_root_where_magnitudes_are_asked_for():
    counts = [LibrosaMel(power=power).operations(22050, 22050) for power in (2, 1)]
    n_bins, n_frames = 1025, 44

    extra = counts[1].total("transcendental_fp32") - counts[0].total("transcendental_fp32")
    assert extra == n_bins * n_frames
    n_nonzero = np.count_nonzero(librosa.filters.mel(sr=22050, n_fft=2048))
    assert counts[0].total("mac_fp32") == n_nonzero * n_frames


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"power": 3}, "power must be 1 .magnitude. or 2 .power.; got 3"),
        ({"amin": 0.0}, "amin must lie in 1e-30 to 1; got 0"),
        ({"relative_to": "max"}, "No relative_to is called 'max'. Choose one of: one, clip-maximum"),
        ({"hop": 4096}, "A hop of 4096 samples is longer than the window of 2048"),
        ({"n_mels": 0}, "n_mels must be greater than 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        LibrosaMel(**options)


def test_a_band_without_a_bin_is_refused():
    with pytest.raises(InputError, match="holds no Fourier bin"):
        LibrosaMel(n_fft=256, hop=64, n_mels=256).filters(8000)
