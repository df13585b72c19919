# classical_baselines/models/dense_twin.py
"""The dense twins of the spiking networks: the same layers with clipped, quantised activations instead of spikes.

    encoded   [batch, mel, frame]      in [0, 1]
    logits    [batch, class]

A neuron that may fire in each of T steps passes one of T + 1 values, so its twin has activations of
b = ceil(log2(T + 1)) bits, input included; weights have 8 bits in both. The clip of each layer is trained. The twin
runs in integers on the backend `int8`, and answers whether the time axis of the spikes earns its keep.

Reference: Yan, Bai, Tang & Wong, arXiv 2409.08290 (bit-matched comparison).
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.picture import (
    LARGEST_HIDDEN,
    LARGEST_STEP,
    LARGEST_WIDTH,
    check_sizes,
    check_training_shares,
    picture_size,
)
from classical_baselines.models.quantised import ActivationQuantiser, LinearMap, quantise_late

KERNEL = (3, 3)  # of a convolution, as the spiking network has it
MOST_STEPS = 1024  # as many as a spike code may have
FIRST_CLIP = 2.0  # where the trained clip of an activation starts, after batch norm


def matched_bits(n_steps: int) -> int:
    """Bits that tell the T + 1 spike counts of T steps apart.

    >>> [matched_bits(n_steps) for n_steps in (1, 3, 4, 8, 15)]
    [1, 2, 3, 4, 4]
    """
    return math.ceil(math.log2(n_steps + 1))


@dataclass(frozen=True)
class DenseTwin:
    """The options of the twin of `dense-snn`."""

    hidden: tuple[int, ...] = (256, 256)
    n_steps: int = 8  # of the spiking network; gives the bits
    dropout: float = 0.3
    quantise_from: float = 0.5

    def __post_init__(self) -> None:
        check_steps(self.n_steps)
        if not self.hidden or min(self.hidden) < 1:
            raise InputError(f"hidden must name at least one layer of at least one neuron; got {self.hidden}.")
        check_sizes("hidden", self.hidden, 1, LARGEST_HIDDEN)
        check_training_shares(self.dropout, self.quantise_from)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        grid = picture_size(shape, "dense-twin")
        bits = matched_bits(self.n_steps)
        # A dense layer on a picture is a convolution whose kernel is the picture.
        first = LinearMap(1, self.hidden[0], grid, padding=(0, 0), bits=bits, trained_range=FIRST_CLIP)
        others = [LinearMap(n, m, bits=bits, trained_range=FIRST_CLIP) for n, m in pairwise(self.hidden)]
        return TwinClassifier([first, *others], (self.hidden[-1], (1, 1)), n_classes, bits, self)


@dataclass(frozen=True)
class ConvolutionalTwin:
    """The options of the twin of `convolutional-snn`."""

    channels: tuple[int, ...] = (16, 32, 64)
    strides: tuple[int, ...] = (2, 2, 2)
    n_steps: int = 8
    dropout: float = 0.3
    quantise_from: float = 0.5

    def __post_init__(self) -> None:
        check_steps(self.n_steps)
        if not self.channels or len(self.channels) != len(self.strides):
            raise InputError(f"channels and strides need one entry per layer; got {self.channels} and {self.strides}.")
        check_sizes("channels", self.channels, 1, LARGEST_WIDTH)
        check_sizes("strides", self.strides, 1, LARGEST_STEP)
        check_training_shares(self.dropout, self.quantise_from)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        n_mels, n_frames = picture_size(shape, "convolutional-twin")
        bits = matched_bits(self.n_steps)
        layers = []
        for n_in, n_out, stride in zip((1, *self.channels), self.channels, self.strides, strict=False):
            layers.append(LinearMap(n_in, n_out, KERNEL, stride=(stride, stride), bits=bits, trained_range=FIRST_CLIP))
            n_mels, n_frames = -(-n_mels // stride), -(-n_frames // stride)
        return TwinClassifier(layers, (self.channels[-1], (n_mels, n_frames)), n_classes, bits, self)


class TwinClassifier(Classifier):
    """Quantised layers, then a dense readout over all that the last one holds."""

    def __init__(
        self,
        layers: list[LinearMap],
        last: tuple[int, tuple[int, int]],
        n_classes: int,
        bits: int,
        options: DenseTwin | ConvolutionalTwin,
    ) -> None:
        super().__init__()
        self.options = options
        self.input = ActivationQuantiser.of_unit_interval(bits)
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(options.dropout)
        width, grid = last
        self.readout = LinearMap(
            width,
            n_classes,
            grid,
            padding=(0, 0),
            normalised=False,
            rectified=False,
            bits=bits,
            quantised_output=False,
        )

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.readout(self.dropout(self.layers(self.input(encoded[:, None])))).flatten(1)
        return logits

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        quantise_late(self, epoch, n_epochs, self.options.quantise_from)


def check_steps(n_steps: int) -> None:
    """Refuse a number of steps that gives no bits, or more steps than a spike code has."""
    if not 1 <= n_steps <= MOST_STEPS:
        raise InputError(
            f"n_steps must be 1 or more, as the spiking network's, and at most {MOST_STEPS}; got {n_steps}."
        )
