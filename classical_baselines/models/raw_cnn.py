# classical_baselines/models/raw_cnn.py
"""Raw 1-D CNN: strided convolutions along the samples themselves, global mean, linear readout; no spectrogram.

    encoded   [batch, 1, sample]       in [-1, 1], as the front end `waveform` gives it
    logits    [batch, class]

Each layer is a convolution of `kernels[i]` samples at a step of `strides[i]`, batch norm and ReLU. The first is as long
as an analysis window (80 samples: 10 ms at 8 kHz) and stands for a filter bank; the others are short. The strides do
what the max-pooling of M5 does, so that a network is a chain of linear maps, and with `bits = 8` its last epochs run as
integers would and it can be exported as an integer network, from samples of 8 bits on.

In the manner of M3 to M18 (Dai, Dai, Qu, Li & Das, ICASSP 2017, arXiv 1610.00087), whose first layer, growth of widths
and global mean are these, and of EnvNet's first stage (Tokozume & Harada, ICASSP 2017, 2721-2725).
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
)
from classical_baselines.models.quantised import (
    FLOAT_BITS,
    ActivationQuantiser,
    GlobalMean,
    LinearMap,
    quantise_late,
)
from classical_baselines.models.samples import check_samples


@dataclass(frozen=True)
class RawCnn:
    """The options of a raw 1-D CNN."""

    widths: tuple[int, ...] = (24, 32, 48, 64, 96)  # channels of each layer
    kernels: tuple[int, ...] = (80, 9, 9, 5, 5)  # samples, or what the layer before made of them
    strides: tuple[int, ...] = (4, 4, 4, 2, 2)
    dropout: float = 0.2  # before the readout
    bits: int = FLOAT_BITS  # 8: int8 weights and activations, samples of 8 bits
    quantise_from: float = 0.7  # share of the epochs after which training goes on as integers

    def __post_init__(self) -> None:
        check_bits(self.bits, (8, FLOAT_BITS))
        if not len(self.widths) == len(self.kernels) == len(self.strides) or not self.widths:
            raise InputError(
                f"widths, kernels and strides need one entry per layer; got {self.widths}, {self.kernels} and "
                f"{self.strides}."
            )
        check_sizes("widths", self.widths, 1, LARGEST_WIDTH)
        check_sizes("kernels", self.kernels, 1, LARGEST_STEP)
        check_sizes("strides", self.strides, 1, LARGEST_STEP)
        check_training_shares(self.dropout, self.quantise_from)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_samples(shape, "raw-cnn", at_least=self.kernels[0])
        return RawCnnClassifier(self, n_classes)


class RawCnnClassifier(Classifier):
    """The network of `RawCnn`: convolutions over a picture of one row."""

    def __init__(self, options: RawCnn, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.input = _signed_unit(options.bits)
        widths = (1, *options.widths)
        self.layers = nn.Sequential(
            *(
                LinearMap(n_in, n_out, (1, kernel), stride=(1, stride), bits=options.bits)
                for n_in, n_out, kernel, stride in zip(
                    widths[:-1], options.widths, options.kernels, options.strides, strict=True
                )
            )
        )
        self.mean = GlobalMean(options.bits)
        self.dropout = nn.Dropout(options.dropout)
        self.readout = LinearMap.readout(widths[-1], n_classes, options.bits)

    def forward(self, encoded: Tensor) -> Tensor:
        maps = self.layers(self.input(encoded[:, None]))
        return self.readout(self.dropout(self.mean(maps))).flatten(1)

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        quantise_late(self, epoch, n_epochs, self.options.quantise_from)


def _signed_unit(bits: int) -> nn.Module:
    """For samples: the range is [-1, 1] by definition. With 32 bits there is nothing to quantise."""
    if bits >= FLOAT_BITS:
        return nn.Identity()
    quantiser = ActivationQuantiser(bits, signed=True)
    quantiser.watches = False
    quantiser.range.fill_(1.0)
    return quantiser
