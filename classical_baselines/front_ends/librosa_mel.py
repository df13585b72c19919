# classical_baselines/front_ends/librosa_mel.py
"""Mel spectrogram by librosa's convention: equal to its `feature.melspectrogram` and `power_to_db`.

Frames are those of `stft` (centred, zeros outside the clip: librosa's pad_mode "constant", its default), with a
periodic Hann window of win_length in the middle of n_fft. With triangles F,

    mel     M[m, t] = sum_k F[m, k] |X[k, t]|^power                     power 2, or 1 for magnitudes
    level   L[m, t] = 10 log10(max(M, amin)) - 10 log10(max(r, amin))   not below the clip's own maximum - top_db

r is 1, librosa's default, or the clip's own maximum of M. The defaults are librosa's: Slaney's scale and norm, 128
bands (McFee et al., Proc. 14th Python in Science Conf., 2015, 18-25; read in version 0.11.0).

Three departures, each where librosa gives something that a study must not take in: the floor is set by each clip's own
maximum, so that a clip looks the same alone and in a batch (librosa takes one maximum of the whole array); a clip of
zeros relative to its own maximum is at -top_db (librosa calls it 0 dB, as loud as the loudest); a mel band without a
Fourier bin is refused (librosa warns, and leaves a row of zeros).
"""

from dataclasses import dataclass
from math import log10
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    count_fourier,
    count_hann_window,
    count_mel,
    count_power,
    n_centred_frames,
    n_weights_used,
)
from classical_baselines.front_ends.mel import (
    LARGEST_N_MELS,
    MEL_NORMS,
    MEL_SCALES,
    check_window,
    mel_filter_bank,
    silent_beyond_end,
)
from classical_baselines.front_ends.stft import (
    analysis_window,
    check_analysis,
    check_named,
    check_top_db,
    level_operations,
    portions,
    windowed_power,
)
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

LIBROSA_REFERENCES = ("one", "clip-maximum")


def power_to_db(power: Tensor, relative_to: str, amin: float, top_db: float) -> Tensor:
    """Decibels of [batch, mel, frame], not below each clip's own maximum - top_db."""
    level = 10 * power.clamp_min(amin).log10()
    loudest = level.amax(dim=(1, 2), keepdim=True)
    if relative_to == "one":
        return torch.maximum(level, loudest - top_db)
    silent = loudest <= 10 * log10(amin)  # without this a clip of zeros would be its own maximum
    return (level - loudest).clamp_min(-top_db).masked_fill(silent, -top_db)


def magnitude_operations(n_fft: int, n_frames: int) -> OperationCounts:
    """A square root of each bin's power."""
    n_bins = (n_fft // 2 + 1) * n_frames
    return OperationCounts.of("front_end", "magnitude", transcendental_fp32=n_bins, sram_bytes=8 * n_bins)


@dataclass(frozen=True)
class LibrosaMel:
    """Options of librosa's mel spectrogram; calling it turns waveforms into decibels."""

    n_fft: int = 2048
    win_length: int | None = None  # samples that the window covers; None: n_fft
    hop: int = 512
    n_mels: int = 128
    mel_scale: Literal["htk", "slaney"] = "slaney"
    mel_norm: Literal["none", "slaney"] = "slaney"
    low_hz: float = 0.0
    high_hz: float | None = None  # None: half the sample rate
    power: Literal[1, 2] = 2  # of the magnitude, before the triangles
    relative_to: Literal["one", "clip-maximum"] = "one"
    amin: float = 1e-10
    top_db: float = 80.0
    gives: ClassVar[Literal["decibels"]] = "decibels"

    def __post_init__(self) -> None:
        check_analysis(self.n_fft, self.win_length, self.hop)
        check_top_db(self.top_db)
        check_named("mel_scale", self.mel_scale, MEL_SCALES)
        check_named("mel_norm", self.mel_norm, MEL_NORMS)
        check_named("relative_to", self.relative_to, LIBROSA_REFERENCES)
        if not 0 < self.n_mels <= LARGEST_N_MELS:
            raise InputError(f"n_mels must be greater than 0 and at most {LARGEST_N_MELS}; got {self.n_mels}.")
        if self.power not in (1, 2):
            raise InputError(f"power must be 1 (magnitude) or 2 (power); got {self.power}.")
        if not 1e-30 <= self.amin <= 1:  # a 32-bit float below it is 0 to a logarithm
            raise InputError(f"amin must lie in 1e-30 to 1; got {self.amin}.")

    def filters(self, sample_rate_hz: int) -> Tensor:
        """The triangles [mel, bin] for this sample rate."""
        return mel_filter_bank(
            sample_rate_hz, self.n_fft, self.n_mels, self.low_hz, self.high_hz, self.mel_scale, self.mel_norm
        )

    def mel(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """M [batch, mel, frame], before any logarithm."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        check_window(waveforms.shape[-1], self.n_fft, self.hop)
        window = analysis_window("hann", self.win_length or self.n_fft, self.n_fft)
        weights = self.filters(sample_rate_hz).to(waveforms).T
        parts = []
        for part in portions(silent_beyond_end(waveforms, n_samples), self.n_fft, self.hop):
            spectrum = windowed_power(part, window, self.hop)
            parts.append((spectrum if self.power == 2 else spectrum.sqrt()) @ weights)
        return torch.cat(parts).transpose(1, 2)

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> decibels [batch, mel, frame]."""
        mel = self.mel(waveforms, n_samples, sample_rate_hz)
        return power_to_db(mel, self.relative_to, self.amin, self.top_db)

    def mel_operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts up to M, layers window, fourier, power, magnitude and mel."""
        n_frames = n_centred_frames(n_samples, self.hop)
        n_nonzero = n_weights_used(self.filters(sample_rate_hz))
        return (
            count_hann_window(self.win_length or self.n_fft, n_frames)
            + count_fourier(self.n_fft, n_frames)
            + count_power(self.n_fft, n_frames)
            + (magnitude_operations(self.n_fft, n_frames) if self.power == 1 else OperationCounts())
            + count_mel(n_nonzero, self.n_mels, n_frames)
        )

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window. Relative to 1, whose logarithm is 0, nothing is taken away: the
        floor alone is a difference, from the maximum."""
        n_cells = self.n_mels * n_centred_frames(n_samples, self.hop)
        n_differences = 1 if self.relative_to == "one" else n_cells
        counts = self.mel_operations(n_samples, sample_rate_hz)
        return counts + level_operations(n_cells, n_differences=n_differences)
