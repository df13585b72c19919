# classical_baselines/front_ends/group_delay.py
"""Modified group delay: what the phase of a frame says of its resonances, without the spikes of the plain group delay.

Frames are those of `stft` (Hann window). With X = rfft(x w) and Y = rfft(n x w), n = 0 at the frame's first sample,

    delay      tau[k]   = (X_R Y_R + X_I Y_I) / |X|^2                               samples: "plain"
    modified   tau_m[k] = sign(u) |u|^alpha,  u = (X_R Y_R + X_I Y_I) / |S|^(2 gamma)     "modified"

S is |X| smoothed by its cepstrum: ln |X| -> inverse transform -> the first `lifter` quefrencies kept -> transform ->
exp. gamma < 1 and alpha < 1 tame the range. Murthy & Gadde, ICASSP 2003, I-68; Hegde, Murthy & Gadde, IEEE TASLP 15(1),
2007, 190-202; gamma = 0.9, alpha = 0.4 and 8 quefrencies are the defaults here. A clip is scaled to a mean power
of 1 over its own length first, for u grows with the signal where gamma < 1. The plain delay is infinite where |X| is 0:
there |X|^2 is held at 1e-6 of the frame's mean.

    result   [batch, bin, frame], n_fft / 2 + 1 bins; 0 in silence. A level of its own unit, which may be negative.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    count_fourier,
    count_hann_window,
    count_power,
    n_centred_frames,
)
from classical_baselines.front_ends.mel import check_window
from classical_baselines.front_ends.stft import (
    analysis_window,
    centred_frames,
    check_analysis,
    check_named,
    portions,
)
from classical_baselines.front_ends.unit_power import of_unit_power, unit_power_operations
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

KINDS = ("modified", "plain")
_SMALLEST_SHARE = 1e-6  # of a frame's mean power: what a bin's power is held at in a quotient
_SMALLEST_POWER = 1e-30


def cepstrally_smoothed(power: Tensor, lifter: int) -> Tensor:
    """|S|^2 of [..., bin] powers that are not 0: the log spectrum with its first `lifter` quefrencies alone."""
    n_fft = 2 * (power.shape[-1] - 1)
    cepstrum = torch.fft.irfft(power.log(), n=n_fft)
    cepstrum[..., lifter : n_fft - lifter + 1] = 0  # quefrencies are even: n stands for n and n_fft - n
    return torch.fft.rfft(cepstrum).real.exp()


def group_delay(frames: Tensor, window: Tensor, kind: str, gamma: float, alpha: float, lifter: int) -> Tensor:
    """tau [batch, frame, bin] of [batch, frame, sample]; 0 where a frame is silent."""
    windowed = frames * window.to(frames)
    sample = torch.arange(frames.shape[-1], device=frames.device).to(frames)
    spectrum, ramped = torch.fft.rfft(windowed), torch.fft.rfft(windowed * sample)
    power = spectrum.real.square() + spectrum.imag.square()
    mean = power.mean(dim=-1, keepdim=True)
    held = torch.maximum(power, _SMALLEST_SHARE * mean).clamp_min(_SMALLEST_POWER)
    product = spectrum.real * ramped.real + spectrum.imag * ramped.imag
    if kind == "plain":
        delay = product / held
    else:
        scaled = product / cepstrally_smoothed(held, lifter) ** gamma
        delay = scaled.sign() * scaled.abs() ** alpha
    return delay.masked_fill(mean <= _SMALLEST_POWER, 0)


@dataclass(frozen=True)
class GroupDelay:
    """Options of a group delay spectrogram; calling it gives [batch, bin, frame]."""

    n_fft: int = 256
    win_length: int | None = None  # samples that the window covers; None: n_fft
    hop: int = 128
    kind: Literal["modified", "plain"] = "modified"
    gamma: float = 0.9
    alpha: float = 0.4
    lifter: int = 8
    gives: ClassVar[Literal["decibels"]] = "decibels"  # a level: scaled to an intensity by limits of training clips

    def __post_init__(self) -> None:
        check_analysis(self.n_fft, self.win_length, self.hop)
        check_named("kind", self.kind, KINDS)
        for name in ("gamma", "alpha"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name} must be greater than 0 and at most 1; got {getattr(self, name)}.")
        if not 1 <= self.lifter <= self.n_fft // 2:
            raise InputError(f"lifter must lie in 1 to n_fft / 2 = {self.n_fft // 2}; got {self.lifter}.")

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> group delay [batch, bin, frame]."""
        del sample_rate_hz  # delays are counted in samples
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        check_window(waveforms.shape[-1], self.n_fft, self.hop)
        window = analysis_window("hann", self.win_length or self.n_fft, self.n_fft)
        parts = [
            group_delay(
                centred_frames(part, self.n_fft, self.hop), window, self.kind, self.gamma, self.alpha, self.lifter
            )
            for part in portions(of_unit_power(waveforms, n_samples), self.n_fft, self.hop)
        ]
        return torch.cat(parts).transpose(1, 2)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: two windows (the second holds n w) and two transforms a frame; the
        cepstrum two more. A power is a logarithm, a product and an exponential."""
        del sample_rate_hz
        n_frames = n_centred_frames(n_samples, self.hop)
        n_bins = (self.n_fft // 2 + 1) * n_frames
        counts = (
            unit_power_operations(n_samples, result_bytes=2)
            + count_hann_window(self.win_length or self.n_fft, n_frames).scaled(2)
            + count_fourier(self.n_fft, n_frames).scaled(2)
            + count_power(self.n_fft, n_frames)
            # The mean and its share; is the frame silent, and the two limits; X_R Y_R + X_I Y_I; the quotient.
            + OperationCounts.of(
                "front_end",
                "delay",
                add_fp32=n_bins,
                multiply_fp32=n_bins + n_frames,
                compare_fp32=2 * n_bins + n_frames,
                mac_fp32=n_bins,
                transcendental_fp32=n_bins,
                sram_bytes=4 * (4 + 2 + 1) * n_bins,
            )
        )
        if self.kind == "modified":
            # Two transforms; logarithm and exponential of the smoothing, of which the second takes gamma in; |u|^alpha.
            counts += count_fourier(self.n_fft, n_frames).scaled(2) + OperationCounts.of(
                "front_end",
                "smoothing",
                transcendental_fp32=4 * n_bins,
                multiply_fp32=2 * n_bins,
                compare_fp32=n_bins,
                sram_bytes=4 * 6 * n_bins,
            )
        return counts
