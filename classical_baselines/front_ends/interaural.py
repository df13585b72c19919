"""Delay and level between the ears, band by band: a picture whose columns are lags, and whose last is a level.

    g[b, tau]   correlation by phase alone (`binaural_spectra`) under the triangle of mel band b, over its largest
                magnitude there: -1 to 1, and 0 where nothing was heard
    d[b]        10 log10(power of the left ear / power of the right ear) in the band, over all frames

    picture     [batch, band + 1, lag + 1]   in [0, 1]: (1 + g) / 2, lags from right to left, then (1 + d / most_db) / 2
                                             within its limits; one half everywhere where there is no sound; the last
                                             row is of the whole spectrum, all bins of the bands alike

A source that stands still gives one delay, so frames are summed. The phase itself is in the columns: in a band of 500
Hz one period is all of them. Echoes make the ears less alike, and the largest magnitude takes that out: over the
number of phases instead, a network that learnt without echoes errs by 16 degrees in a room. Swapped ears turn the
lags round and the level about one half.

References: Knapp & Carter, IEEE TASSP 24(4), 1976, 320-327; Woodruff & Wang, IEEE TASLP 20(5), 2012, 1503-1512
(delays and levels by band).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.data.binaural.ears import N_EARS
from classical_baselines.front_ends.binaural_spectra import (
    SMALLEST_POWER,
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
from classical_baselines.front_ends.front_end_operations import FLOAT_BYTES, n_weights_used
from classical_baselines.front_ends.mel import LARGEST_DECIBELS, LogMel
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

SMALLEST_SHARE = 2.0**-32  # of a triangle's largest weight: below it rounding alone leaves one


@dataclass(frozen=True)
class Interaural:
    """Options of delay and level by band and over all; calling it gives features in [0, 1]."""

    n_fft: int = 512  # samples of an ear
    hop: int = 256
    n_bands: int = 16
    low_hz: float = 100.0
    longest_seconds: float = 0.001  # of a lag: a head takes up to 0.8 ms, one that is a fifth larger 0.95
    n_lags: int = 65
    floor_db: float = 50.0
    onset_seconds: float = 0.0  # memory that an onset is held against; 0: all frames alike
    most_db: float = 30.0  # of level between the ears
    n_ears: ClassVar[int] = N_EARS
    gives: ClassVar[Literal["features"]] = "features"

    def __post_init__(self) -> None:
        check_ears(self.n_fft, self.hop, self.floor_db, self.longest_seconds, self.n_lags, least_lags=3)
        check_onset(self.onset_seconds)
        if not 0 < self.most_db <= LARGEST_DECIBELS:
            raise InputError(f"most_db must be greater than 0 and at most {LARGEST_DECIBELS:g}; got {self.most_db}.")
        self._mel()

    def _mel(self) -> LogMel:
        return LogMel(n_fft=self.n_fft, hop=self.hop, n_mels=self.n_bands, low_hz=self.low_hz)

    def filters(self, sample_rate_hz: int) -> Tensor:
        """The triangles [band, bin] for clips of this rate of both ears, and last the bins of all of them alike."""
        triangles = self._mel().filters(sample_rate_hz // N_EARS)
        highest = triangles.amax(dim=1, keepdim=True)
        heard = (triangles > SMALLEST_SHARE * highest).any(dim=0, keepdim=True)
        return torch.cat([triangles, heard.to(triangles)])

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, 2 sample] and each clip's own length -> [batch, band + 1, lag + 1]."""
        weights = self.filters(sample_rate_hz).to(waveforms)
        lags = lags_seconds(self.longest_seconds, self.n_lags)
        parts = []
        kept = kept_of(self.onset_seconds, self.hop, sample_rate_hz / N_EARS)
        for both in spectra_of_ears(waveforms, n_samples, self.n_fft, self.hop):
            sums = both.phase_sums(self.floor_db, kept)
            gathered = correlation(sums, weights, lags, sample_rate_hz / N_EARS, self.n_fft)
            most = gathered.abs().amax(dim=2, keepdim=True)
            scaled = 0.5 + gathered * torch.where(most > 0, 0.5 / most, 0)
            left, right = ((one.sum(dim=1) @ weights.T).clamp_min(SMALLEST_POWER) for one in both.powers)
            level = (0.5 + (left / right).log10() * (5 / self.most_db)).clamp(0, 1)
            parts.append(torch.cat([scaled.clamp(0, 1), level[..., None]], dim=2))
        return torch.cat(parts)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window.

        Of a band the largest magnitude of its lags is compared with 0 and inverted once; a lag is written, compared
        with the largest so far, read again, multiplied into one half, and has two limits. To its level belong the sums
        of both powers over the frames (of a bin, shared by the bands), then over the weights, two limits, a division, a
        logarithm, a product into one half and two limits.
        """
        n_weights = n_weights_used(self.filters(sample_rate_hz))
        spectra, n_frames = count_spectra(n_samples, self.n_fft, self.hop)
        n_rows, n_bins = self.n_bands + 1, self.n_fft // 2 + 1
        n_columns = n_rows * self.n_lags
        return (
            spectra
            + count_phases(self.n_fft, n_frames, self.onset_seconds > 0)
            + count_correlation(n_weights, self.n_lags)
            + OperationCounts.of(
                "front_end",
                "lags",
                mac_fp32=n_columns,
                compare_fp32=n_rows + 3 * n_columns,
                transcendental_fp32=n_rows,
                sram_bytes=3 * FLOAT_BYTES * n_columns,
            )
            + OperationCounts.of(
                "front_end",
                "level",
                add_fp32=2 * n_bins * n_frames,
                mac_fp32=2 * n_weights + n_rows,
                compare_fp32=(2 + 2) * n_rows,
                transcendental_fp32=2 * n_rows,
                sram_bytes=FLOAT_BYTES * (2 * n_bins * n_frames + 2 * n_bins + 3 * n_weights + n_rows),
            )
        )
