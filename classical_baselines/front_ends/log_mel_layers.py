# classical_baselines/front_ends/log_mel_layers.py
"""The log-mel spectrogram as layers of a network: the fixed control of learnt front ends, and what they are made of.

    frames      x[t, k] w[k]                                       [batch, frame, sample]
    Fourier     X[t, m] = sum_k x[t, k] w[k] exp(-2 pi i m k / N)  [batch, frame, bin, 2]      real, imaginary
    power       P = |X|^2                                          [batch, frame, bin]
    mel         M[b, t] = sum_m F[b, m] P[t, m]                    [batch, mel, frame]
    intensity   1 + max(10 log10(M / max M), -top_db) / top_db     [batch, mel, frame]         in [0, 1]

with the frames, triangles and levels of `mel.LogMel`, relative to the clip's maximum, and limits that need no fitting:
-top_db becomes 0 and the maximum 1. The window w is a Hann window of any length up to N in the middle of the frame,

    w(u) = 0.5 + 0.5 cos(2 pi u / length)  for |u| < length / 2, else 0;  u = k - N / 2

which is periodic where the length is N. Every layer counts itself.
"""

from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from classical_baselines.front_ends.front_end_operations import count_fourier, n_centred_frames, n_weights_used
from classical_baselines.front_ends.learnt_front_end import LearntFrontEnd, bytes_between_butterflies
from classical_baselines.front_ends.mel import LogMel, check_window, relative_level


def hann(positions: Tensor, length: Tensor) -> Tensor:
    """The Hann window of a real-valued length at positions relative to its middle; differentiable in both."""
    inside = positions.abs() < length / 2
    return torch.where(inside, 0.5 + 0.5 * torch.cos(2 * pi * positions / length), 0.0)


def frame_positions(n_fft: int) -> Tensor:
    """[sample] of a frame, relative to the sample that it is centred on."""
    return torch.arange(n_fft, dtype=torch.float64) - n_fft // 2


class FixedFrames(nn.Module):
    """[batch, sample] -> frames under a Hann window, [batch, frame, sample]; zeros outside the clip."""

    window: Tensor

    def __init__(self, n_fft: int, hop: int, length: float) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        window = hann(frame_positions(n_fft), torch.tensor(float(length), dtype=torch.float64))
        self.register_buffer("window", window.float(), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        half = self.n_fft // 2
        return pad(waveforms, (half, half)).unfold(-1, self.n_fft, self.hop) * self.window

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """One product per weight of the window that is not 0, in each frame."""
        del inputs
        return {"multiply_fp32": float(self.n_deployed_weights() * (output.numel() // self.n_fft))}

    def n_deployed_weights(self) -> int:
        """The window is a table, without the zeros around it."""
        return n_weights_used(self.window)


class Fourier(nn.Module):
    """A real FFT of each frame: [batch, frame, sample] -> [batch, frame, bin, 2]."""

    def forward(self, frames: Tensor) -> Tensor:
        return torch.view_as_real(torch.fft.rfft(frames))

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """As the fixed front ends count it: 2.5 N log2 N a frame."""
        del output
        n_fft = inputs[0].shape[-1]
        counts = count_fourier(n_fft, inputs[0].numel() // n_fft)
        return {name: counts.total(name) for name in ("multiply_fp32", "add_fp32")}


class Power(nn.Module):
    """[..., 2] -> [...]: the sum of both squares."""

    def forward(self, spectrum: Tensor) -> Tensor:
        return spectrum.square().sum(dim=-1)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        del inputs
        return {"multiply_fp32": 2.0 * output.numel(), "add_fp32": float(output.numel())}


class MelBands(nn.Module):
    """[batch, frame, bin] -> [batch, mel, frame] by fixed triangles [mel, bin]."""

    filters: Tensor

    def __init__(self, filters: Tensor) -> None:
        super().__init__()
        self.register_buffer("filters", filters.float(), persistent=False)

    def forward(self, power: Tensor) -> Tensor:
        return (power @ self.filters.T).transpose(1, 2)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """One multiply-accumulate per weight that is not 0, as the fixed front ends count it."""
        n_frames = output.numel() // len(self.filters)
        return {"mac_fp32": float(self.n_deployed_weights() * n_frames)}

    def n_deployed_weights(self) -> int:
        """The weights that are not 0."""
        return n_weights_used(self.filters)


class RelativeIntensity(nn.Module):
    """Power [batch, mel, frame] -> intensity: 1 at the clip's maximum, 0 from `top_db` below it on."""

    def __init__(self, top_db: float) -> None:
        super().__init__()
        self.top_db = top_db

    def forward(self, power: Tensor) -> Tensor:
        level = relative_level(power, power.amax(dim=(1, 2), keepdim=True), self.top_db)
        return 1 + level / self.top_db

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """Per cell the level of `mel.LogMel` (a lower limit, a logarithm, times 10, the maximum so far, minus it, the
        floor), then a product with 1 / top_db and 1 added."""
        del inputs
        n_cells = float(output.numel())
        return {
            "transcendental_fp32": n_cells,
            "multiply_fp32": 2 * n_cells,
            "compare_fp32": 3 * n_cells,
            "add_fp32": 2 * n_cells,
        }


@dataclass(frozen=True)
class MelPicture:
    """Options that learnt front ends of a mel picture share: those of `mel.LogMel` that say what the picture shows."""

    n_fft: int = 256
    hop: int = 128
    n_mels: int = 32
    low_hz: float = 60.0
    high_hz: float | None = None  # None: half the sample rate
    top_db: float = 50.0

    def __post_init__(self) -> None:
        self.log_mel()

    def log_mel(self) -> LogMel:
        """The front end of the same picture; it checks the options."""
        return LogMel(self.n_fft, self.hop, self.n_mels, low_hz=self.low_hz, high_hz=self.high_hz, top_db=self.top_db)


@dataclass(frozen=True)
class LogMelLayers(MelPicture):
    """Options of the log-mel control."""

    def build(self, n_samples: int, sample_rate_hz: int) -> "MelFrontEnd":
        check_window(n_samples, self.n_fft, self.hop)
        return MelFrontEnd(FixedFrames(self.n_fft, self.hop, self.n_fft), self, sample_rate_hz)


class MelFrontEnd(LearntFrontEnd):
    """Frames of whatever kind, then Fourier, power, mel and intensity."""

    def __init__(self, frames: nn.Module, options: MelPicture, sample_rate_hz: int) -> None:
        super().__init__()
        self.n_bands = options.n_mels
        self.n_fft, self.hop = options.n_fft, options.hop
        self.frames = frames
        self.fourier = Fourier()
        self.power = Power()
        self.mel = MelBands(options.log_mel().filters(sample_rate_hz))
        self.intensity = RelativeIntensity(options.top_db)

    def forward(self, waveforms: Tensor) -> Tensor:
        picture: Tensor = self.intensity(self.mel(self.power(self.fourier(self.frames(waveforms)))))
        return picture

    def fourier_bytes(self, n_samples: int) -> float:
        return bytes_between_butterflies(self.n_fft, n_centred_frames(n_samples, self.hop))
