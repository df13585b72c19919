# classical_baselines/front_ends/plain_numbers.py
"""Seven plain numbers of a clip that say nothing of speech: what a set may give away by how it was made.

A bar for detectors. The clip's own samples x_i, i < n, less their mean are d_i, with v = mean d^2 and a floor
e = 1e-12 in every level:

    skewness        mean d^3 / v^1.5; then its magnitude
    crest           10 log10(max d^2 / v + e)
    first, last     10 log10(mean of d^2 over the first, the last `end_seconds` / v + e)
    low             10 log10(power below `low_hz` / power + e)
    high            10 log10(power from `high_share` of half the sample rate on / power + e)

of one transform of the whole clip under a Hann window of its own length, w_i = sin^2(pi (i + 1/2) / n), padded with
zeros to the next power of two: of w_i (d_i - sum_j w_j d_j / sum_j w_j), as the mean of a tone that is cut off within
a period, taken out alone, would stand in its place as a low frequency. Gain and a constant change none of them; a
silent clip has skewness 0 and levels of -120 dB.

    features        [batch, number, 1], of unlike units: whoever classifies them has to standardise them
"""

from dataclasses import dataclass
from math import inf
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    FLOAT_BYTES,
    SAMPLE_BYTES,
    count_fourier,
    count_power,
    count_window,
)
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

FEATURE_NAMES = ("skewness", "skewness-magnitude", "crest", "first", "last", "low", "high")
FLOOR = 1e-12


@dataclass(frozen=True)
class PlainNumbers:
    """Options of the numbers; calling it turns waveforms into [batch, number, 1]."""

    end_seconds: float = 0.03
    low_hz: float = 80.0
    high_share: float = 0.95
    gives: ClassVar[Literal["features"]] = "features"

    def __post_init__(self) -> None:
        for name in ("end_seconds", "low_hz"):
            if not 0 < getattr(self, name) < inf:
                raise InputError(f"{name} must be greater than 0 and finite; got {getattr(self, name)}.")
        if not 0 < self.high_share < 1:
            raise InputError(f"high_share must lie between 0 and 1; got {self.high_share}.")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What stands in each row of the number axis."""
        return FEATURE_NAMES

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> [batch, number, 1]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        n_end, _, n_low, first_high = self._places(waveforms.shape[-1], sample_rate_hz)
        n = n_samples.to(waveforms.device).clamp(1, waveforms.shape[-1])[:, None]
        sample = torch.arange(waveforms.shape[-1], device=waveforms.device)
        own = (sample < n).to(waveforms)
        distance = (waveforms - (waveforms * own).sum(dim=1, keepdim=True) / n) * own
        square = distance.square()
        inverse = _inverse(square.sum(dim=1) / n[:, 0])
        skewness = (square * distance).sum(dim=1) / n[:, 0] * inverse * inverse.sqrt()
        ends = [sample < n_end, (sample >= n - n_end) & (sample < n)]
        at_ends = [(square * end).sum(dim=1) / n[:, 0].clamp_max(n_end) for end in ends]
        power = self._power(distance, sample, n)
        shares = [one.sum(dim=1) * _inverse(power.sum(dim=1)) for one in (power[:, :n_low], power[:, first_high:])]
        levels = [_level(one * inverse) for one in (square.amax(dim=1), *at_ends)] + [_level(one) for one in shares]
        return torch.stack([skewness, skewness.abs(), *levels], dim=1)[..., None]

    def _power(self, distance: Tensor, sample: Tensor, n: Tensor) -> Tensor:
        window = torch.sin(torch.pi * (sample + 0.5) / n).square().to(distance)
        window = window * (sample < n)
        mean = (distance * window).sum(dim=1, keepdim=True) / window.sum(dim=1, keepdim=True)
        spectrum = torch.fft.rfft((distance - mean) * window, n=_n_fft(distance.shape[-1]))
        return spectrum.real.square() + spectrum.imag.square()

    def _places(self, n_samples: int, sample_rate_hz: int) -> tuple[int, int, int, int]:
        """Samples of an end, bins, bins below `low_hz`, and the first bin of the high ones."""
        if not self.low_hz < sample_rate_hz / 2:
            raise InputError(
                f"low_hz must lie below half the sample rate, {sample_rate_hz / 2:g} Hz; got {self.low_hz}."
            )
        n_fft = _n_fft(n_samples)
        hz = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * sample_rate_hz / n_fft
        n_low = int((hz < self.low_hz).sum())
        first_high = int((hz < self.high_share * sample_rate_hz / 2).sum())
        return max(1, round(self.end_seconds * sample_rate_hz)), len(hz), n_low, first_high

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window, layers mean, moments, ends, window, fourier, power and bands.

        A level is a product with an inverse, the floor, a logarithm and its factor.
        """
        n_end, n_bins, n_low, first_high = self._places(n_samples, sample_rate_hz)
        n_end, n_fft = min(n_end, n_samples), _n_fft(n_samples)
        return (
            OperationCounts.of(
                "front_end", "mean", add_fp32=n_samples, multiply_fp32=1, sram_bytes=SAMPLE_BYTES * n_samples
            )
            + OperationCounts.of(
                "front_end",
                "moments",
                add_fp32=2 * n_samples + 1,  # the distance, its square into a sum
                multiply_fp32=n_samples + 2 + 2 + 2,  # two means, the skewness, the crest
                mac_fp32=n_samples,
                compare_fp32=n_samples + 1,  # the largest; is the clip silent
                transcendental_fp32=3,
                sram_bytes=(SAMPLE_BYTES + FLOAT_BYTES) * n_samples + 3 * FLOAT_BYTES,
            )
            + OperationCounts.of(
                "front_end",
                "ends",
                mac_fp32=2 * n_end,
                multiply_fp32=2 * 3,
                add_fp32=2,
                transcendental_fp32=2,
                sram_bytes=2 * FLOAT_BYTES * (n_end + 1),
            )
            + count_window(n_samples, 1, sample_bytes=FLOAT_BYTES)
            + OperationCounts.of(  # the weighted mean, times each weight, is taken out of what was weighed
                "front_end",
                "window",
                add_fp32=n_samples,
                multiply_fp32=1,
                mac_fp32=n_samples,
                sram_bytes=3 * FLOAT_BYTES * n_samples,
            )
            + count_fourier(n_fft, 1)
            + count_power(n_fft, 1)
            + OperationCounts.of(
                "front_end",
                "bands",
                add_fp32=n_bins + n_low + (n_bins - first_high) + 2,
                multiply_fp32=2 * 2,
                compare_fp32=1,
                transcendental_fp32=1 + 2,
                sram_bytes=FLOAT_BYTES * (n_bins + 2),
            )
        )


def _n_fft(n_samples: int) -> int:
    """The next power of two."""
    return 1 << max(1, (n_samples - 1).bit_length())


def _inverse(values: Tensor) -> Tensor:
    """1 / values, and 0 of what is 0."""
    return torch.where(values > 0, 1 / values.clamp_min(torch.finfo(values.dtype).tiny), 0)


def _level(ratio: Tensor) -> Tensor:
    return 10 * (ratio + FLOOR).log10()
