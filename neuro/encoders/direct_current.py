# neuro/encoders/direct_current.py
"""Direct current: the intensity itself, as an 8-bit level, drives the first layer of neurons.

    level = round(255 x)        handed over as level / 255

    intensity   [batch, mel, frame]         in [0, 1]
    picture     [step, batch, channel]      the same at each of n_steps steps; channel = mel * n_frames + frame
    framewise   [step, batch, channel]      step = frame * n_steps + k, for k in 0 .. n_steps - 1; channel = mel

These are no spikes: the first layer multiplies, so its work is counted as `mac_int8`, and only a chip whose
messages carry a value (Loihi 2) can run it.

Reference: Rueckauer et al., Frontiers in Neuroscience 11 (2017), 682, "analog input".
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity
from neuro.encoders.steps import check_n_steps

N_LEVELS = 255  # levels above 0: 8 bits, unsigned


def direct_current_levels(intensity: Tensor, n_steps: int, framewise: bool) -> Tensor:
    """Turn [batch, mel, frame] intensities into [step, batch, channel] levels, in units of 1 / 255."""
    levels = torch.round(intensity * N_LEVELS) / N_LEVELS
    if framewise:
        return levels.permute(2, 0, 1).repeat_interleave(n_steps, dim=0)
    return levels.flatten(start_dim=1).expand(n_steps, -1, -1).contiguous()


@dataclass(frozen=True)
class DirectCurrentEncoder:
    """The options of a direct-current code; calling it encodes a batch of spectrograms."""

    n_steps: int = 4  # steps per clip; per frame where framewise
    framewise: bool = False
    pool: Pool = (1, 1)
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        check_n_steps(self.n_steps)

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        return direct_current_levels(pooled_intensity(intensity, self.pool), self.n_steps, self.framewise)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_bands, n_slots = pooled_grid(n_mels, n_frames, self.pool)
        if self.framewise:
            return EncodedShape("graded", (n_bands,), n_slots * self.n_steps)
        return EncodedShape("graded", (n_bands, n_slots), self.n_steps)

    def decoded(self, encoded: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """[batch, mel, frame] of the pooled picture: the level of each element's first step."""
        if self.framewise:
            return encoded[:: self.n_steps].permute(1, 2, 0)
        return encoded[0].unflatten(1, pooled_grid(n_mels, n_frames, self.pool))

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """One scaled rounding (multiply, add) per picture element."""
        del encoded
        n_bands, n_slots = pooled_grid(intensity.shape[1], intensity.shape[2], self.pool)
        n_levels = n_bands * n_slots
        own = OperationCounts.of("encoder", "direct-current", multiply_fp32=n_levels, add_fp32=n_levels)
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
