# quantum/classifiers/front.py
"""The small convolutional network in front of a circuit: from a picture to the amplitudes of a state.

    encoded      [batch, mel, frame]              in [0, 1]
    amplitudes   [batch, channel * mel * frame]   unscaled, of both signs; the index runs over frames fastest

Blocks of a 3 x 3 convolution, batch norm, a 2 x 2 maximum and ReLU (in this order it gives what ReLU and then the
maximum would, on a quarter of the values); a 1 x 1 convolution to the channels that fill the state; an adaptive mean to
the grid. All that is learnt of a clip passes through the state: no path leads around it.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.engine.amplitudes import MAX_QUBITS

LARGEST_WIDTH = 4096  # channels of a convolution


@dataclass(frozen=True)
class FrontOptions:
    """Widths of the convolutions, and the grid of amplitudes (channel, mel, frame), powers of two."""

    widths: tuple[int, ...]
    grid: tuple[int, int, int]

    def __post_init__(self) -> None:
        if not self.widths or not all(1 <= width <= LARGEST_WIDTH for width in self.widths):
            raise InputError(
                f"widths need at least one convolution of 1 to {LARGEST_WIDTH} channels; got {self.widths}."
            )
        n_amplitudes = self.grid[0] * self.grid[1] * self.grid[2] if len(self.grid) == 3 else 0
        if min(self.grid) < 1 or not 2 <= n_amplitudes <= 2**MAX_QUBITS or n_amplitudes & (n_amplitudes - 1):
            raise InputError(
                f"grid must be (channel, mel, frame), powers of two with a product of 2 to {2**MAX_QUBITS}; "
                f"got {self.grid}."
            )


@dataclass(frozen=True)
class OptionalFront:
    """The options of a classifier that has a front or reads states; each takes the numbers of the hybrid that it is
    compared with."""

    widths: tuple[int, ...] = (16, 32, 32)  # (): no front, for qft-circuit
    grid: tuple[int, int, int] = (8, 4, 8)  # of the front

    def __post_init__(self) -> None:
        check_grid_of_front(self.widths, self.grid, type(self).grid)


def check_grid_of_front(widths: tuple[int, ...], grid: tuple[int, int, int], by_default: tuple[int, int, int]) -> None:
    """Refuse a grid for a front that is left out."""
    if not widths and grid != by_default:
        raise InputError(f"grid = {grid} is of the front, which widths = () leaves out. Give widths, or no grid.")


class ConvolutionalFront(nn.Sequential):
    """The network of `FrontOptions`."""

    def __init__(self, options: FrontOptions) -> None:
        layers: list[nn.Module] = [nn.Unflatten(1, (1, -1))]
        n_in = 1
        for n_out in options.widths:
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out)]
            layers += [nn.MaxPool2d(2), nn.ReLU(inplace=True)]
            n_in = n_out
        layers += [nn.AdaptiveAvgPool2d(options.grid[1:]), nn.Conv2d(n_in, options.grid[0], 1, bias=False)]
        layers += [nn.BatchNorm2d(options.grid[0]), nn.Flatten()]
        super().__init__(*layers)

    def forward(self, encoded: Tensor) -> Tensor:
        amplitudes: Tensor = super().forward(encoded)
        return amplitudes


def check_picture(shape: EncodedShape, options: FrontOptions, name: str) -> None:
    """Refuse what is no picture, and a picture that the maxima would reduce to nothing."""
    if shape.code != "intensity" or len(shape.grid) != 2:
        raise InputError(f"{name} reads a picture (mel x frame), got the code {shape.code!r}. Choose the encoder none.")
    if min(shape.grid) < 2 ** len(options.widths):
        raise InputError(
            f"{name} halves the picture {len(options.widths)} times; {shape.grid} is too small. Give fewer widths."
        )
