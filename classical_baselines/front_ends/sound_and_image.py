"""The picture of a sound, and above it the image that stands beside it: what classifiers of two senses read.

    waveform   [batch, sample + 64]      the sound, then 8 x 8 pixels (`data/two_senses/image_behind.py`)
    sound      S[m, t] = (L[m, t] + top_db) / top_db      L the log-mel level of `mel.py` relative to the clip's maximum
    image      I[r, t] = pixel(row, column)               column = the c with floor(c F / 8) <= t < floor((c + 1) F / 8)
                                                          row = 7 - floor(r / rows_per_pixel), r counted from below
    picture    [batch, n_mels + 8 rows_per_pixel, F]      in [0, 1]; F frames; S in the first n_mels rows, I above it

The image is as wide as the sound is long, so that a code that takes a frame at a time scans it from the left while the
sound is heard; drawn with the first row below, as spectrograms are, it stands upright. `only` gives one of the two
alone, cell for cell the same, and costs that one alone: the control.

The picture is a level in [0, 1] of two parts. Training clips reach both ends, so that the study's own scale, by its
default quantiles, leaves it as it is. Augmentation sees one picture: what shifts or masks frames does so in both, and 3
frames of 64 are three eighths of a pixel; a mask of bands lies where it falls. What moves bands would carry one sense
into the other and has no place here.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.data.two_senses.digit_images import N_PIXELS, SIDE
from classical_baselines.data.two_senses.image_behind import parted
from classical_baselines.front_ends.front_end_operations import FLOAT_BYTES, SAMPLE_BYTES, n_centred_frames
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.stft import check_named
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

SHOWN = ("both", "sound", "image")
LARGEST_ROWS_PER_PIXEL = 64


def spread(images: Tensor, n_frames: int, rows_per_pixel: int) -> Tensor:
    """[batch, 8, 8] -> [batch, 8 rows_per_pixel, frame], the lowest row of the image first."""
    column = column_of_frame(n_frames).to(images.device)
    return images.flip(1).index_select(2, column).repeat_interleave(rows_per_pixel, dim=1)


def gathered(rows: Tensor) -> Tensor:
    """[batch, 8 rows_per_pixel, frame] -> [batch, 8, 8]: the pixels back, from the first cell of each.

    >>> images = torch.rand(2, 8, 8)
    >>> torch.equal(gathered(spread(images, 63, 4)), images)
    True
    """
    n_frames = rows.shape[2]
    first = [column * n_frames // SIDE for column in range(SIDE)]
    return rows[:, :: rows.shape[1] // SIDE, first].flip(1)


def column_of_frame(n_frames: int) -> Tensor:
    """[frame]: the column of the image that a frame shows.

    >>> column_of_frame(11).tolist()
    [0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 7]
    """
    if n_frames < SIDE:
        raise InputError(f"An image of {SIDE} columns needs as many frames; the picture has {n_frames}. Shorten hop.")
    ends = torch.tensor([(column + 1) * n_frames // SIDE for column in range(SIDE)])
    return torch.bucketize(torch.arange(n_frames), ends, right=True)


@dataclass(frozen=True)
class SoundAndImage:
    """Options of a log-mel spectrogram with an image above it; calling it gives levels in [0, 1]."""

    n_fft: int = 256  # samples per frame, a power of two
    hop: int = 128  # samples between frames
    n_mels: int = 32
    low_hz: float = 60.0
    top_db: float = 50.0  # below the clip's loudest cell: what becomes 0
    rows_per_pixel: int = 1
    only: Literal["both", "sound", "image"] = "both"
    gives: ClassVar[Literal["decibels"]] = "decibels"  # a level in [0, 1]: varied as a picture while training
    reads_image: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_named("only", self.only, SHOWN)
        self._mel()
        if not 1 <= self.rows_per_pixel <= LARGEST_ROWS_PER_PIXEL:
            raise InputError(f"rows_per_pixel must lie in 1 to {LARGEST_ROWS_PER_PIXEL}; got {self.rows_per_pixel}.")

    def _mel(self) -> LogMel:
        return LogMel(n_fft=self.n_fft, hop=self.hop, n_mels=self.n_mels, low_hz=self.low_hz, top_db=self.top_db)

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample + 64] and each sound's own length -> [batch, row, frame]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        sound, images = parted(waveforms)
        shown = []
        if self.only != "image":
            levels = self._mel()(sound, n_samples.clamp_max(sound.shape[-1]), sample_rate_hz)
            shown.append((levels + self.top_db) / self.top_db)
        if self.only != "sound":
            n_frames = n_centred_frames(sound.shape[-1], self.hop)
            shown.append(spread(images, n_frames, self.rows_per_pixel))
        return torch.cat(shown, dim=1)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: those of the log-mel with its shift to [0, 1]; for the image, whose
        pixels arrive as samples do, a product with 1 / 16 each, written to every cell that shows it."""
        n_sound = n_samples - N_PIXELS
        n_frames = n_centred_frames(n_sound, self.hop)
        counts = OperationCounts()
        if self.only != "image":
            n_cells = self.n_mels * n_frames
            counts += self._mel().operations(n_sound, sample_rate_hz) + OperationCounts.of(
                "front_end",
                "limits",
                add_fp32=n_cells,
                multiply_fp32=n_cells,
                sram_bytes=2 * FLOAT_BYTES * n_cells,
            )
        if self.only != "sound":
            n_cells = SIDE * self.rows_per_pixel * n_frames
            counts += OperationCounts.of(
                "front_end",
                "image",
                multiply_fp32=N_PIXELS,
                sram_bytes=SAMPLE_BYTES * N_PIXELS + FLOAT_BYTES * n_cells,
            )
        return counts
