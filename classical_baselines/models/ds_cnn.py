# classical_baselines/models/ds_cnn.py
"""Depthwise-separable CNN: a stem, blocks of a 3 x 3 depthwise and a 1 x 1 convolution, global mean, linear readout.

    encoded   [batch, mel, frame]      in [0, 1]
    logits    [batch, class]

A block with `residual` adds its input before the last ReLU where the shapes agree. With `bits = 8` the last part of the
training runs as integers would, and the network can be exported as an integer network.

Reference: Zhang, Suda, Lai & Chandra, arXiv 1711.07128 (2017). MLPerf Tiny's network for 49 x 10 MFCCs and 12 classes
is `MLPERF_TINY`: 2,656,000 multiply-accumulates and 768 in its readout; 23,756 parameters.
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
class DsCnn:
    """The options of a depthwise-separable CNN."""

    stem_width: int = 32
    stem_kernel: tuple[int, int] = (5, 5)  # mel, frame
    stem_stride: tuple[int, int] = (2, 2)
    stem_padding: tuple[int, int] | None = None  # None: half the kernel
    widths: tuple[int, ...] = (64, 64, 64, 64)  # channels of each block
    strides: tuple[int, ...] = (1, 2, 1, 1)  # of each block, along both axes
    residual: bool = True
    dropout: float = 0.2  # before the readout
    biased: bool = False  # a bias beside each batch norm, which makes it redundant
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
        padding = self.stem_padding or (0, 0)
        if any(not 0 <= rim <= kernel for rim, kernel in zip(padding, self.stem_kernel, strict=True)):
            raise InputError(f"stem_padding must lie in 0 to {self.stem_kernel}, the kernel; got {self.stem_padding}.")
        check_training_shares(self.dropout, self.quantise_from)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        picture_size(shape, "ds-cnn")
        return DsCnnClassifier(self, n_classes)


MLPERF_TINY = DsCnn(
    stem_width=64,
    stem_kernel=(10, 4),
    stem_stride=(2, 2),
    stem_padding=(5, 1),
    strides=(1, 1, 1, 1),
    residual=False,
    dropout=0.4,
    biased=True,
)


class SeparableBlock(nn.Module):
    """A 3 x 3 depthwise and a 1 x 1 convolution, each with batch norm and ReLU, and the shortcut where it fits."""

    def __init__(self, n_in: int, n_out: int, stride: int, options: DsCnn) -> None:
        super().__init__()
        adds = options.residual and stride == 1 and n_in == n_out
        bits, biased = options.bits, options.biased
        self.depthwise = LinearMap(n_in, n_in, (3, 3), stride=(stride, stride), groups=n_in, biased=biased, bits=bits)
        self.pointwise = LinearMap(n_in, n_out, biased=biased, bits=bits, rectified=not adds)
        self.sum = ResidualSum(bits) if adds else None

    def forward(self, maps: Tensor) -> Tensor:
        new = self.pointwise(self.depthwise(maps))
        return new if self.sum is None else self.sum(new, maps)


class DsCnnClassifier(Classifier):
    """The network of `DsCnn`."""

    def __init__(self, options: DsCnn, n_classes: int) -> None:
        super().__init__()
        self.options = options
        bits, width = options.bits, options.stem_width
        self.input = ActivationQuantiser.of_unit_interval(bits)
        self.stem = LinearMap(
            1,
            width,
            options.stem_kernel,
            stride=options.stem_stride,
            padding=options.stem_padding,
            biased=options.biased,
            bits=bits,
        )
        widths = (width, *options.widths)
        self.blocks = nn.Sequential(
            *(
                SeparableBlock(n_in, n_out, stride, options)
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
