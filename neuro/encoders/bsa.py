# neuro/encoders/bsa.py
"""Ben's spiker algorithm (BSA): a band's spikes are those whose filtered train rebuilds its level.

With a finite impulse response h of K taps, and the level x that is left to explain, at each frame f:

    error with a spike      e1 = sum over k of |x[f + k] - h[k]|
    error without           e0 = sum over k of |x[f + k]|             k = 0 ... K - 1, within the clip
    e1 <= e0 - threshold:   spike, and x[f + k] -= h[k]

What is decoded is the train convolved with h. h is a raised cosine (Hann window without its zeros) of sum 1: a spike at
every frame stands for an intensity of 1, so a band has about K levels. The code looks K - 1 frames ahead: that delay is
part of its latency.

    intensity   [batch, mel, frame]         in [0, 1]
    spikes      [step, batch, channel]      0 or 1; framewise: step = frame, channel = mel

Reference: Schrauwen & Van Campenhout, Proc. IJCNN 2003, vol. 4, 2825-2830.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity

MOST_TAPS = 256


def bsa_filter(n_taps: int) -> Tensor:
    """[tap], sin^2(pi (k + 1) / (n_taps + 1)), scaled to the sum 1."""
    place = torch.arange(1, n_taps + 1, dtype=torch.float64) / (n_taps + 1)
    shape = torch.sin(torch.pi * place).square()
    return shape / shape.sum()


@dataclass(frozen=True)
class BsaEncoder:
    """The options of Ben's spiker algorithm; calling it encodes a batch of spectrograms."""

    n_taps: int = 5
    threshold: float = 0.5  # how much smaller the error must become by a spike; the filter's sum is 1
    pool: Pool = (1, 1)
    reads: ClassVar[str] = "intensity"

    def __post_init__(self) -> None:
        check_pool(self.pool)
        if not 1 <= self.n_taps <= MOST_TAPS:
            raise InputError(f"n_taps must be 1 to {MOST_TAPS}; got {self.n_taps}.")
        if not 0 <= self.threshold < 1:
            raise InputError(f"threshold must lie in [0, 1), the sum of the filter; got {self.threshold}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        left = pooled_intensity(intensity, self.pool)  # of its own: what follows changes it
        taps = bsa_filter(self.n_taps).to(left.dtype)
        spikes = []
        for frame in range(left.shape[2]):
            window = left[:, :, frame : frame + self.n_taps]
            response = taps[: window.shape[2]]
            gain = window.abs().sum(dim=2) - (window - response).abs().sum(dim=2)
            fires = (gain >= self.threshold).to(left.dtype)
            window -= fires[:, :, None] * response
            spikes.append(fires)
        return torch.stack(spikes)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_bands, n_steps = pooled_grid(n_mels, n_frames, self.pool)
        return EncodedShape("spikes", (n_bands,), n_steps)

    def decoded(self, encoded: Tensor, n_mels: int, n_frames: int) -> Tensor:
        """[batch, mel, frame] of the pooled picture: the spikes convolved with the filter."""
        del n_mels, n_frames
        n_steps, n_clips, n_bands = encoded.shape
        trains = encoded.permute(1, 2, 0).reshape(-1, 1, n_steps)
        kernel = bsa_filter(self.n_taps).to(encoded.dtype).flip(0)[None, None]
        return conv1d(pad(trains, (self.n_taps - 1, 0)), kernel).reshape(n_clips, n_bands, n_steps).clamp(0, 1)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per tap that lies within the clip: a difference, two magnitudes and two sums; per frame the difference of the
        errors and a comparison; per spike a difference for each tap. A magnitude is counted as a comparison."""
        n_steps, n_clips, n_bands = encoded.shape
        n_taps = torch.arange(n_steps, 0, -1, dtype=torch.float64).clamp(max=self.n_taps)  # [step]
        n_met = n_bands * float(n_taps.sum())
        n_taken = float((encoded.sum(dim=(1, 2), dtype=torch.float64) * n_taps).sum()) / max(1, n_clips)
        # two sums of k terms take 2 (k - 1) additions, and their difference one more
        own = OperationCounts.of(
            "encoder",
            "bsa",
            compare_fp32=2 * n_met + n_steps * n_bands,
            add_fp32=3 * n_met - n_steps * n_bands + n_taken,
        )
        return pool_operations(intensity.shape[1], intensity.shape[2], self.pool) + own
