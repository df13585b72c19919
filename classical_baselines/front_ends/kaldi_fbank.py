# classical_baselines/front_ends/kaldi_fbank.py
"""Log mel energies by Kaldi's convention: equal to its `compute-fbank-feats` without dither.

Frames begin at samples 0, shift, 2 shift, ... and none reaches beyond the clip's own end (Kaldi's snip_edges): a clip
of n samples has 1 + (n - length) // shift. Each frame of `full_scale` times the samples

    loses its mean; x[i] -= 0.97 x[i-1], and x[0] -= 0.97 x[0]; is weighted by a symmetric window; is filled with zeros
    to a power of two; its power spectrum without the bin at half the sample rate goes through triangles that are
    straight over MEL, 1127 ln(1 + f / 700), not over hertz as elsewhere, and have no norm

    level   L[m, t] = ln(max(E[m, t], 2^-23))        nepers of power; 2^-23 is the 32-bit machine epsilon

Windows: Povey's, (0.5 - 0.5 cos(2 pi i / (length - 1)))^0.85, Kaldi's default; "hanning" and "hamming". Kaldi reads
16-bit integers, so its full scale is 32768. Frames after a clip's last one are at the floor, ln 2^-23 = -15.94.

Povey et al., ASRU 2011; compared with kaldi-native-fbank 1.23. Kaldi's option htk-compat only
moves an energy coefficient, and there is none here. A band without a Fourier bin is refused, as by Kaldi, unless
`allow_empty_bands` says that it is meant: the published settings of the audio spectrogram transformer have such bands.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import floor, log, pi
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    FLOAT_BYTES,
    count_fourier,
    count_mel,
    count_power,
    count_window,
    n_weights_used,
)
from classical_baselines.front_ends.mel import LARGEST_N_FFT, LARGEST_N_MELS, MOST_FRAMED_SAMPLES, silent_beyond_end
from classical_baselines.front_ends.stft import check_named
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

PRE_EMPHASIS = 0.97
SMALLEST_ENERGY = 2.0**-23
FLOOR = log(SMALLEST_ENERGY)
KALDI_WINDOWS = ("povey", "hanning", "hamming")
LONGEST_FRAME_SECONDS = 10.0

# Clips are taken in portions of about this many framed samples (16 MiB as floats), so that memory stays flat.
_FRAMED_SAMPLES_AT_ONCE = 2**22


def _mel(frequency_hz: Tensor) -> Tensor:
    return 1127 * torch.log1p(frequency_hz / 700)


@lru_cache(maxsize=32)
def kaldi_filter_bank(
    sample_rate_hz: int, n_fft: int, n_mels: int, low_hz: float, high_hz: float | None, allow_empty_bands: bool
) -> Tensor:
    """Triangles over mel [mel, bin], float64, bins 0 to n_fft / 2 - 1. It is shared: do not write into it."""
    nyquist_hz = sample_rate_hz / 2
    high_hz = nyquist_hz if high_hz is None else high_hz
    if not 0 <= low_hz < high_hz <= nyquist_hz:
        raise InputError(
            f"low_hz and high_hz must satisfy 0 <= low_hz < high_hz <= {nyquist_hz:g} (half of {sample_rate_hz} Hz); "
            f"got {low_hz:g} and {high_hz:g}."
        )
    low, high = _mel(torch.tensor([low_hz, high_hz], dtype=torch.float64)).tolist()
    corners = torch.linspace(low, high, n_mels + 2, dtype=torch.float64)
    bins = _mel(torch.arange(n_fft // 2, dtype=torch.float64) * sample_rate_hz / n_fft)
    widths = corners.diff()[:, None]
    triangles = torch.minimum((bins - corners[:-2, None]) / widths[:-1], (corners[2:, None] - bins) / widths[1:])
    triangles = triangles.clamp_min(0)
    empty = (triangles.sum(dim=1) == 0).nonzero().flatten().tolist()
    if empty and not allow_empty_bands:
        raise InputError(
            f"{len(empty)} of {n_mels} mel bands hold no Fourier bin, the first is number {empty[0]}: bins are "
            f"{sample_rate_hz / n_fft:.1f} Hz apart. Choose fewer n_mels or a longer frame_seconds, or say "
            "allow_empty_bands = true to keep rows that are always at the floor."
        )
    return triangles


def kaldi_window(kind: str, length: int) -> Tensor:
    """A symmetric window, float64."""
    cosine = torch.cos(2 * pi * torch.arange(length, dtype=torch.float64) / (length - 1))
    if kind == "hamming":
        return 0.54 - 0.46 * cosine
    hanning = 0.5 - 0.5 * cosine
    return hanning if kind == "hanning" else hanning**0.85


def kaldi_power(waveforms: Tensor, window: Tensor, shift: int, n_fft: int) -> Tensor:
    """[batch, sample] -> [batch, frame, bin], bins 0 to n_fft / 2 - 1: mean, pre-emphasis, window, Fourier
    transform."""
    frames = waveforms.unfold(-1, len(window), shift)
    frames = frames - frames.mean(dim=-1, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
    spectrum = torch.fft.rfft((frames - PRE_EMPHASIS * before) * window.to(frames), n=n_fft)[..., :-1]
    return spectrum.real.square() + spectrum.imag.square()


@dataclass(frozen=True)
class KaldiFbank:
    """Options of Kaldi's log mel energies; calling it turns waveforms into nepers of power."""

    frame_seconds: float = 0.025
    shift_seconds: float = 0.010
    n_mels: int = 23
    window: Literal["povey", "hanning", "hamming"] = "povey"
    low_hz: float = 20.0
    high_hz: float | None = None  # None: half the sample rate
    full_scale: float = 32768.0  # what a sample of 1 counts as
    allow_empty_bands: bool = False
    gives: ClassVar[Literal["decibels"]] = "decibels"  # a level, in nepers: the limits that scale it are in nepers too

    def __post_init__(self) -> None:
        check_named("window", self.window, KALDI_WINDOWS)
        if not 0 < self.shift_seconds <= self.frame_seconds <= LONGEST_FRAME_SECONDS:
            raise InputError(
                f"Frames must satisfy 0 < shift_seconds <= frame_seconds <= {LONGEST_FRAME_SECONDS:g}; got "
                f"{self.shift_seconds:g} and {self.frame_seconds:g}. A longer shift would leave samples out."
            )
        if not 0 < self.n_mels <= LARGEST_N_MELS:
            raise InputError(f"n_mels must be greater than 0 and at most {LARGEST_N_MELS}; got {self.n_mels}.")
        if not 0 < self.full_scale <= 2.0**31:
            raise InputError(f"full_scale must be greater than 0 and at most 2^31; got {self.full_scale}.")

    def frame_samples(self, sample_rate_hz: int) -> tuple[int, int, int]:
        """Samples of a frame, of a shift, and of the transform, the next power of two."""
        # The small term keeps 0.29 s * 100 Hz from becoming 28 samples.
        length, shift = (floor(sample_rate_hz * s + 1e-6) for s in (self.frame_seconds, self.shift_seconds))
        if shift < 1 or length < 2:
            raise InputError(
                f"frame_seconds = {self.frame_seconds:g} and shift_seconds = {self.shift_seconds:g} are {length} and "
                f"{shift} samples at {sample_rate_hz} Hz. Choose longer ones."
            )
        n_fft = 1 << (length - 1).bit_length()
        if n_fft > LARGEST_N_FFT:
            raise InputError(
                f"A frame of {length} samples needs a transform of {n_fft}; at most {LARGEST_N_FFT} are allowed. "
                "Choose a shorter frame_seconds."
            )
        return length, shift, max(4, n_fft)

    def filters(self, sample_rate_hz: int) -> Tensor:
        """The triangles [mel, bin] for this sample rate."""
        n_fft = self.frame_samples(sample_rate_hz)[2]
        return kaldi_filter_bank(sample_rate_hz, n_fft, self.n_mels, self.low_hz, self.high_hz, self.allow_empty_bands)

    def n_frames(self, n_samples: int, sample_rate_hz: int) -> int:
        """Frames that a clip holds."""
        length, shift, _ = self.frame_samples(sample_rate_hz)
        return 0 if n_samples < length else 1 + (n_samples - length) // shift

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> nepers of power [batch, mel, frame]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        length, shift, n_fft = self.frame_samples(sample_rate_hz)
        n_frames = self.n_frames(waveforms.shape[-1], sample_rate_hz)
        if n_frames < 1:
            raise InputError(
                f"A clip of {waveforms.shape[-1]} samples is shorter than one frame of {length}. "
                "Choose longer clip_seconds or a shorter frame_seconds."
            )
        if n_frames * n_fft > MOST_FRAMED_SAMPLES:
            raise InputError(
                f"A shift of {shift} samples makes {n_frames * n_fft:,} framed samples of one clip; at most "
                f"{MOST_FRAMED_SAMPLES:,} are allowed. Choose a longer shift_seconds."
            )
        weights = self.filters(sample_rate_hz).to(waveforms).T
        window = kaldi_window(self.window, length) * self.full_scale
        own = silent_beyond_end(waveforms, n_samples)
        parts = own.split(max(1, _FRAMED_SAMPLES_AT_ONCE // (n_frames * n_fft)))
        energy = torch.cat([kaldi_power(part, window, shift, n_fft) @ weights for part in parts])
        level = energy.clamp_min(SMALLEST_ENERGY).log().transpose(1, 2)
        n_own = torch.div(n_samples - length, shift, rounding_mode="floor") + 1
        beyond = torch.arange(n_frames, device=level.device) >= n_own.to(level.device)[:, None]
        return level.masked_fill(beyond[:, None], FLOOR)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: mean and pre-emphasis, then as in every mel spectrogram; full scale
        is part of the stored window, and the bin at half the sample rate is computed and not used."""
        length, _, n_fft = self.frame_samples(sample_rate_hz)
        n_frames = self.n_frames(n_samples, sample_rate_hz)
        n_framed, n_cells = length * n_frames, self.n_mels * n_frames
        n_nonzero = n_weights_used(self.filters(sample_rate_hz))
        # Sum, its share, minus it; then a product and a difference. 16-bit samples are read twice, written once.
        emphasis = OperationCounts.of(
            "front_end",
            "pre-emphasis",
            add_fp32=2 * n_framed,
            multiply_fp32=n_frames,
            mac_fp32=n_framed,
            sram_bytes=(2 + 2 + 4) * n_framed,
        )
        level = OperationCounts.of(
            "front_end", "level", transcendental_fp32=n_cells, compare_fp32=n_cells, sram_bytes=8 * n_cells
        )
        return (
            emphasis
            + count_window(n_weights_used(kaldi_window(self.window, length)), n_frames, FLOAT_BYTES)
            + count_fourier(n_fft, n_frames)
            + count_power(n_fft, n_frames)
            + count_mel(n_nonzero, self.n_mels, n_frames)
            + level
        )
