# classical_baselines/front_ends/instantaneous_frequency.py
"""Energy by instantaneous frequency: each sample's power is put into the band of the frequency that it has at that
moment.

    z_n      analytic signal of the clip: its Fourier transform without the negative frequencies, times 2 (Gabor 1946)
    f_n      cycles per sample,
               "hilbert"             arg(z_{n+1} conj z_n) / (2 pi)
               "frequency-in-time"   Im((z_{n+1} - z_{n-1}) / (2 z_n)) / (2 pi)
    E[b, t]  sum of |z_n|^2 over the samples n of frame t whose f_n lies in band b
    level    10 log10(E / the clip's maximum of E), limited to [-top_db, 0]           [batch, band, frame]

Bands are n_bands equal parts of 0 to half the sample rate; what lies beyond is counted in the outermost. Frames are
whole stretches of hop samples, n // hop of them. One instantaneous frequency per sample describes a sound of one
component (Boashash, Proc. IEEE 80(4), 1992, 520-538); for several it wanders between them and beyond, and nothing is
resolved.

"Frequency in time" is Mastriani's normalised derivative (arXiv 1611.02302; form of the derivative: ours, the smallest
that is centred). It is a classical measure of three samples, O(N) given z: no Fourier transform, not the quantum
Fourier transform, no speed-up of either. Of a tone of w radians per sample it reads sin(w), not w: too low by w^2 / 6,
at most 1, and falling again above a quarter of the sample rate. Of z_n = e^{j phi}, phi = 2 pi (f n + c n^2 / 2), it
reads sin(2 pi (f + c n)) cos(pi c) / (2 pi), and "hilbert" f + c (n + 1/2).
"""

from dataclasses import dataclass
from math import pi
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import count_fourier
from classical_baselines.front_ends.mel import LARGEST_HOP, relative_level, silent_beyond_end
from classical_baselines.front_ends.stft import check_named, check_top_db, level_operations
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

KINDS = ("hilbert", "frequency-in-time")
LARGEST_N_BANDS = 4096
_SMALLEST_POWER = 1e-30


def transform_length(n_samples: int) -> int:
    """The next power of two: zeros follow the clip, so that its end does not run into its beginning."""
    return max(4, 1 << (n_samples - 1).bit_length())


def analytic_signal(waveforms: Tensor) -> Tensor:
    """[batch, sample] -> complex [batch, sample]."""
    n_samples = waveforms.shape[-1]
    n_fft = transform_length(n_samples)
    spectrum = torch.fft.fft(waveforms, n=n_fft)
    spectrum[..., 1 : n_fft // 2] *= 2
    spectrum[..., n_fft // 2 + 1 :] = 0
    return torch.fft.ifft(spectrum)[..., :n_samples]


def instantaneous_frequency(analytic: Tensor, kind: str) -> Tensor:
    """Cycles per sample [batch, sample] of a complex signal; the outermost samples repeat their neighbour's."""
    later, earlier = analytic[..., 1:], analytic[..., :-1]
    if kind == "hilbert":
        frequency = (later * earlier.conj()).angle()
        frequency = torch.cat([frequency, frequency[..., -1:]], dim=-1)
    else:
        middle = analytic[..., 1:-1]
        power = (middle.real.square() + middle.imag.square()).clamp_min(_SMALLEST_POWER)
        frequency = ((analytic[..., 2:] - analytic[..., :-2]) * middle.conj()).imag / (2 * power)
        frequency = torch.cat([frequency[..., :1], frequency, frequency[..., -1:]], dim=-1)
    return frequency / (2 * pi)


@dataclass(frozen=True)
class InstantaneousFrequency:
    """Options of energy by instantaneous frequency; calling it gives decibels in [-top_db, 0]."""

    kind: Literal["hilbert", "frequency-in-time"] = "hilbert"
    n_bands: int = 32
    hop: int = 128
    top_db: float = 50.0
    gives: ClassVar[Literal["decibels"]] = "decibels"

    def __post_init__(self) -> None:
        check_named("kind", self.kind, KINDS)
        check_top_db(self.top_db)
        if not 1 <= self.n_bands <= LARGEST_N_BANDS:
            raise InputError(f"n_bands must lie in 1 to {LARGEST_N_BANDS}; got {self.n_bands}.")
        if not 1 <= self.hop <= LARGEST_HOP:
            raise InputError(f"hop must lie in 1 to {LARGEST_HOP}; got {self.hop}.")

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> decibels [batch, band, frame]."""
        del sample_rate_hz  # bands are shares of it
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        shortest = max(self.hop, 3)
        if waveforms.shape[1] < shortest:
            raise InputError(
                f"A clip of {waveforms.shape[1]} samples is shorter than {shortest}: one hop, and three samples for a "
                "derivative. Choose longer clip_seconds or a smaller hop."
            )
        analytic = analytic_signal(silent_beyond_end(waveforms, n_samples).double())
        frequency = instantaneous_frequency(analytic, self.kind)
        sample = torch.arange(waveforms.shape[1], device=waveforms.device)
        own = sample < n_samples.to(waveforms.device)[:, None]  # the analytic signal rings on after the clip's end
        power = (analytic.real.square() + analytic.imag.square()) * own
        n_frames = waveforms.shape[1] // self.hop
        n_framed = n_frames * self.hop
        band = (frequency * 2 * self.n_bands).floor().long().clamp(0, self.n_bands - 1)
        cell = (band * n_frames + sample // self.hop)[:, :n_framed]
        energy = power.new_zeros(len(waveforms), self.n_bands * n_frames).scatter_add_(1, cell, power[:, :n_framed])
        level = relative_level(energy, energy.amax(dim=1, keepdim=True), self.top_db)
        return level.reshape(-1, self.n_bands, n_frames).to(waveforms.dtype)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: a real transform and a complex one back over all of it, then per
        sample the frequency, where the outermost do not repeat it, and |z|^2; per sample of a whole frame the band (a
        product and two limits) and one sum."""
        del sample_rate_hz
        n_fft = transform_length(n_samples)
        doubling = OperationCounts.of("front_end", "analytic", multiply_fp32=n_fft, sram_bytes=8 * n_fft)
        if self.kind == "hilbert":  # the product of two complex numbers, and its angle
            n_read, frequency = 2, {"multiply_fp32": 2, "mac_fp32": 2, "transcendental_fp32": 1}
        else:  # a complex difference, the imaginary part of a product, a division by what is no less than a limit
            n_read = 3
            frequency = {"add_fp32": 2, "multiply_fp32": 1, "mac_fp32": 1, "compare_fp32": 1, "transcendental_fp32": 1}
        n_framed = n_samples // self.hop * self.hop
        return (
            count_fourier(n_fft, 1).scaled(3)  # a complex transform costs two real ones
            + doubling
            + OperationCounts.of("front_end", "frequency", **frequency, sram_bytes=8 * n_read + 4).scaled(
                n_samples + 1 - n_read
            )
            + OperationCounts.of("front_end", "energy", multiply_fp32=1, mac_fp32=1, sram_bytes=8).scaled(n_samples)
            + OperationCounts.of(
                "front_end", "energy", multiply_fp32=1, compare_fp32=2, add_fp32=1, sram_bytes=4 + 8
            ).scaled(n_framed)
            + level_operations(self.n_bands * (n_samples // self.hop))
        )
