# tests/classical_baselines/front_ends/test_stft.py
import librosa
import numpy as np
import pytest
import torch
from scipy.signal import ShortTimeFFT, get_window

from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.stft import Stft, analysis_window, windowed_power
from classical_baselines.harness.choices import InputError


def noise(n_clips, n_samples, dtype=torch.float64, seed=0):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 0.1


@pytest.mark.parametrize("window, name", [("hann", "hann"), ("hamming", "hamming"), ("rectangular", "boxcar")])
@pytest.mark.parametrize("win_length", [256, 200, 64])
def test_the_power_is_that_of_librosa(window, name, win_length):
    waveforms = noise(2, 3000)

    ours = windowed_power(waveforms, analysis_window(window, win_length, 256), 64).transpose(1, 2)

    expected = librosa.stft(
        waveforms.numpy(), n_fft=256, hop_length=64, win_length=win_length, window=name, pad_mode="constant"
    )
    np.testing.assert_allclose(ours.numpy(), np.abs(expected) ** 2, rtol=1e-9, atol=1e-12)


def test_the_power_is_that_of_scipy():
    waveform = noise(1, 2048)
    transform = ShortTimeFFT(get_window("hann", 128), hop=32, fs=1.0)

    ours = windowed_power(waveform, analysis_window("hann", 128, 128), 32)[0].T

    expected = np.abs(transform.stft(waveform[0].numpy(), p0=0, p1=65)) ** 2
    np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-9, atol=1e-12)


def test_the_level_is_the_decibels_of_librosa_re_the_clip_maximum():
    waveforms = noise(2, 4000)

    ours = Stft(top_db=20)(waveforms, torch.tensor([4000, 4000]), 8000)

    for clip, level in zip(waveforms.numpy(), ours.numpy(), strict=True):
        power = np.abs(librosa.stft(clip, n_fft=256, hop_length=128, pad_mode="constant")) ** 2
        np.testing.assert_allclose(level, librosa.power_to_db(power, ref=np.max, top_db=20), atol=1e-6)


def test_a_short_window_separates_clicks_and_a_long_one_tones():
    sample = torch.arange(4000, dtype=torch.float64)
    clicks = torch.zeros(1, 4000, dtype=torch.float64)
    clicks[0, [1984, 2048]] = 1  # 8 ms apart
    tones = (torch.sin(2 * torch.pi * 1000 / 8000 * sample) + torch.sin(2 * torch.pi * 1050 / 8000 * sample))[None]
    lengths = torch.tensor([4000])

    def n_peaks(values):
        inner = values[1:-1]
        return int(((inner > values[:-2]) & (inner >= values[2:]) & (inner > values.max() - 20)).sum())

    found = {}
    for win_length in (32, 1024):
        front_end = Stft(n_fft=1024, win_length=win_length, hop=8)
        found[win_length] = (
            n_peaks(front_end(clicks, lengths, 8000)[0].amax(dim=0)),
            n_peaks(front_end(tones, lengths, 8000)[0].amax(dim=1)),
        )

    assert found[32] == (2, 1)
    assert found[1024][1] == 2
    assert found[1024][0] != 2


@pytest.mark.parametrize("window, gain", [("hann", 0.5), ("hamming", 0.54), ("rectangular", 1.0)])
def test_a_full_scale_sine_in_its_own_bin_is_at_0_db_of_the_fixed_reference(window, gain):
    sine = torch.sin(2 * torch.pi * 32 / 256 * torch.arange(4000, dtype=torch.float64))[None]
    level = Stft(window=window, relative_to="fixed")(sine / 2, torch.tensor([4000]), 8000)

    assert float(level[0, 32, 10]) == pytest.approx(20 * np.log10(0.5), abs=1e-4)
    assert analysis_window(window, 256, 256).sum() == pytest.approx(gain * 256)


def test_the_counts_are_those_of_log_mel_without_its_triangles():
    counts = Stft(n_fft=512, win_length=400, hop=160).operations(16000, 16000)
    of_mel = LogMel(n_fft=512, hop=160, n_mels=64).operations(16000, 16000)

    def of(all_counts, layer):
        return {operation: n for (_, name, operation), n in all_counts if name == layer}

    assert of(counts, "fourier") == of(of_mel, "fourier")
    assert of(counts, "power") == of(of_mel, "power")
    assert of(counts, "window")["multiply_fp32"] == 399 * 101  # the first weight is 0
    # Four operations of `level` have one count a cell, compare three: by the cells of both pictures.
    assert {name: n / 257 for name, n in of(counts, "level").items()} == {
        name: n / 64 for name, n in of(of_mel, "level").items()
    }
    assert {layer for (_, layer, _), _ in counts} == {"window", "fourier", "power", "level"}


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"n_fft": 300}, "n_fft must be a power of two from 4 to 65536; got 300"),
        ({"win_length": 512}, "win_length must lie in 2 to n_fft = 256, or be left out; got 512"),
        ({"hop": 257}, "A hop of 257 samples is longer than the window of 256"),
        ({"win_length": 64, "hop": 128}, "A hop of 128 samples is longer than the window of 64"),
        ({"hop": 0}, "hop must be greater than 0"),
        ({"window": "kaiser"}, "No window is called 'kaiser'. Choose one of: hann, hamming, rectangular"),
        ({"relative_to": "loudest"}, "No relative_to is called 'loudest'"),
        ({"top_db": 0.0}, "top_db must be greater than 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        Stft(**options)


def test_a_clip_shorter_than_a_frame_is_refused():
    with pytest.raises(InputError, match="A clip of 255 samples is shorter than one frame of n_fft = 256"):
        Stft()(torch.zeros(1, 255), torch.tensor([255]), 8000)
