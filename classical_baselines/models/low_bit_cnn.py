# classical_baselines/models/low_bit_cnn.py
"""CNN or dense network whose weights and activations have few bits: what a spiking network is to be matched with.

    encoded   [batch, mel, frame]      in [0, 1], rounded to `activation_bits`
    layers    3 x 3 convolutions, then dense layers; each with batch norm and ReLU
    logits    [batch, class]

A neuron that may fire in each of T steps says one of T + 1 things, as an activation of ceil(log2(T + 1)) bits does; the
synapses of a chip have a few bits too. Every layer has the same widths of both, the first and the last included. Runs
in integers on the backend `low-bit`. Where the weights have 8 bits, see also `dense_twin`, which runs on `int8`.

References: Yan, Bai, Tang & Wong, arXiv 2409.08290 (bit-matched comparison); Esser et al., ICLR 2020, arXiv 1902.08153.
"""

from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.low_bit import LowBitMap, quantise_weights_late
from classical_baselines.models.picture import (
    LARGEST_HIDDEN,
    LARGEST_STEP,
    LARGEST_WIDTH,
    check_sizes,
    check_training_shares,
    picture_size,
)
from classical_baselines.models.quantised import ActivationQuantiser

KERNEL = (3, 3)
FIRST_CLIP = 2.0  # where the trained clip of an activation starts, after batch norm


@dataclass(frozen=True)
class LowBitCnn:
    """The options of a network of few bits."""

    channels: tuple[int, ...] = (16, 32, 64)  # of each convolution; none: a dense network
    strides: tuple[int, ...] = (2, 2, 2)
    hidden: tuple[int, ...] = ()  # of each dense layer before the readout
    weight_bits: int = 4
    activation_bits: int = 4
    dropout: float = 0.2  # before the readout
    quantise_from: float = 0.5  # share of the epochs after which training goes on with few bits

    def __post_init__(self) -> None:
        if len(self.channels) != len(self.strides):
            raise InputError(f"channels and strides need one entry per layer; got {self.channels} and {self.strides}.")
        if not self.channels and not self.hidden:
            raise InputError("channels or hidden must name at least one layer; got none.")
        check_sizes("channels", self.channels, 1, LARGEST_WIDTH)
        check_sizes("strides", self.strides, 1, LARGEST_STEP)
        check_sizes("hidden", self.hidden, 1, LARGEST_HIDDEN)
        check_sizes("weight_bits", self.weight_bits, 2, 8)
        check_sizes("activation_bits", self.activation_bits, 1, 8)
        check_training_shares(self.dropout, self.quantise_from)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        return LowBitCnnClassifier(self, picture_size(shape, "low-bit-cnn"), n_classes)


class LowBitCnnClassifier(Classifier):
    """The network of `LowBitCnn`."""

    def __init__(self, options: LowBitCnn, grid: tuple[int, int], n_classes: int) -> None:
        super().__init__()
        self.options = options
        layer = partial(LowBitMap, weight_bits=options.weight_bits, activation_bits=options.activation_bits)
        self.input = ActivationQuantiser.of_unit_interval(options.activation_bits)
        layers: list[nn.Module] = []
        n_in = 1
        for n_out, stride in zip(options.channels, options.strides, strict=True):
            layers.append(layer(n_in, n_out, KERNEL, stride=(stride, stride), trained_range=FIRST_CLIP))
            n_in, grid = n_out, (-(-grid[0] // stride), -(-grid[1] // stride))
        for n_out in options.hidden:  # a dense layer on maps is a convolution whose kernel is as large as they are
            layers.append(layer(n_in, n_out, grid, padding=(0, 0), trained_range=FIRST_CLIP))
            n_in, grid = n_out, (1, 1)
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(options.dropout)
        self.readout = layer(
            n_in, n_classes, grid, padding=(0, 0), normalised=False, rectified=False, quantised_output=False
        )

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.readout(self.dropout(self.layers(self.input(encoded[:, None])))).flatten(1)
        return logits

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        quantise_weights_late(self, epoch, n_epochs, self.options.quantise_from)
