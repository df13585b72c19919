# classical_baselines/models/residual_cnn.py
"""Residual CNN of plain 3 x 3 convolutions: a stem, stages that halve the picture, global mean, linear readout.

    encoded   [batch, mel, frame]      in [0, 1]
    logits    [batch, class]

A block is relu(conv(relu(conv(x))) + shortcut(x)), each convolution with batch norm; the shortcut is a 1 x 1
convolution where the shape changes. With `bits = 8` the last part of the training runs as integers would, and the
network can be exported as an integer network.

Reference: He, Zhang, Ren & Sun, CVPR 2016, arXiv 1512.03385.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.picture import (
    LARGEST_STEP,
    LARGEST_WIDTH,
    check_bits,
    check_sizes,
    check_training_shares,
    picture_size,
)
from classical_baselines.models.quantised import (
    FLOAT_BITS,
    ActivationQuantiser,
    GlobalMean,
    LinearMap,
    ResidualSum,
    quantise_late,
)


@dataclass(frozen=True)
class ResidualCnn:
    """The options of a residual CNN."""

    stem_width: int = 16
    stem_kernel: tuple[int, int] = (5, 5)  # mel, frame
    stem_stride: tuple[int, int] = (2, 2)
    widths: tuple[int, ...] = (32, 48, 64)  # channels of each block
    strides: tuple[int, ...] = (2, 2, 1)  # of each block, along both axes
    dropout: float = 0.2  # before the readout
    bits: int = FLOAT_BITS  # 8: int8 weights and activations
    quantise_from: float = 0.7  # share of the epochs after which training goes on as integers

    def __post_init__(self) -> None:
        check_bits(self.bits, (8, FLOAT_BITS))
        if len(self.widths) != len(self.strides) or not self.widths:
            raise InputError(f"widths and strides need one entry per block; got {self.widths} and {self.strides}.")
        for name in ("stem_width", "widths"):
            check_sizes(name, getattr(self, name), 1, LARGEST_WIDTH)
        for name in ("stem_kernel", "stem_stride", "strides"):
            check_sizes(name, getattr(self, name), 1, LARGEST_STEP)
        check_training_shares(self.dropout, self.quantise_from)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        picture_size(shape, "residual-cnn")
        return ResidualCnnClassifier(self, n_classes)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions and the shortcut around them."""

    def __init__(self, n_in: int, n_out: int, stride: int, bits: int) -> None:
        super().__init__()
        steps = (stride, stride)
        self.first = LinearMap(n_in, n_out, (3, 3), stride=steps, bits=bits)
        self.second = LinearMap(n_out, n_out, (3, 3), bits=bits, rectified=False)
        changes = stride != 1 or n_in != n_out
        self.shortcut = LinearMap(n_in, n_out, stride=steps, bits=bits, rectified=False) if changes else None
        self.sum = ResidualSum(bits)

    def forward(self, maps: Tensor) -> Tensor:
        shortcut = maps if self.shortcut is None else self.shortcut(maps)
        return self.sum(self.second(self.first(maps)), shortcut)


class ResidualCnnClassifier(Classifier):
    """The network of `ResidualCnn`."""

    def __init__(self, options: ResidualCnn, n_classes: int) -> None:
        super().__init__()
        self.options = options
        bits, width = options.bits, options.stem_width
        self.input = ActivationQuantiser.of_unit_interval(bits)
        self.stem = LinearMap(1, width, options.stem_kernel, stride=options.stem_stride, bits=bits)
        widths = (width, *options.widths)
        self.blocks = nn.Sequential(
            *(
                ResidualBlock(n_in, n_out, stride, bits)
                for n_in, n_out, stride in zip(widths[:-1], options.widths, options.strides, strict=True)
            )
        )
        self.hidden_maps = ("stem", *(f"blocks.{number}" for number in range(len(self.blocks))))
        self.mean = GlobalMean(bits)
        self.dropout = nn.Dropout(options.dropout)
        self.readout = LinearMap.readout(widths[-1], n_classes, bits)

    def forward(self, encoded: Tensor) -> Tensor:
        maps = self.blocks(self.stem(self.input(encoded[:, None])))
        return self.readout(self.dropout(self.mean(maps))).flatten(1)

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        quantise_late(self, epoch, n_epochs, self.options.quantise_from)
