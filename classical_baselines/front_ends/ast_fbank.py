# classical_baselines/front_ends/ast_fbank.py
"""The input of the published audio spectrogram transformers: what their checkpoints were trained on, and nothing else.

    x        the clip minus its own mean, in -1 to 1
    L        `kaldi_fbank` of x: 25 ms frames every 10 ms, 128 bands, Hanning window, full scale 1
    L        cut to n_frames, or filled with ZEROS: before what follows, so that filling is no silence
    output   (L - mean) / (2 sd)                                            [batch, mel, frame]

mean and sd are constants of the set that a checkpoint was trained on: AudioSet's -4.2677393 and 4.5689974 by default;
ESC-50 -6.6268 and 5.3585, Speech Commands -6.846 and 5.565 (Gong, Chung & Glass, Interspeech 2021; recipes of
YuanGongND/ast). They are never fitted here: a system that is trained from scratch takes `kaldi-fbank`.

At 16 kHz the lowest of the 128 bands are narrower than a Fourier bin, and some hold none. Kaldi refuses them, the port
that the checkpoints were made with does not: their rows stay at the floor, ln 2^-23.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.kaldi_fbank import KaldiFbank
from classical_baselines.front_ends.mel import MOST_FRAMES, silent_beyond_end
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts


@dataclass(frozen=True)
class AstFbank:
    """Options of the transformer's input; calling it turns waveforms into normalised log mel energies."""

    n_frames: int = 1024  # of the picture: 1024 for AudioSet, 512 for ESC-50, 128 for Speech Commands
    n_mels: int = 128
    mean: float = -4.2677393
    sd: float = 4.5689974
    gives: ClassVar[Literal["features"]] = "features"  # normalised already

    def __post_init__(self) -> None:
        if not 1 <= self.n_frames <= MOST_FRAMES:
            raise InputError(f"n_frames must lie in 1 to {MOST_FRAMES}; got {self.n_frames}.")
        if not 0 < self.sd < float("inf"):
            raise InputError(f"sd must be greater than 0 and finite; got {self.sd}.")
        self._fbank()

    def _fbank(self) -> KaldiFbank:
        return KaldiFbank(n_mels=self.n_mels, window="hanning", full_scale=1.0, allow_empty_bands=True)

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> [batch, mel, n_frames]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        n_samples = n_samples.to(waveforms.device)
        own = silent_beyond_end(waveforms, n_samples)
        centred = own - own.sum(dim=1, keepdim=True) / n_samples.clamp_min(1)[:, None]
        fbank = self._fbank()
        level = fbank(centred, n_samples, sample_rate_hz)  # silences again what lies beyond the end
        length, shift, _ = fbank.frame_samples(sample_rate_hz)
        n_own = torch.div(n_samples - length, shift, rounding_mode="floor") + 1
        beyond = torch.arange(level.shape[2], device=level.device) >= n_own[:, None]
        level = level.masked_fill(beyond[:, None], 0)[:, :, : self.n_frames]
        filled = torch.nn.functional.pad(level, (0, self.n_frames - level.shape[2]))
        return (filled - self.mean) / (2 * self.sd)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: its mean taken off, Kaldi's energies of the frames that are kept,
        and a difference and a product for each cell of the picture."""
        fbank = self._fbank()
        length, shift, _ = fbank.frame_samples(sample_rate_hz)
        n_cells = self.n_mels * self.n_frames
        centre = OperationCounts.of(
            "front_end", "centre", add_fp32=2 * n_samples, multiply_fp32=1, sram_bytes=(2 + 2 + 2) * n_samples
        )
        normalise = OperationCounts.of(
            "front_end", "normalise", add_fp32=n_cells, multiply_fp32=n_cells, sram_bytes=8 * n_cells
        )
        seen = min(n_samples, length + (self.n_frames - 1) * shift)
        return centre + fbank.operations(seen, sample_rate_hz) + normalise
