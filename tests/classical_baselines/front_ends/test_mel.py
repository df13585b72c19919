# tests/classical_baselines/front_ends/test_mel.py
import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.front_ends.mel import LogMel, mel_filter_bank, mel_power, mel_to_hz
from classical_baselines.harness.choices import InputError

SETTINGS = [
    # sample_rate_hz, n_fft, hop, n_mels, low_hz, high_hz, mel_scale, mel_norm
    (8000, 256, 128, 32, 60.0, None, "htk", "none"),
    (8000, 256, 80, 20, 0.0, 3800.0, "slaney", "slaney"),
    (16000, 512, 160, 64, 0.0, None, "slaney", "none"),
    (16000, 512, 160, 40, 125.0, 7500.0, "htk", "slaney"),
]


def noise(n_clips, n_samples, dtype, seed=0):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 0.1


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-6)])
def test_the_mel_power_is_that_of_librosa(setting, dtype, tolerance):
    sample_rate_hz, n_fft, hop, n_mels, low_hz, high_hz, mel_scale, mel_norm = setting
    waveforms = noise(3, 5000, dtype)
    filters = mel_filter_bank(sample_rate_hz, n_fft, n_mels, low_hz, high_hz, mel_scale, mel_norm)

    ours = mel_power(waveforms, filters, n_fft, hop)

    expected = librosa.feature.melspectrogram(
        y=waveforms.double().numpy(),
        sr=sample_rate_hz,
        n_fft=n_fft,
        hop_length=hop,
        n_mels=n_mels,
        fmin=low_hz,
        fmax=high_hz,
        htk=mel_scale == "htk",
        norm=None if mel_norm == "none" else "slaney",
        pad_mode="constant",
        dtype=np.float64,
    )
    np.testing.assert_allclose(ours.numpy(), expected, rtol=tolerance)


def test_the_level_is_the_decibels_of_librosa_re_the_clip_maximum():
    waveforms = noise(2, 4000, torch.float64)
    front_end = LogMel(top_db=15)

    ours = front_end(waveforms, torch.tensor([4000, 4000]), 8000)

    for clip, level in zip(waveforms.numpy(), ours.numpy(), strict=True):
        power = librosa.feature.melspectrogram(
            y=clip, sr=8000, n_fft=256, hop_length=128, n_mels=32, fmin=60, htk=True, norm=None, pad_mode="constant"
        )
        np.testing.assert_allclose(level, librosa.power_to_db(power, ref=np.max, top_db=15), atol=1e-4)


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize("frequency_hz", [200.0, 440.0, 1000.0, 2500.0, 3500.0])
def test_a_pure_tone_is_loudest_in_the_band_whose_centre_is_nearest_in_mel(frequency_hz, mel_scale):
    time = torch.arange(8000, dtype=torch.float64) / 8000
    tone = torch.sin(2 * torch.pi * frequency_hz * time)[None]
    level = LogMel(mel_scale=mel_scale, n_mels=24, low_hz=0.0)(tone, torch.tensor([8000]), 8000)

    centres_mel = np.linspace(*librosa.hz_to_mel([0, 4000], htk=mel_scale == "htk"), 26)[1:-1]
    nearest = np.abs(centres_mel - librosa.hz_to_mel(frequency_hz, htk=mel_scale == "htk")).argmin()

    assert level[0].mean(dim=1).argmax() == nearest


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(-6, 6), st.integers(1, 1500))
def test_gain_changes_nothing_and_levels_stay_within_their_limits(seed, exponent, length):
    waveforms = noise(2, 1500, torch.float32, seed)
    waveforms[0, length:] = 0
    before = waveforms.clone()
    n_samples = torch.tensor([length, 1500])

    level = LogMel()(waveforms, n_samples, 8000)

    assert torch.equal(waveforms, before)
    assert level.shape == (2, 32, 12)
    assert level.min() >= -50
    assert torch.equal(level.amax(dim=(1, 2)), torch.zeros(2))
    torch.testing.assert_close(LogMel()(waveforms * 2.0**exponent, n_samples, 8000), level, atol=2e-4, rtol=0)


def test_a_full_scale_sine_in_its_own_bin_is_at_0_db_of_the_fixed_reference_and_half_of_it_at_minus_6():
    bin_hz, filters_hz = 8000 / 256, 4000.0
    tone = torch.sin(2 * torch.pi * 32 * bin_hz * torch.arange(8000, dtype=torch.float64) / 8000)[None]
    # Bands two bins wide at the corners: the triangle around bin 32 has a weight of 1 there and 0 beside it.
    filters = mel_filter_bank(8000, 256, 32, 0.0, filters_hz)
    weights = filters[:, 31:34]
    power = weights @ torch.tensor([0.25, 1.0, 0.25], dtype=torch.float64)  # main lobe of a periodic Hann window
    expected = 10 * torch.log10(power.clamp_min(1e-12)).max()
    front_end = LogMel(relative_to="fixed", low_hz=0.0)

    half = front_end(tone / 2, torch.tensor([8000]), 8000)[0, :, 20].max()

    assert float(half) == pytest.approx(float(expected) + 20 * np.log10(0.5), abs=1e-6)
    assert front_end(tone, torch.tensor([8000]), 8000).max() <= 0


@pytest.mark.parametrize("relative_to", ["clip-maximum", "fixed"])
def test_digital_silence_is_the_floor_everywhere(relative_to):
    level = LogMel(relative_to=relative_to)(torch.zeros(2, 4000), torch.tensor([4000, 0]), 8000)

    assert torch.equal(level, torch.full((2, 32, 32), -50.0))


def test_frames_beyond_the_end_of_a_clip_are_the_floor_whatever_lies_there():
    waveforms = noise(1, 4000, torch.float32)
    level = LogMel()(waveforms, torch.tensor([1000]), 8000)

    # Frame t starts at sample 128 t - 128; the first to start at or beyond sample 1000 is number 9.
    assert (level[0, :, 9:] == -50).all()
    assert (level[0, :, 8] > -50).any()
    torch.testing.assert_close(level[:, :, :8], LogMel()(waveforms[:, :1000], torch.tensor([1000]), 8000))


def test_the_counts_of_one_second_at_16_khz_are_those_on_paper():
    counts = LogMel(n_fft=512, hop=160, n_mels=64, low_hz=0.0).operations(16000, 16000)

    def of(layer):
        return {operation: n for (_, name, operation), n in counts if name == layer and operation != "sram_bytes"}

    n_frames, n_bins = 101, 257
    # rounding leaves one of 5e-15 on the last corner
    n_nonzero = np.count_nonzero(librosa.filters.mel(sr=16000, n_fft=512, n_mels=64, htk=True, norm=None) > 1e-9)
    assert sum(of("fourier").values()) == 2.5 * 512 * 9 * n_frames == 1_163_520
    assert of("window") == {"multiply_fp32": 511 * n_frames}  # the first weight is 0
    assert sum(of("power").values()) == 3 * n_bins * n_frames == 77_871
    assert of("mel") == {"mac_fp32": n_nonzero * n_frames}
    assert n_nonzero <= 2 * n_bins  # no bin lies in more than two triangles
    n_cells = 64 * n_frames
    assert of("level") == {
        "transcendental_fp32": n_cells,  # the logarithm
        "multiply_fp32": n_cells,  # times 10
        "add_fp32": n_cells,  # minus the reference
        "compare_fp32": 3 * n_cells,  # smallest power, maximum so far, floor
    }
    assert counts.stages() == ("front_end",)


def test_the_traffic_of_a_tiny_front_end_is_that_counted_by_hand():
    counts = LogMel(n_fft=4, hop=2, n_mels=1, low_hz=0.0).operations(3, 8000)

    traffic = {layer: n for (_, layer, operation), n in counts if operation == "sram_bytes"}
    # 2 frames of 4 samples, of which the window takes the first away; 2 butterflies a frame; 3 bins, of which the one
    # triangle holds the middle one.
    assert traffic == {
        "window": 2 * 3 * (2 + 4 + 4),
        "fourier": 2 * 2 * (16 + 8 + 16),
        "power": 2 * 3 * (8 + 4),
        "mel": 2 * (8 * 1 + 4),
        "level": 2 * 16,
    }


def test_the_slaney_scale_is_that_of_librosa():
    mel = torch.linspace(0, 60, 200, dtype=torch.float64)

    np.testing.assert_allclose(mel_to_hz(mel, "slaney").numpy(), librosa.mel_to_hz(mel.numpy()), rtol=1e-12)


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"n_fft": 300}, "n_fft must be a power of two.*got 300"),
        ({"n_fft": 2**17}, "n_fft must be a power of two from 4 to 65536; got 131072"),
        ({"hop": 0}, "hop must be greater than 0"),
        ({"hop": 2**63}, "hop must be greater than 0 and at most 65536; got 9223372036854775808"),
        ({"n_mels": 1025}, "n_mels must be greater than 0 and at most 1024; got 1025"),
        ({"top_db": float("inf")}, "top_db must be greater than 0 and at most 1000; got inf"),
        ({"mel_scale": "bark"}, "No mel_scale is called 'bark'. Choose one of: htk, slaney"),
        ({"relative_to": "loudest"}, "No relative_to is called 'loudest'"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        LogMel(**options)


def test_a_clip_shorter_than_a_frame_and_one_that_would_fill_the_memory_are_refused():
    with pytest.raises(InputError, match="A clip of 255 samples is shorter than one frame of n_fft = 256"):
        LogMel()(torch.zeros(1, 255), torch.tensor([255]), 8000)
    assert LogMel()(torch.zeros(1, 256), torch.tensor([256]), 8000).shape == (1, 32, 3)
    with pytest.raises(InputError, match="n_fft = 65536 at a hop of 1 makes 4,295,032,832 framed samples of one clip"):
        LogMel(n_fft=65536, hop=1)(torch.zeros(1, 65536), torch.tensor([65536]), 8000)


def test_limits_beyond_the_nyquist_frequency_and_empty_bands_are_refused():
    with pytest.raises(InputError, match="low_hz < high_hz <= 4000"):
        LogMel(high_hz=5000.0).filters(8000)
    with pytest.raises(InputError, match="holds no Fourier bin"):
        LogMel(n_mels=128).filters(8000)
