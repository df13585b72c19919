# neuro/encoders/moving_window.py
"""Moving-window code: a band speaks when it leaves the mean of its last frames by more than `delta`.

    b[f] = mean of x[f - n_frames], ..., x[f - 1]        frames before the clip count as 0
    x[f] > b[f] + delta:  ON spike          x[f] < b[f] - delta:  OFF spike

The base is the signal's own, so no error adds up in the spikes; but they do not give it back. What is decoded is the
sum of the steps, y[f] = y[f - 1] + delta * (ON - OFF), kept in [0, 1] at each frame: it follows shapes, not levels.

    intensity   [batch, mel, frame]         in [0, 1]
    spikes      [step, batch, channel]      0 or 1; framewise: step = frame, channel = polarity * n_mels + mel

References: Kasabov et al., Neural Networks 78 (2016), 1-14; Petro, Kasabov & Kiss, IEEE TNNLS 31 (2020), 358-370.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d, pad

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity

LONGEST_WINDOW = 1024  # frames


def window_means(levels: Tensor, n_frames: int) -> Tensor:
    """[batch, mel, frame] -> the mean of the `n_frames` frames before each."""
    return avg_pool1d(pad(levels, (n_frames, 0)), n_frames, stride=1)[:, :, :-1]


@dataclass(frozen=True)
class MovingWindowEncoder:
    """The options of a moving-window code; calling it encodes a batch of spectrograms."""

    n_frames: int = 3  # of the window
    delta: float = 0.15  # in units of the intensity
    pool: Pool = (1, 1)
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        if not 1 <= self.n_frames <= LONGEST_WINDOW:
            raise InputError(f"n_frames must be 1 to {LONGEST_WINDOW}; got {self.n_frames}.")
        if not 0 < self.delta < 1:
            raise InputError(f"delta must lie between 0 and 1; got {self.delta}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        picture = pooled_intensity(intensity, self.pool)
        base = window_means(picture, self.n_frames)
        spikes = torch.cat([picture > base + self.delta, picture < base - self.delta], dim=1)
        return spikes.permute(2, 0, 1).to(picture.dtype)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_bands, n_steps = pooled_grid(n_mels, n_frames, self.pool)
        return EncodedShape("spikes", (2 * n_bands,), n_steps)

    def decoded(self, encoded: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """[batch, mel, frame] of the pooled picture."""
        del n_mels, n_frames
        on, off = encoded.chunk(2, dim=2)
        level, levels = torch.zeros_like(on[0]), []
        for sign in (on - off).unbind():
            level = (level + self.delta * sign).clamp(0, 1)
            levels.append(level)
        return torch.stack(levels, dim=2)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per band and frame: a running sum (two sums) and its scaling, two sums and two comparisons."""
        n_steps, _, n_channels = encoded.shape
        n_levels = n_steps * n_channels // 2
        own = OperationCounts.of(
            "encoder",
            "moving-window",
            compare_fp32=2 * n_levels,
            add_fp32=4 * n_levels,
            multiply_fp32=n_levels,
        )
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
