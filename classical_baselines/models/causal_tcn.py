# classical_baselines/models/causal_tcn.py
"""Causal temporal convolutional network: it reads one frame at a time, and could decide after each.

    encoded        [batch, mel, frame]      in [0, 1]; the mel bands of a frame are its channels
    block          relu(pointwise(depthwise(x)) + x), the depthwise convolution causal and dilated
    decision at t  W mean over frames up to t of the last block + b;  logits [batch, class]: at the last frame
    sees           1 + (kernel - 1) * sum of dilations frames

With `bits = 8` the last part of the training runs as integers would, and the backend `low-bit` runs it in integers:
what a microcontroller does while the sound comes in, with a ring of past frames for each block.

References: Bai, Kolter & Koltun, arXiv 1803.01271 (TCN); Zhang, Suda, Lai & Chandra, arXiv 1711.07128 (separable
convolutions for keyword spotting).
"""

from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.low_bit import LowBitMap, quantise_weights_late
from classical_baselines.models.picture import (
    LARGEST_STEP,
    LARGEST_WIDTH,
    check_bits,
    check_sizes,
    check_training_shares,
    picture_size,
)
from classical_baselines.models.quantised import FLOAT_BITS, ActivationQuantiser, GlobalMean, ResidualSum
from classical_baselines.models.running_mean import running_mean


@dataclass(frozen=True)
class CausalTcn:
    """The options of a causal temporal convolutional network."""

    width: int = 64
    kernel: int = 3  # taps along the frames
    dilations: tuple[int, ...] = (1, 2, 4, 8)  # of each block
    dropout: float = 0.2  # before the readout
    bits: int = FLOAT_BITS  # 8: int8 weights and activations
    quantise_from: float = 0.7  # share of the epochs after which training goes on as integers

    def __post_init__(self) -> None:
        check_bits(self.bits, (8, FLOAT_BITS))
        check_sizes("width", self.width, 1, LARGEST_WIDTH)
        check_sizes("kernel", self.kernel, 1, LARGEST_STEP)
        if not self.dilations:
            raise InputError("dilations must name at least one block; got none.")
        check_sizes("dilations", self.dilations, 1, LARGEST_STEP)
        check_training_shares(self.dropout, self.quantise_from)

    @property
    def receptive_field(self) -> int:
        """Frames that the last block sees.

        >>> CausalTcn(kernel=3, dilations=(1, 2, 4, 8)).receptive_field
        31
        """
        return 1 + (self.kernel - 1) * sum(self.dilations)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        n_mels, _ = picture_size(shape, "causal-tcn")
        return CausalTcnClassifier(self, n_mels, n_classes)


class CausalBlock(nn.Module):
    """A depthwise dilated causal and a pointwise convolution, added to their input."""

    def __init__(self, width: int, kernel: int, dilation: int, bits: int) -> None:
        super().__init__()
        convolution = partial(LowBitMap, weight_bits=bits, activation_bits=bits)
        self.depthwise = convolution(width, width, (1, kernel), dilation=dilation, causal=True, groups=width)
        self.pointwise = convolution(width, width, rectified=False)
        self.sum = ResidualSum(bits)

    def forward(self, maps: Tensor) -> Tensor:
        total: Tensor = self.sum(self.pointwise(self.depthwise(maps)), maps)
        return total


class CausalTcnClassifier(Classifier):
    """The network of `CausalTcn`; its maps are [batch, channel, 1, frame]."""

    def __init__(self, options: CausalTcn, n_mels: int, n_classes: int) -> None:
        super().__init__()
        self.options = options
        bits, width = options.bits, options.width
        convolution = partial(LowBitMap, weight_bits=bits, activation_bits=bits)
        self.input = ActivationQuantiser.of_unit_interval(bits)
        self.entry = convolution(n_mels, width)
        self.blocks = nn.Sequential(
            *(CausalBlock(width, options.kernel, dilation, bits) for dilation in options.dilations)
        )
        self.mean = GlobalMean(bits)
        self.dropout = nn.Dropout(options.dropout)
        self.readout = convolution(width, n_classes, normalised=False, rectified=False, quantised_output=False)

    def forward(self, encoded: Tensor) -> Tensor:
        maps = self.blocks(self.entry(self.input(encoded[:, :, None])))
        logits: Tensor = self.readout(self.dropout(self.mean(maps))).flatten(1)
        return logits

    def decisions(self, encoded: Tensor) -> Tensor:
        """Logits [batch, frame, class] after each frame: what a stream gives, the last as `forward`."""
        maps = self.blocks(self.entry(self.input(encoded[:, :, None])))
        means = running_mean(maps, axis=3)
        logits: Tensor = self.readout(means if self.mean.output is None else self.mean.output(means))
        return logits[:, :, 0].transpose(1, 2)

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        quantise_weights_late(self, epoch, n_epochs, self.options.quantise_from)
