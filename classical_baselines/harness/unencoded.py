# classical_baselines/harness/unencoded.py
"""The encoder of a network that reads the picture as it is, or mean-pooled: key `none`.

    intensity   [batch, mel, frame]                       in [0, 1]; features of any range where nothing is pooled
    encoded     [batch, mel / pool_mel, frame / pool_frame]

Without pooling it costs nothing.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, mean_pooled, pool_operations, pooled_grid


@dataclass(frozen=True)
class Unencoded:
    """Hand the intensity over, optionally mean-pooled by (mel, frame)."""

    pool: Pool = (1, 1)

    def __post_init__(self) -> None:
        check_pool(self.pool)

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; nothing is drawn
        return mean_pooled(intensity, self.pool)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        return EncodedShape("intensity", pooled_grid(n_mels, n_frames, self.pool))

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        del encoded
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool)
