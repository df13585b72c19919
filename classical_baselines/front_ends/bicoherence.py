# classical_baselines/front_ends/bicoherence.py
"""Bicoherence: how firmly the phases of two frequencies fix that of their sum, over the frames of a clip.

Frames are those of `stft` (Hann window of n_fft = N samples), X_t their transforms. For bins 1 <= l <= k, k + l <= N/2,

    B[k, l] = sum_t X_t[k] X_t[l] X*_t[k + l]                                                     the bispectrum
    c[k, l] = B[k, l] / sqrt(sum_t |X_t[k] X_t[l]|^2  sum_t |X_t[k + l]|^2)                        |c| <= 1

|c| is the bicoherence: |c|^2 is the share of the power at k + l that a quadratic coupling of k and l accounts for, and
about 1 / n_frames where there is none; its angle is the biphase. Gain and delay change neither. A power spectrum, and
so a log-mel picture, has none of this: it tells of one frequency at a time, and this of two.

    map       [batch, 2 n_fft / 4, n_fft / 2 - 1]    Re c, rows l = 1 ..., then Im c; columns k = 1 ...; 0 outside the
                                                     triangle of the pairs, and where there is no sound
    moments   [batch, 2, 4]                          of |c| over the pairs, then of the biphase in (-pi, pi]: mean,
                                                     variance, skewness, kurtosis (3 of a normal distribution)

References: Kim & Powers, Digital bispectral analysis and its applications to nonlinear wave interactions, IEEE Trans.
Plasma Science 7 (1979), 120 (bicoherence, the share of power); AlBadawy, Lyu & Farid, Detecting AI-synthesized speech
using bispectral analysis, CVPR Workshops 2019 (the moments of magnitude and phase as features). Window, frame and hop
are ours.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    FLOAT_BYTES,
    count_fourier,
    count_hann_window,
    count_power,
    n_centred_frames,
)
from classical_baselines.front_ends.mel import check_window, silent_beyond_end
from classical_baselines.front_ends.stft import analysis_window, check_analysis, check_named, windowed_spectrum
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

KINDS = ("map", "moments")
SMALLEST_N_FFT, LARGEST_N_FFT = 8, 256  # 4 pairs; 4,096 pairs, of which few would stand on enough frames
N_MOMENTS = 4
_SMALLEST_POWER = 1e-30  # the product of two powers below which there is no sound
_VALUES_AT_ONCE = 2**22  # complex: clips are taken in portions whose pairs of all frames fit in 32 MiB


def pairs(n_fft: int) -> tuple[Tensor, Tensor]:
    """(k, l) [pair] in rows of l: 1 <= l <= k, k + l <= n_fft / 2.

    >>> [(k, l) for k, l in zip(*(one.tolist() for one in pairs(8)))]
    [(1, 1), (2, 1), (3, 1), (2, 2)]
    """
    both = [(k, low) for low in range(1, n_fft // 4 + 1) for k in range(low, n_fft // 2 - low + 1)]
    k, low = torch.tensor(both).T
    return k, low


def coupling(spectrum: Tensor, k: Tensor, low: Tensor) -> Tensor:
    """c [batch, pair], complex, of spectra [batch, frame, bin]; 0 where a pair or its sum is silent."""
    power = spectrum.real.square() + spectrum.imag.square()
    product = spectrum[..., k] * spectrum[..., low]
    bispectrum = (product * spectrum[..., k + low].conj()).sum(dim=1)
    most = (power[..., k] * power[..., low]).sum(dim=1) * power.sum(dim=1)[..., k + low]
    scale = torch.where(most > _SMALLEST_POWER, most.clamp_min(_SMALLEST_POWER).rsqrt(), 0)
    return bispectrum * scale


def moments(values: Tensor) -> Tensor:
    """Mean, variance, skewness, kurtosis [..., 4] over the last axis; the last two are 0 where all values are alike."""
    mean = values.mean(dim=-1, keepdim=True)
    second, third, fourth = ((values - mean).pow(n).mean(dim=-1) for n in (2, 3, 4))
    inverse = torch.where(second > 0, 1 / second.clamp_min(torch.finfo(values.dtype).tiny), 0)
    return torch.stack([mean[..., 0], second, third * inverse * inverse.sqrt(), fourth * inverse * inverse], dim=-1)


@dataclass(frozen=True)
class Bicoherence:
    """Options of the bicoherence; calling it turns waveforms into features of pairs of frequencies."""

    n_fft: int = 64
    hop: int = 32
    kind: Literal["map", "moments"] = "map"
    gives: ClassVar[Literal["features"]] = "features"

    def __post_init__(self) -> None:
        check_analysis(self.n_fft, None, self.hop)
        check_named("kind", self.kind, KINDS)
        if not SMALLEST_N_FFT <= self.n_fft <= LARGEST_N_FFT:
            raise InputError(
                f"n_fft of a bicoherence must lie in {SMALLEST_N_FFT} to {LARGEST_N_FFT}; got {self.n_fft}. Its pairs "
                "of bins are n_fft^2 / 16, and each needs many frames."
            )

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> [batch, row, column], see `kind`."""
        del sample_rate_hz  # bins are counted, not frequencies
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        check_window(waveforms.shape[-1], self.n_fft, self.hop)
        waveforms = silent_beyond_end(waveforms, n_samples)
        k, low = (one.to(waveforms.device) for one in pairs(self.n_fft))
        window = analysis_window("hann", self.n_fft, self.n_fft)
        per_clip = n_centred_frames(waveforms.shape[-1], self.hop) * len(k)
        parts = waveforms.split(max(1, _VALUES_AT_ONCE // per_clip))
        found = torch.cat([coupling(windowed_spectrum(part, window, self.hop), k, low) for part in parts])
        if self.kind == "moments":
            return torch.stack([moments(found.abs()), moments(found.angle())], dim=1)
        n_rows = self.n_fft // 4
        picture = found.real.new_zeros(len(found), 2 * n_rows, self.n_fft // 2 - 1)
        picture[:, low - 1, k - 1] = found.real
        picture[:, n_rows + low - 1, k - 1] = found.imag
        return picture

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window; the sums over the frames stand in memory.

        A pair of a frame: X[k] X[l], that times X*[k + l] into two sums, the powers' product into one. A bin of a
        frame that some pair adds up to: its power into one. A pair of the clip: is it heard, its scale, both parts.
        """
        del sample_rate_hz
        n_frames, n_pairs = n_centred_frames(n_samples, self.hop), len(pairs(self.n_fft)[0])
        n_sums = self.n_fft // 2 - 1  # bins 2 to n_fft / 2
        counts = (
            count_hann_window(self.n_fft, n_frames)
            + count_fourier(self.n_fft, n_frames)
            + count_power(self.n_fft, n_frames)
            + OperationCounts.of(
                "front_end",
                "pairs",
                multiply_fp32=2 * n_pairs * n_frames,
                mac_fp32=(2 + 4 + 1) * n_pairs * n_frames,
                add_fp32=n_sums * n_frames,
                sram_bytes=FLOAT_BYTES * ((3 * 2 + 2 + 2 * 3) * n_pairs + 3 * n_sums) * n_frames,
            )
            + OperationCounts.of(
                "front_end",
                "scale",
                multiply_fp32=3 * n_pairs,
                compare_fp32=n_pairs,
                transcendental_fp32=n_pairs,
                sram_bytes=FLOAT_BYTES * (4 + 2) * n_pairs,
            )
        )
        if self.kind == "map":
            return counts
        # Magnitude and biphase; twice, over the pairs: a sum, then differences and their powers; a mean of each, is
        # the variance 0, its inverse and the root of that, and the products.
        return counts + OperationCounts.of(
            "front_end",
            "moments",
            multiply_fp32=n_pairs + 2 * (n_pairs + N_MOMENTS + 2 + 2),
            mac_fp32=n_pairs + 2 * 2 * n_pairs,
            add_fp32=2 * (1 + 1 + 1) * n_pairs,
            compare_fp32=2,
            transcendental_fp32=2 * n_pairs + 2 * 2,
            sram_bytes=FLOAT_BYTES * ((2 + 2 + 2 * 2) * n_pairs + 2 * N_MOMENTS),
        )
