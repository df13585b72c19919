# classical_baselines/models/frequency_dynamic_cnn.py
"""CNN whose kernels depend on the frequency: a pattern means one thing in low mel bands and another in high ones.

    pi_k(m)   = softmax_k(a_k(m) / temperature),  a = two convolutions along mel of the mean over frames of x
    y(m, t)   = sum_k pi_k(m) (W_k * x)(m, t)                      K basis kernels W_k
    layer     = relu(batch norm(y)), then averaged over 2 x 2 or as `pools` says
    encoded   [batch, mel, frame]      in [0, 1]
    logits    [batch, class]

All K convolutions are computed and counted, then mixed for each clip and mel band. The first layer is a plain
convolution, as in the paper.

Reference: Nam, Kim, Ko & Park, Interspeech 2022, arXiv 2203.15296 (figure 1; K = 4, temperature 31).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.layer_operations import softmax_operations
from classical_baselines.models.convolutions import AxisMean, Pair, check_one_each, check_share, convolution
from classical_baselines.models.picture import LARGEST_STEP, LARGEST_WIDTH, check_sizes, picture_size
from classical_baselines.models.quantised import GlobalMean

KERNEL = (3, 3)
MOST_KERNELS = 64


@dataclass(frozen=True)
class FrequencyDynamicCnn:
    """The options of a frequency-dynamic CNN."""

    widths: tuple[int, ...] = (16, 32, 48)  # channels of each layer
    pools: tuple[Pair, ...] = ((2, 2), (2, 2), (1, 2))  # mel bands and frames that are averaged after each layer
    n_kernels: int = 4  # K, from the second layer on
    temperature: float = 31.0
    reduction: int = 4  # channels over hidden units of the attention
    dropout: float = 0.2  # before the readout

    def __post_init__(self) -> None:
        check_one_each(widths=self.widths, pools=self.pools)
        check_sizes("widths", self.widths, 1, LARGEST_WIDTH)
        for pool in self.pools:
            check_sizes("pools", pool, 1, LARGEST_STEP)
        check_sizes("n_kernels", self.n_kernels, 1, MOST_KERNELS)
        check_sizes("reduction", self.reduction, 1, LARGEST_WIDTH)
        if not self.temperature > 0:
            raise InputError(f"temperature must be greater than 0; got {self.temperature}.")
        check_share("dropout", self.dropout)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        picture_size(shape, "frequency-dynamic-cnn")
        return FrequencyDynamicCnnClassifier(self, n_classes)


class KernelWeights(nn.Module):
    """softmax over the kernels of scores / temperature: [batch, kernel, mel] -> the same."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, scores: Tensor) -> Tensor:
        return torch.softmax(scores / self.temperature, dim=1)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """A softmax for each mel band, and the scaling before it."""
        del inputs
        counts = softmax_operations(output.numel() // output.shape[1], output.shape[1])
        return counts | {"multiply_fp32": counts["multiply_fp32"] + output.numel()}


class KernelMixture(nn.Module):
    """[batch, kernel * channel, mel, frame] and weights [batch, kernel, mel] -> [batch, channel, mel, frame]."""

    def forward(self, basis: Tensor, weights: Tensor) -> Tensor:
        n_kernels = weights.shape[1]
        parts = basis.unflatten(1, (n_kernels, -1))
        return (parts * weights[:, :, None, :, None]).sum(1)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """A multiplication per element of the basis, and the additions of the sum."""
        n_basis = inputs[0].numel()
        return {"multiply_fp32": float(n_basis), "add_fp32": float(n_basis - output.numel())}


class FrequencyDynamicConvolution(nn.Module):
    """K convolutions, mixed for each clip and mel band by what the band's mean over the frames says."""

    def __init__(self, n_in: int, n_out: int, options: FrequencyDynamicCnn) -> None:
        super().__init__()
        n_hidden = max(1, n_in // options.reduction)
        self.mean = AxisMean("frame")
        self.weights = nn.Sequential(
            nn.Flatten(2),
            nn.Conv1d(n_in, n_hidden, 3, padding=1, bias=False),
            nn.BatchNorm1d(n_hidden),
            nn.ReLU(inplace=True),
            nn.Conv1d(n_hidden, options.n_kernels, 1),
            KernelWeights(options.temperature),
        )
        self.basis = nn.Conv2d(n_in, options.n_kernels * n_out, KERNEL, padding=(1, 1), bias=False)
        self.mixture = KernelMixture()
        self.after = nn.Sequential(nn.BatchNorm2d(n_out), nn.ReLU(inplace=True))

    def forward(self, maps: Tensor) -> Tensor:
        mixed: Tensor = self.after(self.mixture(self.basis(maps), self.weights(self.mean(maps))))
        return mixed


class FrequencyDynamicCnnClassifier(Classifier):
    """The network of `FrequencyDynamicCnn`."""

    def __init__(self, options: FrequencyDynamicCnn, n_classes: int) -> None:
        super().__init__()
        self.options = options
        layers: list[nn.Module] = [convolution(1, options.widths[0], KERNEL)]
        for i, pool in enumerate(options.pools):
            if i > 0:
                layers.append(FrequencyDynamicConvolution(options.widths[i - 1], options.widths[i], options))
            layers.append(nn.AvgPool2d(pool) if pool != (1, 1) else nn.Identity())
        self.layers = nn.Sequential(*layers)
        self.hidden_maps = tuple(f"layers.{number}" for number in range(0, len(layers), 2))  # convolutions, not pools
        self.mean = GlobalMean()
        self.readout = nn.Sequential(
            nn.Flatten(), nn.Dropout(options.dropout), nn.Linear(options.widths[-1], n_classes)
        )

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.readout(self.mean(self.layers(encoded[:, None])))
        return logits
