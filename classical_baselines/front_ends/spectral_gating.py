# classical_baselines/front_ends/spectral_gating.py
"""Spectral gating: what a clip's own spectrogram says is noise is turned down, cell by cell, before anything else.

X = STFT of a clip over its own length (n_fft samples, periodic Hann, hop n_fft / 4, centred, zeros outside). A mask in
[0, 1] is found, smoothed and multiplied with X; the clip is the inverse STFT of the product.

    stationary        L = 20 log10 |X|, in each bin not below its maximum - 40 dB; over the frames of a bin
                      mask = 1 where L > mean(L) + 1.5 sd(L), else 0
    non-stationary    S[t] = mean of |X| over 20 frames, t - 9 to t + 10, zeros outside;
                      mask = sigmoid(((|X| - S) / S - 1.3) / 0.1)
    then              mask <- 1 - proportion (1 - mask), and a weighted mean over neighbouring cells: triangles of
                      floor(500 Hz / (2 sample_rate / n_fft)) bins and floor(50 ms / hop) frames to either side, zeros
                      outside

Sainburg & Zorea, noisereduce (arXiv 2412.17851), whose class TorchGate (version 3.0.3) this follows in every constant
(it gave the same clips to 4e-7), with its factor 2 in the bins of the triangle. A clip shorter than two frames is left
as it is: nothing could be told from it. An utterance that fills its recording is noise to "stationary", which takes the
clip's own mean for that of the noise.
"""

from math import floor

import torch
from torch import Tensor
from torch.nn.functional import pad

from classical_baselines.front_ends.front_end_operations import (
    FLOAT_BYTES,
    count_fourier,
    count_hann_window,
    n_centred_frames,
)
from classical_baselines.harness.operations import OperationCounts

GATES = ("stationary", "non-stationary")
THRESHOLD_SDS = 1.5
RANGE_DB = 40.0
MEAN_FRAMES = 20
THRESHOLD_RATIO = 1.3
SOFTNESS = 0.1
SMOOTHING_HZ = 500.0
SMOOTHING_SECONDS = 0.05
_SMALLEST_MAGNITUDE = 2.0**-52  # the 64-bit machine epsilon, as there


def stationary_mask(magnitude: Tensor) -> Tensor:
    """0 or 1 [bin, frame], from magnitudes."""
    level = 20 * (magnitude + _SMALLEST_MAGNITUDE).log10()
    level = torch.maximum(level, level.amax(dim=-1, keepdim=True) - RANGE_DB)
    sd, mean = torch.std_mean(level, dim=-1, keepdim=True)
    return (level > mean + THRESHOLD_SDS * sd).to(magnitude)


def non_stationary_mask(magnitude: Tensor) -> Tensor:
    """In (0, 1) [bin, frame], from magnitudes; 0 where all frames around are silent."""
    before = (MEAN_FRAMES - 1) // 2
    mean = pad(magnitude, (before, MEAN_FRAMES - 1 - before)).unfold(-1, MEAN_FRAMES, 1).mean(dim=-1)
    ratio = (magnitude - mean) / mean.clamp_min(torch.finfo(mean.dtype).tiny)
    return torch.sigmoid((ratio - THRESHOLD_RATIO) / SOFTNESS).masked_fill(mean == 0, 0)


def triangle(reach: int) -> Tensor:
    """Weights of 2 reach + 1 neighbours, sum 1, float64: 1 in the middle and falling to 0 just beyond the reach."""
    distance = torch.arange(-reach, reach + 1, dtype=torch.float64).abs()
    weights = 1 - distance / (reach + 1)
    return weights / weights.sum()


def smoothed_mask(mask: Tensor, n_bins: int, n_frames: int) -> Tensor:
    """[bin, frame], each axis by its triangle, zeros outside."""
    along_frames = pad(mask, (n_frames, n_frames)).unfold(-1, 2 * n_frames + 1, 1) @ triangle(n_frames).to(mask)
    return pad(along_frames, (0, 0, n_bins, n_bins)).unfold(0, 2 * n_bins + 1, 1) @ triangle(n_bins).to(mask)


def smoothing_reach(n_fft: int, sample_rate_hz: int) -> tuple[int, int]:
    """Bins and frames to either side.

    >>> smoothing_reach(256, 8000)
    (8, 6)
    """
    n_bins = floor(SMOOTHING_HZ / (2 * sample_rate_hz / n_fft))
    return n_bins, floor(SMOOTHING_SECONDS / (n_fft // 4 / sample_rate_hz))


def gated_clip(samples: Tensor, gate: str, proportion: float, n_fft: int, sample_rate_hz: int) -> Tensor:
    """One clip [sample], gated."""
    if len(samples) < 2 * n_fft:
        return samples
    hop = n_fft // 4
    window = torch.hann_window(n_fft, dtype=torch.float64).to(samples)
    spectrum = torch.stft(samples, n_fft, hop, window=window, center=True, pad_mode="constant", return_complex=True)
    mask = (stationary_mask if gate == "stationary" else non_stationary_mask)(spectrum.abs())
    mask = smoothed_mask(1 - proportion * (1 - mask), *smoothing_reach(n_fft, sample_rate_hz))
    return torch.istft(spectrum * mask, n_fft, hop, window=window, center=True, length=len(samples))


def gated(
    waveforms: Tensor, n_samples: Tensor, gate: str, proportion: float, n_fft: int, sample_rate_hz: int
) -> Tensor:
    """[batch, sample], each clip gated over its own length; zeros beyond it."""
    result = torch.zeros_like(waveforms)
    for clip, n in enumerate(n_samples.clamp(0, waveforms.shape[1]).tolist()):
        result[clip, :n] = gated_clip(waveforms[clip, :n], gate, proportion, n_fft, sample_rate_hz)
    return result


def gating_operations(gate: str, n_fft: int, n_samples: int, sample_rate_hz: int, sample_bytes: int) -> OperationCounts:
    """Counts of one clip of `n_samples` of so many bytes: transforms there and back, the mask, its smoothing, the
    overlap. The window's first weight is 0, so that its sample is neither multiplied nor added to another frame's."""
    n_frames = n_centred_frames(n_samples, n_fft // 4)
    n_bins = n_fft // 2 + 1
    n_cells = n_bins * n_frames
    of_bins = OperationCounts()
    if gate == "stationary":
        # Logarithm and its factor, maximum and floor, sum and sum of squares, comparison.
        mask = {"transcendental_fp32": 1, "multiply_fp32": 1, "compare_fp32": 3, "add_fp32": 2, "mac_fp32": 1}
        # Of a bin the floor; mean, variance and its lower limit, deviation and threshold.
        of_bins = OperationCounts.of(
            "front_end", "gate", mac_fp32=2, multiply_fp32=2, add_fp32=1, compare_fp32=1, transcendental_fp32=1
        ).scaled(n_bins)
    else:  # A running sum, its share and lower limit, a difference, a quotient, threshold and softness, a sigmoid.
        mask = {"transcendental_fp32": 3, "multiply_fp32": 2, "add_fp32": 5, "compare_fp32": 1}
    n_weights = sum(2 * reach + 1 for reach in smoothing_reach(n_fft, sample_rate_hz))
    return (
        count_hann_window(n_fft, n_frames, sample_bytes)
        + count_hann_window(n_fft, n_frames, FLOAT_BYTES)
        + count_fourier(n_fft, n_frames).scaled(2)
        # The magnitude: a square root; then the mask, its proportion, the smoothing, and its product with X.
        + OperationCounts.of(
            "front_end", "magnitude", multiply_fp32=n_cells, mac_fp32=n_cells, transcendental_fp32=n_cells
        )
        + OperationCounts.of("front_end", "gate", **mask, sram_bytes=2 * 8).scaled(n_cells)
        + of_bins
        + OperationCounts.of(
            "front_end",
            "gate-smoothing",
            multiply_fp32=(1 + 2) * n_cells,
            add_fp32=n_cells,
            mac_fp32=n_weights * n_cells,
            sram_bytes=4 * (2 * n_weights + 2 + 4) * n_cells,
        )
        + OperationCounts.of(
            "front_end",
            "overlap",
            add_fp32=(n_fft - 1) * n_frames,
            multiply_fp32=n_samples,
            sram_bytes=12 * (n_fft - 1) * n_frames + 8 * n_samples,
        )
    )
