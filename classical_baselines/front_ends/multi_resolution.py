# classical_baselines/front_ends/multi_resolution.py
"""Several window lengths at once: short ones for onsets, long ones for pitch, and a gate that chooses by the frame.

    E_r[b, t]   log-mel intensity under a window of length r, all with the same frames and bands     [batch, mel, frame]
    g_r[t]      softmax_r(v . tanh(U E_r[., t] + c))                                                  [batch, r, frame]
    "gate"      sum_r g_r[t] E_r[b, t]
    "channels"  the E_r beside each other, as channels: the control, in which the network after it does the choosing

U, c and v are learnt and shared by all resolutions; the windows are fixed. Every branch is a Fourier transform of N
points, N at least the longest window, so that all have the same triangles. Each level is relative to the branch's own
maximum in the clip.

The gate is additive attention (Bahdanau, Cho & Bengio, ICLR 2015, arXiv 1409.0473) over resolutions in place of time.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.front_ends.front_end_operations import n_centred_frames
from classical_baselines.front_ends.learnt_front_end import LearntFrontEnd, bytes_between_butterflies
from classical_baselines.front_ends.log_mel_layers import FixedFrames, MelFrontEnd, MelPicture
from classical_baselines.front_ends.mel import check_window
from classical_baselines.harness.choices import InputError

FUSIONS = ("gate", "channels")
MOST_WINDOWS = 16
LARGEST_HIDDEN = 1024


@dataclass(frozen=True)
class MultiResolution(MelPicture):
    """Options of a picture at several resolutions."""

    n_fft: int = 1024  # of every branch
    hop: int = 80  # at most the shortest window, or samples between its frames are lost to it: 10 ms at 8 kHz
    windows: tuple[int, ...] = (100, 200, 400, 800)  # samples: 12.5, 25, 50 and 100 ms at 8 kHz
    fusion: str = "gate"  # or "channels"
    hidden: int = 16  # of the gate

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fusion not in FUSIONS:
            raise InputError(f"fusion must be one of {', '.join(FUSIONS)}; got {self.fusion!r}.")
        if not 1 <= len(self.windows) <= MOST_WINDOWS or not all(2 <= length <= self.n_fft for length in self.windows):
            raise InputError(
                f"windows must be 1 to {MOST_WINDOWS} lengths of 2 samples to n_fft ({self.n_fft}); got {self.windows}."
            )
        if not 1 <= self.hidden <= LARGEST_HIDDEN:
            raise InputError(f"hidden must lie in 1 to {LARGEST_HIDDEN}; got {self.hidden}.")

    def build(self, n_samples: int, sample_rate_hz: int) -> "MultiResolutionFrontEnd":
        check_window(n_samples, self.n_fft, self.hop)
        return MultiResolutionFrontEnd(self, sample_rate_hz)


class ResolutionGate(nn.Module):
    """[batch, resolution, mel, frame] -> the weight of each resolution, [batch, resolution, frame]; they sum to 1."""

    def __init__(self, n_mels: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_mels, hidden)
        self.tanh = nn.Tanh()
        self.score = nn.Linear(hidden, 1, bias=False)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, levels: Tensor) -> Tensor:
        scores = self.score(self.tanh(self.hidden(levels.transpose(2, 3))))
        weights: Tensor = self.softmax(scores.squeeze(-1))
        return weights


class WeightedSum(nn.Module):
    """[batch, resolution, mel, frame] and weights [batch, resolution, frame] -> [batch, mel, frame]."""

    def forward(self, levels: Tensor, weights: Tensor) -> Tensor:
        return (levels * weights[:, :, None]).sum(dim=1)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """A product per cell of every resolution, and the sums over them."""
        n = float(inputs[0].numel())
        return {"multiply_fp32": n, "add_fp32": n - output.numel()}


class MultiResolutionFrontEnd(LearntFrontEnd):
    """The branches and what brings them together."""

    def __init__(self, options: MultiResolution, sample_rate_hz: int) -> None:
        super().__init__()
        self.options = options
        self.branches = nn.ModuleList(
            MelFrontEnd(FixedFrames(options.n_fft, options.hop, length), options, sample_rate_hz)
            for length in options.windows
        )
        is_gated = options.fusion == "gate"
        self.n_bands = options.n_mels
        self.n_channels = 1 if is_gated else len(options.windows)
        self.gate = ResolutionGate(options.n_mels, options.hidden) if is_gated else None
        self.sum = WeightedSum() if is_gated else None

    def forward(self, waveforms: Tensor) -> Tensor:
        pictures = [branch(waveforms) for branch in self.branches]
        if self.gate is None or self.sum is None:
            return torch.cat(pictures, dim=1)
        levels = torch.stack(pictures, dim=1)
        fused: Tensor = self.sum(levels, self.gate(levels))
        return fused

    def fourier_bytes(self, n_samples: int) -> float:
        n_frames = n_centred_frames(n_samples, self.options.hop)
        return len(self.branches) * bytes_between_butterflies(self.options.n_fft, n_frames)
