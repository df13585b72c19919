"""The delay between the ears alone: one number of a clip, the floor of localisation.

    delay   [batch, 1, 1]     (1 + tau / longest) / 2 in [0, 1]: tau the lag at which the correlation by phase alone
                              (`binaural_spectra`) over the bins from low_hz to high_hz is largest, the first of them
                              where several are; one half where nothing is correlated

Reference: Knapp & Carter, IEEE TASSP 24(4), 1976, 320-327.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.data.binaural.ears import N_EARS
from classical_baselines.front_ends.binaural_spectra import (
    check_ears,
    check_onset,
    correlation,
    count_correlation,
    count_phases,
    count_spectra,
    kept_of,
    lags_seconds,
    spectra_of_ears,
)
from classical_baselines.front_ends.front_end_operations import FLOAT_BYTES
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts


@dataclass(frozen=True)
class InterauralDelay:
    """Options of the delay alone; calling it gives one feature of a clip."""

    n_fft: int = 512  # samples of an ear
    hop: int = 256
    low_hz: float = 100.0
    high_hz: float | None = None  # None: half the rate of an ear
    longest_seconds: float = 0.001
    n_lags: int = 257  # an eighth of a sample at 16 kHz, as the floors of docs/localisation.md have it
    floor_db: float = 50.0
    onset_seconds: float = 0.0  # memory that an onset is held against; 0: all frames alike
    n_ears: ClassVar[int] = N_EARS
    gives: ClassVar[Literal["features"]] = "features"

    def __post_init__(self) -> None:
        check_ears(self.n_fft, self.hop, self.floor_db, self.longest_seconds, self.n_lags, least_lags=3)
        check_onset(self.onset_seconds)
        if not 0 <= self.low_hz < (self.high_hz or float("inf")):
            raise InputError(f"0 <= low_hz < high_hz must hold; got {self.low_hz} and {self.high_hz}.")

    def weights(self, sample_rate_hz: int) -> Tensor:
        """[1, bin], 1 of the bins that are used."""
        frequency = torch.arange(self.n_fft // 2 + 1) * (sample_rate_hz / N_EARS / self.n_fft)
        used = (frequency >= self.low_hz) & (frequency <= (self.high_hz or float("inf")))
        if not used.any():
            raise InputError(
                f"no bin lies in {self.low_hz} to {self.high_hz} Hz at {sample_rate_hz / N_EARS:g} Hz an ear and n_fft "
                f"= {self.n_fft}. Choose a wider band."
            )
        return used[None].double()

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, 2 sample] and each clip's own length -> [batch, 1, 1]."""
        weights = self.weights(sample_rate_hz).to(waveforms)
        lags = lags_seconds(self.longest_seconds, self.n_lags)
        parts = []
        kept = kept_of(self.onset_seconds, self.hop, sample_rate_hz / N_EARS)
        for both in spectra_of_ears(waveforms, n_samples, self.n_fft, self.hop):
            sums = both.phase_sums(self.floor_db, kept)
            gathered = correlation(sums, weights, lags, sample_rate_hz / N_EARS, self.n_fft)
            largest, place = gathered.max(dim=2, keepdim=True)
            parts.append(torch.where(largest > 0, place.to(waveforms) / (self.n_lags - 1), 0.5))
        return torch.cat(parts)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window; a lag is compared with the largest so far, and its place scaled."""
        n_weights = int(self.weights(sample_rate_hz).sum())
        spectra, n_frames = count_spectra(n_samples, self.n_fft, self.hop)
        return (
            spectra
            + count_phases(self.n_fft, n_frames, self.onset_seconds > 0)
            + count_correlation(n_weights, self.n_lags)
            + OperationCounts.of("front_end", "peak", compare_fp32=self.n_lags, multiply_fp32=1, sram_bytes=FLOAT_BYTES)
        )
