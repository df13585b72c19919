# neuro/encoders/measures.py
"""What a code costs and keeps: the spikes and bits of a clip, and the error of the picture that can be read back.

    bits                   as address events: each spike names its channel in ceil(log2(n_channels)) bits, and a graded
                           event carries 8 more; the step is told by when an event is sent, which costs no bits here
    entropy                n_steps * sum over channels of H(p_c),   H(p) = -p log2 p - (1 - p) log2(1 - p): what the
                           spikes need at most where each channel is coded at its own rate, whatever they depend on
    relative RMS error     sqrt( sum (x - y)^2 / sum x^2 )     over all clips, x the pooled intensity, y what is decoded
    signal to noise        -20 log10(relative RMS error) decibels

Per second: over the seconds of the clip. p_c is the share of all (clip, step) in which channel c fires.

Address events: Boahen, IEEE Transactions on Circuits and Systems II 47 (2000), 416-434.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.pooling import mean_pooled

LEVEL_BITS = 8  # of a graded event


@dataclass(frozen=True)
class CodeMeasures:
    """The measures of one code, means over clips; None where the code has none."""

    n_channels: int
    spikes_per_clip: float
    bits_per_clip: float  # as address events
    entropy_bits_per_clip: float | None  # of graded levels: None
    relative_rms_error: float | None  # None where the code is not decoded, or the clips are silent
    signal_to_noise_decibels: float | None  # None likewise, and where the error is 0

    def spikes_per_second(self, clip_seconds: float) -> float:
        """Spikes per second of clips that long."""
        return self.spikes_per_clip / clip_seconds

    def bits_per_second(self, clip_seconds: float) -> float:
        """Bits of address events per second of clips that long."""
        return self.bits_per_clip / clip_seconds


class CodeMeter:
    """Gathers the measures of a code, a batch at a time."""

    def __init__(self, encoder: Any) -> None:
        self.encoder = encoder
        self.n_clips = 0
        self.fired = torch.zeros(())  # [channel], over all clips and steps
        self.n_steps = 0
        self.graded = False
        self.square_error: float | None = 0.0
        self.square_signal = 0.0

    def add(self, intensity: Tensor, encoded: Tensor) -> None:
        """Clips [batch, mel, frame] and their code [step, batch, channel]."""
        n_mels, n_frames = intensity.shape[1:]
        self.n_clips += len(intensity)
        self.n_steps = len(encoded)
        self.graded = self.encoder.shape(n_mels, n_frames).code == "graded"
        self.fired = self.fired + (encoded != 0).sum(dim=(0, 1), dtype=torch.float64)
        if not hasattr(self.encoder, "decoded"):
            self.square_error = None
            return
        picture = mean_pooled(intensity, self.encoder.pool).double()
        error = picture - self.encoder.decoded(encoded, n_mels, n_frames).double()
        self.square_error = (self.square_error or 0.0) + float(error.square().sum())
        self.square_signal += float(picture.square().sum())

    def measures(self) -> CodeMeasures:
        """The measures of all clips added so far."""
        if self.n_clips == 0:
            raise InputError("No clip was added. Add at least one batch before its measures are read.")
        n_channels = self.fired.numel()
        per_clip = float(self.fired.sum()) / self.n_clips
        bits = address_bits(n_channels) + (LEVEL_BITS if self.graded else 0)
        error = None
        if self.square_error is not None and self.square_signal > 0:
            error = math.sqrt(self.square_error / self.square_signal)
        return CodeMeasures(
            n_channels=n_channels,
            spikes_per_clip=per_clip,
            bits_per_clip=per_clip * bits,
            entropy_bits_per_clip=None if self.graded else self._entropy(),
            relative_rms_error=error,
            signal_to_noise_decibels=-20 * math.log10(error) if error else None,
        )

    def _entropy(self) -> float:
        """Bits of one clip."""
        return self.n_steps * float(binary_entropy(self.fired / (self.n_clips * self.n_steps)).sum())


def address_bits(n_channels: int) -> int:
    """Bits that name one of so many channels.

    >>> [address_bits(n) for n in (1, 2, 3, 64, 65)]
    [0, 1, 2, 6, 7]
    """
    return (n_channels - 1).bit_length()


def binary_entropy(probability: Tensor) -> Tensor:
    """H(p) in bits, elementwise; 0 at 0 and at 1."""
    rest = 1 - probability
    return -(torch.xlogy(probability, probability) + torch.xlogy(rest, rest)) / math.log(2)
