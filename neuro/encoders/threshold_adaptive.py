# neuro/encoders/threshold_adaptive.py
"""Threshold-adaptive code (TAE): send-on-delta whose step grows while a band runs away and shrinks while it rests.

Each band keeps a reference b, first 0, and a step d, first `delta`. At frame f, with the intensity x:

    x > b + d:  ON spike,  b = b + d
    x < b - d:  OFF spike, b = b - d

    then    d = min(d * factor, most)       after a spike like the one of the frame before
            d = d                           after a spike where the frame before had none
            d = max(d / factor, least)      after no spike, or one of the other polarity

The step depends on spikes alone, so the spikes alone give the reference back: it is the decoded intensity.

    intensity   [batch, mel, frame]         in [0, 1]
    spikes      [step, batch, channel]      0 or 1; framewise: step = frame, channel = polarity * n_mels + mel

The rule of the step is that of adaptive delta modulation, Jayant, Bell System Technical Journal 49 (1970), 321-342,
with silence as a third symbol. Threshold-adaptive codes of sounds are compared by Larroza et al., arXiv 2503.11206.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity


@dataclass(frozen=True)
class ThresholdAdaptiveEncoder:
    """The options of a threshold-adaptive code; calling it encodes a batch of spectrograms."""

    delta: float = 0.1  # the first step, in units of the intensity
    factor: float = 1.5  # by which a step grows or shrinks; 1: send-on-delta
    least: float = 0.1  # limits of the step
    most: float = 0.5
    pool: Pool = (1, 1)
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        if not 0 < self.least <= self.delta <= self.most < 1:
            raise InputError(
                f"0 < least <= delta <= most < 1 must hold; got least {self.least}, delta {self.delta}, "
                f"most {self.most}."
            )
        if not 1 <= self.factor <= 16:
            raise InputError(f"factor must lie in [1, 16]; got {self.factor}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        picture = pooled_intensity(intensity, self.pool)
        reference = torch.zeros_like(picture[:, :, 0])
        step, before = torch.full_like(reference, self.delta), torch.zeros_like(reference)
        spikes = []
        for level in picture.unbind(dim=2):
            on = (level > reference + step).to(picture.dtype)
            off = (level < reference - step).to(picture.dtype)
            sign = on - off
            reference = reference + step * sign
            step, before = self._adapted(step, sign, before), sign
            spikes.append(torch.cat([on, off], dim=1))
        return torch.stack(spikes)

    def _adapted(self, step: Tensor, sign: Tensor, before: Tensor) -> Tensor:
        """The step after a frame whose spikes, and those of the frame before it, have these signs."""
        grown = (step * self.factor).clamp(max=self.most)
        shrunk = (step / self.factor).clamp(min=self.least)
        follows = sign * before  # 1: like the last, -1: unlike, 0: one of them was silent
        return torch.where(follows > 0, grown, torch.where((follows < 0) | (sign == 0), shrunk, step))

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_bands, n_steps = pooled_grid(n_mels, n_frames, self.pool)
        return EncodedShape("spikes", (2 * n_bands,), n_steps)

    def decoded(self, encoded: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """[batch, mel, frame] of the pooled picture: the reference after every frame."""
        del n_mels, n_frames
        on, off = encoded.chunk(2, dim=2)
        reference = torch.zeros_like(on[0])
        step, before = torch.full_like(reference, self.delta), torch.zeros_like(reference)
        levels = []
        for sign in (on - off).unbind():
            reference = reference + step * sign
            step, before = self._adapted(step, sign, before), sign
            levels.append(reference)
        return torch.stack(levels, dim=2).clamp(0, 1)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per band and frame two sums and two comparisons; per spike one more sum; per change of the step a
        multiplication and a comparison with its limit."""
        n_steps, n_clips, n_channels = encoded.shape
        on, off = encoded.chunk(2, dim=2)
        sign = on - off
        n_spikes = float(sign.abs().sum()) / max(1, n_clips)
        after_silence = sign.abs() * (1 - torch.cat([torch.zeros_like(sign[:1]), sign[:-1]]).abs())
        n_changes = n_steps * n_channels / 2 - float(after_silence.sum()) / max(1, n_clips)
        own = OperationCounts.of(
            "encoder",
            "threshold-adaptive",
            compare_fp32=n_steps * n_channels + n_changes,
            add_fp32=n_steps * n_channels + n_spikes,
            multiply_fp32=n_changes,
        )
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
