"""The two small networks in front of one circuit: a sound and an image become the two halves of a state.

    encoded      [batch, row, frame]    the first `sound_rows` rows are the sound's, those above them the image's
    amplitudes   [batch, amplitude]     unscaled: first the values of the sound, then as many of the image

Either half is the front of `front.py` on its own rows; the image is first brought back to its 8 x 8 pixels. As the
state is scaled as a whole, its leading qubit tells the senses apart: |0> has the sound's values in the other qubits,
|1> the image's, and how much of the state is either sense's is learnt and differs from clip to clip.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.classifiers.front import ConvolutionalFront, FrontOptions, check_picture

PIXELS = 8  # of an image, along either axis


@dataclass(frozen=True)
class FrontOfTwoSensesOptions:
    """Rows of the sound, and of each sense the widths of its convolutions and its grid (channel, mel, frame)."""

    sound_rows: int
    sound_widths: tuple[int, ...]
    sound_grid: tuple[int, int, int]
    image_widths: tuple[int, ...]
    image_grid: tuple[int, int, int]

    def __post_init__(self) -> None:
        sizes = [grid[0] * grid[1] * grid[2] for grid in (self.sound.grid, self.image.grid)]
        if sizes[0] != sizes[1]:
            raise InputError(
                f"sound_grid and image_grid are the halves of one state and need equally many values; got {sizes[0]} "
                f"and {sizes[1]}."
            )
        if self.sound_rows < 1:
            raise InputError(f"sound_rows must be at least 1; got {self.sound_rows}.")

    @property
    def sound(self) -> FrontOptions:
        """The half that hears."""
        return FrontOptions(self.sound_widths, self.sound_grid)

    @property
    def image(self) -> FrontOptions:
        """The half that sees."""
        return FrontOptions(self.image_widths, self.image_grid)

    @property
    def n_amplitudes(self) -> int:
        """Of both senses."""
        channels, mels, frames = self.sound_grid
        return 2 * channels * mels * frames

    def check(self, shape: EncodedShape, name: str) -> None:
        """Refuse what is no picture of two senses."""
        check_picture(shape, self.sound, name)  # the code, and the size of the whole
        n_rows, n_frames = shape.grid
        n_image = n_rows - self.sound_rows
        if n_image < PIXELS or n_image % PIXELS or n_frames < PIXELS:
            raise InputError(
                f"{name}: above the {self.sound_rows} rows of the sound stand 8, 16, ... of an image of {PIXELS} x "
                f"{PIXELS} pixels; this picture has {n_rows} rows and {n_frames} frames. Say sound_rows as the front "
                "end has it, and choose sound-and-image."
            )
        check_picture(EncodedShape(shape.code, (self.sound_rows, n_frames)), self.sound, f"{name}, its sound,")
        check_picture(EncodedShape(shape.code, (PIXELS, PIXELS)), self.image, f"{name}, its image,")


class FrontOfTwoSenses(nn.Module):
    """The networks of `FrontOfTwoSensesOptions`."""

    def __init__(self, options: FrontOfTwoSensesOptions) -> None:
        super().__init__()
        self.sound_rows = options.sound_rows
        self.sound = ConvolutionalFront(options.sound)
        self.pixels = nn.AdaptiveAvgPool2d(PIXELS)  # of cells that show one pixel
        self.image = ConvolutionalFront(options.image)

    def forward(self, encoded: Tensor) -> Tensor:
        image = self.pixels(encoded[:, None, self.sound_rows :])[:, 0]
        return torch.cat([self.sound(encoded[:, : self.sound_rows]), self.image(image)], dim=1)
