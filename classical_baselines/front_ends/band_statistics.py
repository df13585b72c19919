# classical_baselines/front_ends/band_statistics.py
"""Statistics of the mel bands of a clip: a floor that takes no model of sound for granted, and is hard to fall below.

Frames are those of `mel`: n_fft samples around sample t * hop, periodic Hann window. With P the mel power of a frame,

    level         L[m, t] = ln(P[m, t] / reference + floor)      reference: 1, or the largest P of the clip
    mean          over the clip's own frames
    deviation     square root of the mean squared distance from that mean
    change        mean |L[m, t] - L[m, t - 1]|
    parts         mean over each of n_parts equal parts of the clip's own length, at least the frame in its middle

    features      [batch, mel, statistic]    mean, deviation, change, then the parts

With the reference "fixed" how loud a clip is says something, which helps where all were recorded alike and misleads
where each group has a microphone of its own; with "clip-maximum" a change of gain changes nothing.
"""

from dataclasses import dataclass
from math import inf
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
from classical_baselines.front_ends.handcrafted import MOST_PARTS, part_averages
from classical_baselines.front_ends.mel import LogMel, check_window, mel_power, silent_beyond_end
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError, UnknownChoiceError
from classical_baselines.harness.operations import OperationCounts

REFERENCES = ("fixed", "clip-maximum")
WHOLE_CLIP = ("mean", "deviation", "change")
_SMALLEST_POWER = 1e-30  # of a clip of zeros, which has no maximum to be measured by


@dataclass(frozen=True)
class BandStatistics:
    """Options of the statistics; calling it turns waveforms into [batch, mel, statistic]."""

    n_fft: int = 512
    hop: int = 256
    n_mels: int = 40
    low_hz: float = 20.0
    high_hz: float | None = None  # None: half the sample rate
    relative_to: Literal["fixed", "clip-maximum"] = "fixed"
    floor: float = 1e-6  # added to the power before its logarithm, in units of the reference
    n_parts: int = 8  # 0: none
    gives: ClassVar[Literal["features"]] = "features"

    def __post_init__(self) -> None:
        if self.relative_to not in REFERENCES:
            raise UnknownChoiceError(
                f"No relative_to is called {self.relative_to!r}. Choose one of: {', '.join(REFERENCES)}."
            )
        if not 0 < self.floor < inf:
            raise InputError(f"floor must be greater than 0 and finite; got {self.floor}.")
        if not 0 <= self.n_parts <= MOST_PARTS:
            raise InputError(f"n_parts must lie in 0 to {MOST_PARTS}; got {self.n_parts}.")
        self._mel()

    def _mel(self) -> LogMel:
        return LogMel(n_fft=self.n_fft, hop=self.hop, n_mels=self.n_mels, low_hz=self.low_hz, high_hz=self.high_hz)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What stands in each column of the statistic axis."""
        return WHOLE_CLIP + tuple(f"part-{number + 1}" for number in range(self.n_parts))

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> [batch, mel, statistic]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        check_window(waveforms.shape[-1], self.n_fft, self.hop)
        n_samples = n_samples.to(waveforms.device)
        filters = self._mel().filters(sample_rate_hz)
        power = mel_power(silent_beyond_end(waveforms, n_samples), filters, self.n_fft, self.hop)
        own = torch.arange(power.shape[2], device=power.device) < (1 + n_samples // self.hop)[:, None]  # [batch, frame]
        if self.relative_to == "clip-maximum":
            power = power / power.amax(dim=(1, 2), keepdim=True).clamp_min(_SMALLEST_POWER)
        level = (power + self.floor).log()
        return torch.cat([_of_the_whole(level, own), self._of_parts(level, n_samples)], dim=2)

    def _of_parts(self, level: Tensor, n_samples: Tensor) -> Tensor:
        if not self.n_parts:
            return level[..., :0]
        return level @ part_averages(n_samples, self.hop, level.shape[2], self.n_parts).to(level)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window, layers window, fourier, power, mel, level and statistics."""
        n_frames = n_centred_frames(n_samples, self.hop)
        n_nonzero = n_weights_used(self._mel().filters(sample_rate_hz))
        n_cells = self.n_mels * n_frames
        n_columns = len(self.feature_names)
        level = OperationCounts.of(
            "front_end",
            "level",
            transcendental_fp32=n_cells,
            add_fp32=n_cells,
            sram_bytes=(4 + 4) * n_cells,
        )
        if self.relative_to == "clip-maximum":  # found, and each cell times its inverse
            level += OperationCounts.of(
                "front_end",
                "maximum",
                compare_fp32=n_cells + 1,  # and its lower limit
                transcendental_fp32=1,
                multiply_fp32=n_cells,
                sram_bytes=(4 + 4) * n_cells,
            )
        # A cell goes into the mean; less it, squared, into the deviation; less the one before into the change; a part.
        statistics = OperationCounts.of(
            "front_end",
            "statistics",
            add_fp32=(2 + (self.n_parts > 0)) * n_cells + 2 * (n_cells - self.n_mels),  # the first has none before it
            mac_fp32=n_cells,
            multiply_fp32=n_columns * self.n_mels,
            transcendental_fp32=self.n_mels,
            sram_bytes=4 * (4 * n_cells + n_columns * self.n_mels),
        )
        return (
            count_hann_window(self.n_fft, n_frames)
            + count_fourier(self.n_fft, n_frames)
            + count_power(self.n_fft, n_frames)
            + count_mel(n_nonzero, self.n_mels, n_frames)
            + level
            + statistics
        )


def _of_the_whole(level: Tensor, own: Tensor) -> Tensor:
    """Mean, deviation, change [batch, mel, 3] of levels [batch, mel, frame] over the frames that are a clip's own."""
    share = (own / own.sum(dim=1, keepdim=True)).to(level)[:, None]  # [batch, 1, frame]
    mean = (level * share).sum(dim=2)
    deviation = ((level - mean[..., None]).square() * share).sum(dim=2).sqrt()
    both = own[:, 1:].to(level)  # a frame and the one before it
    change = (level.diff(dim=2).abs() * both[:, None]).sum(dim=2) / both.sum(dim=1).clamp_min(1)[:, None]
    return torch.stack([mean, deviation, change], dim=2)
