"""The layers of a log-mel spectrogram against the front end of the same picture, and the window against torch's."""

import pytest
import torch

from classical_baselines.front_ends.front_end_operations import count_fourier
from classical_baselines.front_ends.log_mel_layers import FixedFrames, LogMelLayers, frame_positions, hann
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.macs import count_modules

OPTIONS = {"n_fft": 256, "hop": 100, "n_mels": 24, "low_hz": 80.0, "high_hz": 3500.0, "top_db": 40.0}


def waveforms(n_clips=3, n_samples=2000):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(1)) * torch.linspace(
        0, 0.3, n_samples
    )


def test_the_picture_is_that_of_the_front_end_with_its_floor_at_0_and_its_maximum_at_1():
    clips = waveforms()
    levels = LogMel(**OPTIONS)(clips, torch.full((3,), 2000), 8000)

    picture = LogMelLayers(**OPTIONS).build(2000, 8000)(clips)

    torch.testing.assert_close(picture, 1 + levels / 40, atol=2e-5, rtol=0)
    assert picture.amax(dim=(1, 2)).tolist() == [1, 1, 1]


def test_silence_is_0_and_has_finite_gradients():
    front_end = LogMelLayers(**OPTIONS).build(2000, 8000)
    silence = torch.zeros(1, 2000, requires_grad=True)

    picture = front_end(silence)
    picture.sum().backward()

    assert not picture.any()
    assert torch.isfinite(silence.grad).all()


def test_its_arithmetic_is_that_of_the_front_end_and_the_intensity():
    counts = count_modules(LogMelLayers(**OPTIONS).build(2000, 8000), waveforms(1))
    fixed = LogMel(**OPTIONS).operations(2000, 8000)
    n_cells = 24 * 21

    for ours, theirs, added in [
        ("frames", "window", {}),
        ("fourier", "fourier", {}),
        ("power", "power", {}),
        ("mel", "mel", {}),
        ("intensity", "level", {"multiply_fp32": n_cells, "add_fp32": n_cells}),
    ]:
        for operation in ("mac_fp32", "multiply_fp32", "add_fp32", "compare_fp32", "transcendental_fp32"):
            expected = fixed.counts.get(("front_end", theirs, operation), 0) + added.get(operation, 0)
            assert counts.counts.get(("network", ours, operation), 0) == expected, (ours, operation)


def test_what_a_transform_moves_is_what_its_butterflies_move():
    front_end = LogMelLayers(**OPTIONS).build(2000, 8000)
    in_and_out = 4 * (256 + 2 * 129) * 21

    assert in_and_out + front_end.fourier_bytes(2000) == count_fourier(256, 21).total("sram_bytes")


@pytest.mark.parametrize("length", [2, 60, 256])
def test_a_window_of_whole_length_is_torchs_periodic_hann_window_in_the_middle(length):
    window = hann(frame_positions(256), torch.tensor(float(length), dtype=torch.float64))
    expected = torch.nn.functional.pad(torch.hann_window(length, dtype=torch.float64), [128 - length // 2] * 2)

    torch.testing.assert_close(window, expected, atol=1e-12, rtol=0)


def test_the_gradients_of_the_window_are_finite_differences():
    positions = (frame_positions(16) - 0.3).requires_grad_()
    length = torch.tensor(9.7, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(hann, (positions, length))


def test_a_frame_is_the_samples_around_its_centre_with_silence_beyond_the_clip():
    clip = torch.arange(1.0, 41.0)[None]
    frames = FixedFrames(8, 10, 8)(clip)
    window = torch.hann_window(8)

    assert frames.shape == (1, 5, 8)
    torch.testing.assert_close(frames[0, 0], torch.tensor([0.0, 0, 0, 0, 1, 2, 3, 4]) * window)
    torch.testing.assert_close(frames[0, 2], torch.arange(17.0, 25.0) * window)


def test_options_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="n_fft must be a power of two"):
        LogMelLayers(n_fft=100)
    with pytest.raises(InputError, match="shorter than one frame"):
        LogMelLayers().build(100, 8000)
