# neuro/encoders/rate.py
"""Rate code: at each step an element fires with the probability max_rate * x, independently of all others.

    intensity   [batch, mel, frame]         in [0, 1]
    spikes      [step, batch, channel]      0 or 1; a picture code: channel = mel * n_frames + frame

Reference: Diehl & Cook, Frontiers in Computational Neuroscience 9 (2015), 99 (Bernoulli form of its Poisson input).
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


def rate_spikes(intensity: Tensor, n_steps: int, max_rate: float, generator: torch.Generator) -> Tensor:
    """Draw [step, batch, channel] spikes for [batch, mel, frame] intensities."""
    probability = max_rate * intensity.flatten(start_dim=1)
    drawn = torch.rand((n_steps, *probability.shape), generator=generator, dtype=probability.dtype)
    return (drawn < probability).to(probability.dtype)


@dataclass(frozen=True)
class RateEncoder:
    """The options of a rate code; calling it encodes a batch of spectrograms."""

    n_steps: int = 16
    max_rate: float = 0.5  # spikes per step at an intensity of 1
    pool: Pool = (1, 1)
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        check_n_steps(self.n_steps)
        if not 0 < self.max_rate <= 1:
            raise InputError(f"max_rate must lie in (0, 1]; got {self.max_rate}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        return rate_spikes(pooled_intensity(intensity, self.pool), self.n_steps, self.max_rate, generator)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        return EncodedShape("spikes", pooled_grid(n_mels, n_frames, self.pool), self.n_steps)

    def decoded(self, encoded: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """[batch, mel, frame] of the pooled picture: the share of steps with a spike, over max_rate."""
        level = (encoded.mean(0) / self.max_rate).clamp(max=1)
        return level.unflatten(1, pooled_grid(n_mels, n_frames, self.pool))

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per element and step: one random number (multiply, add: a linear congruence) and one comparison."""
        n_draws = encoded.shape[0] * encoded.shape[2]
        n_channels = encoded.shape[2]
        own = OperationCounts.of(
            "encoder", "rate", compare_fp32=n_draws, multiply_fp32=n_draws + n_channels, add_fp32=n_draws
        )
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
