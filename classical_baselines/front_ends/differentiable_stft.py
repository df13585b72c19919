# classical_baselines/front_ends/differentiable_stft.py
"""A short-time Fourier transform whose window length, and hop if asked, are learnt by gradient descent.

    centre     t_n = n h, split into floor(t_n) and the rest f_n;  1 + floor(n_samples / h) frames
    window     w(u) = 0.5 + 0.5 cos(2 pi u / theta) for |u| < theta / 2, else 0;  u = k - f_n,  -N/2 <= k < N/2
    spectrum   X[n, m] = sum_k x[floor(t_n) + k] w(k - f_n) exp(-2 pi i m k / N) / sum_k w(k - f_n)
    theta      shortest + (N - shortest) sigmoid(10 raw)          in samples, real-valued
    h          hop 2^tanh(raw)                                    half to twice `hop`

The window moves through f_n, and so does the gradient of the hop; only |X|^2 is read, in which the phase that belongs
to floor(t_n) has no part. The window of sum 1 gives a tone the same level at every theta. One theta stands for all
("constant"), or for each frame ("frame"), bin ("frequency"), or both ("time-frequency"). The last two are no Fourier
transform of one windowed frame any more: each bin weighs the frame by cosines and sines under its own window, a dense
product. A clip of another length than the network was built for takes theta interpolated between the frames.

Then power, mel and intensity as in `log_mel_layers`. At an even theta, a whole hop and one theta for all, it is the
spectrum of torch.stft over the sum of its window.

References: Leiber, Marnissi, Barrau & El Badaoui, EUSIPCO 2022 and ICASSP 2023; Leiber et al., IEEE Transactions on
Signal Processing 73, 2025, 5047-5059.
"""

from dataclasses import dataclass
from math import log, pi, prod

import torch
from torch import Tensor, nn
from torch.nn import functional

from classical_baselines.front_ends.front_end_operations import n_centred_frames, n_weights_used
from classical_baselines.front_ends.learnt_front_end import LearntFrontEnd, bytes_between_butterflies
from classical_baselines.front_ends.log_mel_layers import (
    Fourier,
    MelBands,
    MelPicture,
    Power,
    RelativeIntensity,
    frame_positions,
    hann,
)
from classical_baselines.front_ends.mel import check_window
from classical_baselines.harness.choices import InputError

# With the raw length in tenths, the learning rate of a network (0.003) can take theta from one end to the other within
# a few hundred steps of Adam; in whole units it moved by a tenth of its value in 168.
STEEPNESS = 10.0
WINDOWS = ("constant", "frame", "frequency", "time-frequency")
MOST_WINDOW_SAMPLES = 2**26  # of windows with a bin of their own: frames times bins times samples


@dataclass(frozen=True)
class DifferentiableStft(MelPicture):
    """Options of a mel picture whose windows are learnt."""

    n_fft: int = 512  # samples per frame, and the longest window
    window: float = 256.0  # samples at the start
    shortest: float = 128.0  # samples; at least the hop, or it can learn to leave samples out
    windows: str = "constant"  # or "frame", "frequency", "time-frequency": what has a window length of its own
    learn_hop: bool = False  # `hop` is where it begins then

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.windows not in WINDOWS:
            raise InputError(f"windows must be one of {', '.join(WINDOWS)}; got {self.windows!r}.")
        if not 2 <= self.shortest < self.window < self.n_fft:
            raise InputError(
                "The window must satisfy 2 <= shortest < window < n_fft, all in samples; got "
                f"{self.shortest:g}, {self.window:g} and {self.n_fft}."
            )

    def build(self, n_samples: int, sample_rate_hz: int) -> "DifferentiableStftFrontEnd":
        check_window(n_samples, self.n_fft, self.hop)
        grid = window_grid(self, n_samples)
        if grid[1] > 1 and prod(grid) * self.n_fft > MOST_WINDOW_SAMPLES:
            raise InputError(
                f"windows = {self.windows!r} at n_fft = {self.n_fft} and {grid[0]} frames makes "
                f"{prod(grid) * self.n_fft:,} window samples; at most {MOST_WINDOW_SAMPLES:,} are allowed. Choose a "
                "larger hop, a smaller n_fft, or windows 'constant', 'frame' or 'frequency'."
            )
        return DifferentiableStftFrontEnd(self, n_samples, sample_rate_hz)


def window_grid(options: DifferentiableStft, n_samples: int) -> tuple[int, int]:
    """(frames, bins) that have a window length of their own; 1 where one stands for all."""
    n_frames = n_centred_frames(n_samples, options.hop) if options.windows in {"frame", "time-frequency"} else 1
    n_bins = options.n_fft // 2 + 1 if options.windows in {"frequency", "time-frequency"} else 1
    return n_frames, n_bins


class LearntWindows(nn.Module):
    """The window lengths and the hop, and the frames that they cut out of a clip."""

    def __init__(self, options: DifferentiableStft, n_samples: int) -> None:
        super().__init__()
        self.options = options
        self.grid = window_grid(options, n_samples)
        self.n_samples = n_samples
        share = (options.window - options.shortest) / (options.n_fft - options.shortest)
        # One axis, whatever the grid: the training takes weights of more axes for matrices, which it lets decay.
        self.raw_lengths = nn.Parameter(torch.full((prod(self.grid),), log(share / (1 - share)) / STEEPNESS))
        self.raw_hop = nn.Parameter(torch.zeros(1)) if options.learn_hop else None

    def lengths(self) -> Tensor:
        """theta in samples, [frame or 1, bin or 1]."""
        options = self.options
        share = torch.sigmoid(STEEPNESS * self.raw_lengths).reshape(self.grid)
        return options.shortest + (options.n_fft - options.shortest) * share

    def hop(self) -> Tensor:
        """Samples between frames."""
        if self.raw_hop is None:
            return self.raw_lengths.new_tensor([float(self.options.hop)])
        return self.options.hop * 2 ** torch.tanh(self.raw_hop)

    def n_frames(self, n_samples: int) -> int:
        return 1 + int(n_samples / float(self.hop().detach()))

    def windows(self, n_frames: int) -> Tensor:
        """w of sum 1, [frame or 1, bin or 1, sample]."""
        lengths = self.lengths()
        if self.grid[0] > 1 and self.grid[0] != n_frames:
            spread = functional.interpolate(lengths.T[None], n_frames, mode="linear", align_corners=True)
            lengths = spread[0].T
        positions = frame_positions(self.options.n_fft).to(lengths)[None]
        if self.raw_hop is not None:
            centres = self._centres(n_frames)
            positions = positions - (centres - centres.detach().floor())[:, None]
        windows = hann(positions[:, None], lengths[:, :, None])
        return windows / windows.sum(dim=-1, keepdim=True)

    def frames(self, waveforms: Tensor) -> Tensor:
        """[batch, sample] -> the samples around each centre, not weighed yet: [batch, frame, sample]."""
        half = self.options.n_fft // 2
        padded = functional.pad(waveforms, (half, half))
        if self.raw_hop is None:
            return padded.unfold(-1, self.options.n_fft, self.options.hop)
        first = self._centres(self.n_frames(waveforms.shape[-1])).detach().floor().long()
        return padded.unfold(-1, self.options.n_fft, 1)[:, first]

    def n_tables(self) -> int:
        """How many frames have windows of their own in a deployed network."""
        own = self.raw_hop is not None or self.grid[0] > 1
        return self.n_frames(self.n_samples) if own else 1

    def _centres(self, n_frames: int) -> Tensor:
        return self.hop() * torch.arange(n_frames, device=self.raw_lengths.device)


class WindowedFrames(LearntWindows):
    """[batch, sample] -> frames under their windows, [batch, frame, sample]."""

    def forward(self, waveforms: Tensor) -> Tensor:
        frames = self.frames(waveforms)
        return frames * self.windows(frames.shape[1])[:, 0]

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """One product per weight of a frame's window that is not 0; the trained windows are tables."""
        del inputs
        n_frames = output.shape[-2]
        n_windows = n_weights_used(self.windows(n_frames).expand(n_frames, -1, -1))
        return {"multiply_fp32": float(n_windows * len(output))}

    def n_deployed_weights(self) -> int:
        """The tables of windows, without the zeros around them."""
        return n_weights_used(self.windows(self.n_tables()))


class WindowedTransform(LearntWindows):
    """[batch, sample] -> spectrum [batch, frame, bin, 2] in which each bin has a window of its own."""

    def forward(self, waveforms: Tensor) -> Tensor:
        frames = self.frames(waveforms)
        windows = self.windows(frames.shape[1])
        n_fft = self.options.n_fft
        positions = frame_positions(n_fft).to(windows)
        # m k is reduced modulo N before it becomes an angle, which a 32-bit float would hold too coarsely otherwise
        turns = torch.arange(n_fft // 2 + 1, device=windows.device)[:, None] * positions.long() % n_fft
        angles = 2 * pi / n_fft * turns.to(windows.dtype)
        basis = torch.cat([windows * angles.cos(), -windows * angles.sin()], dim=1)  # [frame or 1, 2 bin, sample]
        if len(basis) == 1:
            spectrum = frames @ basis[0].T
        else:
            spectrum = (frames.transpose(0, 1) @ basis.transpose(1, 2)).transpose(0, 1)
        return spectrum.unflatten(-1, (2, -1)).transpose(-1, -2)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """A multiply-accumulate per weight that is not 0, for either part of every bin of a frame."""
        del inputs
        return {"mac_fp32": float(self._n_weights(output.shape[1], output.shape[1]) * len(output))}

    def n_deployed_weights(self) -> int:
        """The tables of cosines and sines under their windows, without the zeros around them and within."""
        n_tables = self.n_tables()
        return self._n_weights(self.n_frames(self.n_samples) if n_tables > 1 else 1, n_tables)

    def _n_weights(self, n_frames: int, n_tables: int) -> int:
        """Of so many tables: places under the window of a bin, for a cosine and a sine that is not 0 there."""
        n_fft = self.options.n_fft
        inside = self.windows(n_frames) > 0
        turns = torch.arange(n_fft // 2 + 1)[:, None] * frame_positions(n_fft).long() % n_fft
        is_sine_0, is_cosine_0 = 2 * turns % n_fft == 0, (4 * turns - n_fft) % (2 * n_fft) == 0
        n_parts = 2 - is_sine_0.long() - is_cosine_0.long()
        return int((inside.to(n_parts.device) * n_parts).expand(n_tables, -1, -1).sum())


class DifferentiableStftFrontEnd(LearntFrontEnd):
    """Learnt windows, then Fourier, power, mel and intensity."""

    windows: LearntWindows

    def __init__(self, options: DifferentiableStft, n_samples: int, sample_rate_hz: int) -> None:
        super().__init__()
        self.n_bands = options.n_mels
        self.is_dense = options.windows in {"frequency", "time-frequency"}
        self.windows = (WindowedTransform if self.is_dense else WindowedFrames)(options, n_samples)
        self.fourier = nn.Identity() if self.is_dense else Fourier()
        self.power = Power()
        self.mel = MelBands(options.log_mel().filters(sample_rate_hz))
        self.intensity = RelativeIntensity(options.top_db)

    def forward(self, waveforms: Tensor) -> Tensor:
        picture: Tensor = self.intensity(self.mel(self.power(self.fourier(self.windows(waveforms)))))
        return picture

    def fourier_bytes(self, n_samples: int) -> float:
        if self.is_dense:
            return 0.0
        return bytes_between_butterflies(self.windows.options.n_fft, self.windows.n_frames(n_samples))
