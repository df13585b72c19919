# neuro/encoders/send_on_delta.py
"""Send-on-delta code: a band speaks when it has moved by `delta` since it last spoke.

Each band keeps a reference b, first 0. At frame f, with the intensity x:

    x > b + delta:  ON spike,  b = b + delta
    x < b - delta:  OFF spike, b = b - delta

    intensity   [batch, mel, frame]         in [0, 1]
    spikes      [step, batch, channel]      0 or 1; framewise: step = frame, channel = polarity * n_mels + mel

References: Miskowicz, Sensors 6 (2006), 49-63; step-forward: Petro, Kasabov & Kiss, IEEE TNNLS 31 (2020), 358-370.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity


def send_on_delta_spikes(intensity: Tensor, delta: float) -> Tensor:
    """Turn [batch, mel, frame] intensities into [frame, batch, 2 * mel] spikes: ON bands, then OFF bands."""
    reference = torch.zeros_like(intensity[:, :, 0])
    spikes = []
    for level in intensity.unbind(dim=2):
        on = (level > reference + delta).to(intensity.dtype)
        off = (level < reference - delta).to(intensity.dtype)
        reference = reference + delta * (on - off)
        spikes.append(torch.cat([on, off], dim=1))
    return torch.stack(spikes)


@dataclass(frozen=True)
class SendOnDeltaEncoder:
    """The options of a send-on-delta code; calling it encodes a batch of spectrograms."""

    delta: float = 0.1  # in units of the intensity
    pool: Pool = (1, 1)
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        if not 0 < self.delta < 1:
            raise InputError(f"delta must lie between 0 and 1; got {self.delta}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        return send_on_delta_spikes(pooled_intensity(intensity, self.pool), self.delta)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_bands, n_steps = pooled_grid(n_mels, n_frames, self.pool)
        return EncodedShape("spikes", (2 * n_bands,), n_steps)

    def decoded(self, encoded: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """[batch, mel, frame] of the pooled picture: the reference after every frame."""
        del n_mels, n_frames
        on, off = encoded.chunk(2, dim=2)
        return (self.delta * (on - off).cumsum(0)).permute(1, 2, 0).clamp(0, 1)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Two sums and two comparisons per band and frame, and one more sum for each spike."""
        n_steps, n_clips, n_channels = encoded.shape
        n_levels = n_steps * n_channels  # twice the picture: once for ON, once for OFF
        own = OperationCounts.of(
            "encoder",
            "send-on-delta",
            compare_fp32=n_levels,
            add_fp32=n_levels + float(encoded.sum()) / max(1, n_clips),
        )
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
