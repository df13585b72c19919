# neuro/encoders/latency.py
"""Latency code: the stronger the input, the sooner its single spike.

An intensity x in (0, 1] fires once, at step round((1 - x) * (n_steps - 1)).
An intensity of 0 stays silent, so a silent passage costs no operations;
`silence_below` widens that: x <= silence_below is silent too.

    intensity   [batch, mel, frame]         in [0, 1]
    spikes      [step, batch, channel]      0 or 1; a picture code: channel = mel * n_frames + frame

Reference: Thorpe, Delorme & Van Rullen, Neural Networks 14 (2001), 715-725.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity
from neuro.encoders.steps import check_n_steps


def latency_spikes(intensity: Tensor, n_steps: int, silence_below: float = 0.0) -> Tensor:
    """Turn [batch, mel, frame] intensities into [step, batch, channel] spikes."""
    intensity = intensity.flatten(start_dim=1)
    spike_step = torch.round((1 - intensity) * (n_steps - 1)).long()
    # A silent element has a spike_step too; it writes 0 there.
    fires = (intensity > silence_below).to(intensity.dtype)
    spikes = intensity.new_zeros(n_steps, *intensity.shape)
    return spikes.scatter_(0, spike_step[None], fires[None])


@dataclass(frozen=True)
class LatencyEncoder:
    """The options of a latency code; calling it encodes a batch of spectrograms."""

    n_steps: int = 8  # simulation steps given to every clip
    pool: Pool = (1, 1)
    silence_below: float = 0.0  # an intensity up to this gives no spike
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        check_n_steps(self.n_steps, least=2)
        if not 0 <= self.silence_below < 1:
            raise InputError(f"silence_below must lie in [0, 1); got {self.silence_below}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        return latency_spikes(pooled_intensity(intensity, self.pool), self.n_steps, self.silence_below)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        return EncodedShape("spikes", pooled_grid(n_mels, n_frames, self.pool), self.n_steps)

    def decoded(self, encoded: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """[batch, mel, frame] of the pooled picture: the intensity that a spike's step stands for; silence is 0."""
        level = (1 - encoded.argmax(0) / (self.n_steps - 1)) * encoded.any(0)
        return level.unflatten(1, pooled_grid(n_mels, n_frames, self.pool))

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """One comparison with silence and one scaled rounding (multiply, add) per picture element."""
        n_channels = encoded.shape[2]
        own = OperationCounts.of(
            "encoder", "latency", compare_fp32=n_channels, multiply_fp32=n_channels, add_fp32=n_channels
        )
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
