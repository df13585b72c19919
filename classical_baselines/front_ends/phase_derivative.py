# classical_baselines/front_ends/phase_derivative.py
"""How far the frequency in each Fourier bin lies from the bin: the derivative of the phase over time.

With X[k, t] of `stft`'s frames (Hann window), from frame t - 1 to frame t the phase of a steady tone in bin k advances
by 2 pi k hop / n_fft and by what the tone deviates from the bin,

    D[k, t] = arg(X[k, t] conj X[k, t-1] e^{-j 2 pi k hop / n_fft}) * n_fft / (2 pi hop)      bins

(Flanagan & Golden, Bell System Technical Journal 45(9), 1966, 1493-1509). 0 stands where there is no phase worth the
name: in frame 0, which has no past; in the outermost bins, which are real numbers; in a bin weaker than the clip's
strongest by more than floor_db. The window's main lobe reaches 2 n_fft / win_length bins to either side, so the
argument is unambiguous for hop <= win_length / 4, and a longer hop is refused.

    result   [batch, bin, frame], n_fft / 2 + 1 bins. A level of its own unit, which may be negative.
"""

from dataclasses import dataclass
from math import pi
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    count_fourier,
    count_hann_window,
    count_power,
    n_centred_frames,
)
from classical_baselines.front_ends.mel import LARGEST_DECIBELS, check_window, silent_beyond_end
from classical_baselines.front_ends.stft import analysis_window, check_analysis, portions, windowed_spectrum
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts


def phase_advance(spectrum: Tensor, n_fft: int, hop: int) -> Tensor:
    """D [batch, frame, bin] of complex [batch, frame, bin], in bins; frame 0 and the outermost bins are 0."""
    # hop k modulo n_fft first, in whole numbers: the angle of a late bin keeps its digits.
    turns = (torch.arange(spectrum.shape[-1], device=spectrum.device) * hop % n_fft).to(spectrum.real) / n_fft
    steady = torch.polar(torch.ones_like(turns), -2 * pi * turns)
    advance = (spectrum[:, 1:] * spectrum[:, :-1].conj() * steady).angle() * n_fft / (2 * pi * hop)
    return torch.nn.functional.pad(advance[..., 1:-1], (1, 1, 1, 0))


@dataclass(frozen=True)
class PhaseDerivative:
    """Options of the phase derivative over time; calling it gives bins of deviation [batch, bin, frame]."""

    n_fft: int = 256
    win_length: int | None = None  # samples that the window covers; None: n_fft
    hop: int = 64  # at most a quarter of the window
    floor_db: float = 50.0
    gives: ClassVar[Literal["decibels"]] = "decibels"  # a level: scaled to an intensity by limits of training clips

    def __post_init__(self) -> None:
        check_analysis(self.n_fft, self.win_length, self.hop)
        window = self.win_length or self.n_fft
        if 4 * self.hop > window:
            raise InputError(
                f"A hop of {self.hop} samples is more than a quarter of the window of {window}: between two frames the "
                "phase would turn too far to be told. Choose a smaller hop."
            )
        if not 0 < self.floor_db <= LARGEST_DECIBELS:
            raise InputError(f"floor_db must be greater than 0 and at most {LARGEST_DECIBELS:g}; got {self.floor_db}.")

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> deviation [batch, bin, frame], in bins."""
        del sample_rate_hz  # frequencies are counted in bins
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        check_window(waveforms.shape[-1], self.n_fft, self.hop)
        window = analysis_window("hann", self.win_length or self.n_fft, self.n_fft)
        parts = []
        for part in portions(silent_beyond_end(waveforms, n_samples), self.n_fft, self.hop):
            spectrum = windowed_spectrum(part, window, self.hop)
            power = spectrum.real.square() + spectrum.imag.square()
            weak = power <= power.amax(dim=(1, 2), keepdim=True) * 10 ** (-self.floor_db / 10)
            parts.append(phase_advance(spectrum, self.n_fft, self.hop).masked_fill(weak, 0))
        return torch.cat(parts).transpose(1, 2)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: per bin the maximum so far and the comparison with a share of it;
        where there is a frame before and the bin is no outermost one, two complex products, an angle, its scale."""
        del sample_rate_hz
        n_frames = n_centred_frames(n_samples, self.hop)
        n_bins = (self.n_fft // 2 + 1) * n_frames
        n_phases = (self.n_fft // 2 - 1) * (n_frames - 1)
        return (
            count_hann_window(self.win_length or self.n_fft, n_frames)
            + count_fourier(self.n_fft, n_frames)
            + count_power(self.n_fft, n_frames)
            + OperationCounts.of(
                "front_end",
                "phase",
                multiply_fp32=(2 + 2 + 1) * n_phases + 1,
                mac_fp32=4 * n_phases,
                transcendental_fp32=n_phases,
                compare_fp32=2 * n_bins,
                sram_bytes=3 * 8 * n_phases + (4 + 4) * n_bins,
            )
        )
