# neuro/encoders/centred_current.py
"""Centred current: what a picture has more or less than the mean of its band over the clip, as a signed level.

    y      = x - mean of x over the frames of its band
    level  = round(127 y)      -127 to 127, 8 bits and a sign, handed over as level / 255

    intensity   [batch, mel, frame]         in [0, 1]
    picture     [step, batch, channel]      the same at each of n_steps steps; channel = mel * n_frames + frame

A microphone, a room and a distance colour a whole clip alike: on a log scale each is a constant of its band, which the
mean takes out (cepstral mean subtraction, Atal, Journal of the Acoustical Society of America 55 (1974), 1304-1312). The
mean itself is not sent, so the picture cannot be read back. The levels are graded events of either sign, as
`direct_current` has them of one: only a Loihi 2 runs them, and the first layer multiplies.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity
from neuro.encoders.direct_current import N_LEVELS
from neuro.encoders.steps import check_n_steps

LARGEST_LEVEL = 127  # of 8 bits with a sign


@dataclass(frozen=True)
class CentredCurrentEncoder:
    """The options of a centred current; calling it encodes a batch of spectrograms."""

    n_steps: int = 4  # steps per clip
    pool: Pool = (1, 1)
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        check_n_steps(self.n_steps)

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        pooled = pooled_intensity(intensity, self.pool)
        levels = torch.round(LARGEST_LEVEL * (pooled - pooled.mean(dim=2, keepdim=True))) / N_LEVELS
        return levels.flatten(start_dim=1).expand(self.n_steps, -1, -1).contiguous()

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        return EncodedShape("graded", pooled_grid(n_mels, n_frames, self.pool), self.n_steps)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """A sum and a scaling per band; per element a subtraction and a scaled rounding (multiply, add)."""
        del encoded
        n_bands, n_slots = pooled_grid(intensity.shape[1], intensity.shape[2], self.pool)
        n_levels = n_bands * n_slots
        own = OperationCounts.of(
            *("encoder", "centred-current"),
            add_fp32=n_bands * (n_slots - 1) + 2 * n_levels,
            multiply_fp32=n_bands + n_levels,
        )
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
