# classical_baselines/front_ends/pcen.py
"""Per-channel energy normalisation with fixed parameters: each band is divided by its own recent past.

    mel       E[m, t]   magnitudes in librosa's mel bands, times `scale`
    smoother  M[m, t] = (1 - s) M[m, t-1] + s E[m, t]
    output    y[m, t] = (E / (eps + M)^gain + bias)^power - bias^power          >= 0, 0 in silence

    s = (sqrt(1 + 4 T^2) - 1) / (2 T^2),   T = time_constant_seconds * sample_rate / hop

Wang et al., ICASSP 2017 (arXiv 1607.05666); s by time constant and the defaults as in librosa 0.11.0's
`pcen`, to which this is equal: there M before the first frame is 1, and magnitudes are scaled by 2^31 as 32-bit integer
samples would be. `start = "first-frame"` lets M[., 0] = E[., 0] instead, as LEAF does (Zeghidour et al., ICLR 2021), so
that the first frames do not stand out.
"""

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import n_centred_frames
from classical_baselines.front_ends.librosa_mel import LibrosaMel
from classical_baselines.front_ends.stft import check_named
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

STARTS = ("one", "first-frame")


def smoothing_coefficient(time_constant_seconds: float, sample_rate_hz: int, hop: int) -> float:
    """The share of the new frame, s, in (0, 1)."""
    frames = time_constant_seconds * sample_rate_hz / hop
    return (sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2)


def smoothed(energy: Tensor, coefficient: float, start: str) -> Tensor:
    """M [batch, mel, frame] of the first-order recursion over frames."""
    state = torch.ones_like(energy[..., 0]) if start == "one" else energy[..., 0]
    states = []
    for frame in energy.unbind(dim=-1):
        state = torch.lerp(state, frame, coefficient)
        states.append(state)
    return torch.stack(states, dim=-1)


@dataclass(frozen=True)
class Pcen:
    """Options of per-channel energy normalisation on mel magnitudes; calling it gives [batch, mel, frame]."""

    n_fft: int = 256
    win_length: int | None = None
    hop: int = 128
    n_mels: int = 32
    mel_scale: Literal["htk", "slaney"] = "slaney"
    mel_norm: Literal["none", "slaney"] = "slaney"
    low_hz: float = 60.0
    high_hz: float | None = None  # None: half the sample rate
    scale: float = 2.0**31
    gain: float = 0.98
    bias: float = 2.0
    power: float = 0.5
    time_constant_seconds: float = 0.4
    eps: float = 1e-6
    start: Literal["one", "first-frame"] = "one"
    gives: ClassVar[Literal["decibels"]] = "decibels"  # a level: scaled to an intensity by limits of training clips

    def __post_init__(self) -> None:
        self._mel()
        check_named("start", self.start, STARTS)
        limits = {"scale": 1e20, "gain": 1, "bias": 1e6, "power": 1, "time_constant_seconds": 1000, "eps": 1}
        for name, most in limits.items():
            if not 0 < getattr(self, name) <= most:
                raise InputError(f"{name} must be greater than 0 and at most {most:g}; got {getattr(self, name)}.")

    def _mel(self) -> LibrosaMel:
        return LibrosaMel(
            n_fft=self.n_fft,
            win_length=self.win_length,
            hop=self.hop,
            n_mels=self.n_mels,
            mel_scale=self.mel_scale,
            mel_norm=self.mel_norm,
            low_hz=self.low_hz,
            high_hz=self.high_hz,
            power=1,
        )

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> y [batch, mel, frame]."""
        energy = self._mel().mel(waveforms, n_samples, sample_rate_hz) * self.scale
        past = smoothed(energy, smoothing_coefficient(self.time_constant_seconds, sample_rate_hz, self.hop), self.start)
        normalised = energy * torch.exp(-self.gain * torch.log(self.eps + past))
        return (normalised + self.bias) ** self.power - self.bias**self.power

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip: the mel bands, then per cell the scale, the smoother (M + s (E - M): a difference and a
        MAC), and two powers of a logarithm, a product and an exponential each, a product and three sums. The first
        frame has no M before it to be read: it starts from 1, or from itself, and then nothing is smoothed in it."""
        n_cells = self.n_mels * n_centred_frames(n_samples, self.hop)
        n_smoothed = n_cells - (self.n_mels if self.start == "first-frame" else 0)
        return self._mel().mel_operations(n_samples, sample_rate_hz) + OperationCounts.of(
            "front_end",
            "pcen",
            multiply_fp32=(1 + 2 + 1) * n_cells,
            add_fp32=n_smoothed + 3 * n_cells,
            mac_fp32=n_smoothed,
            transcendental_fp32=4 * n_cells,
            sram_bytes=4 * (4 * n_cells - self.n_mels),  # E and M are read, M and y are written
        )
