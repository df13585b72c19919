# classical_baselines/harness/unencoded.py
"""The encoder of a network that reads the picture as it is, or mean-pooled: key `none`.

    intensity   [batch, mel, frame]                       in [0, 1]
    encoded     [batch, mel / pool_mel, frame / pool_frame]

Without pooling it costs nothing. With pooling each element is added once and each mean is one multiplication.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts


@dataclass(frozen=True)
class Unencoded:
    """Hand the intensity over, optionally mean-pooled by (mel, frame)."""

    pool: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        if len(self.pool) != 2 or min(self.pool) < 1:
            raise InputError(f"pool must be two factors >= 1, (mel, frame); got {self.pool}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; nothing is drawn
        return intensity if self.pool == (1, 1) else avg_pool2d(intensity[:, None], self.pool)[:, 0]

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        return EncodedShape("intensity", (n_mels // self.pool[0], n_frames // self.pool[1]))

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        if self.pool == (1, 1):
            return OperationCounts()
        n_outputs = encoded[0].numel()
        n_inputs = n_outputs * self.pool[0] * self.pool[1]
        return OperationCounts.of("encoder", "pool", add_fp32=n_inputs - n_outputs, multiply_fp32=n_outputs)
