# classical_baselines/models/convolutions.py
"""Parts that the float CNNs share: a convolution with batch norm, the scaling of channels, stochastic depth.

    maps    [batch, channel, mel, frame]

Each part is made of leaf modules that the counter knows, or counts itself. For networks that are to run in integers see
`quantised`.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.layer_operations import mean_operations

Pair = tuple[int, int]  # mel, frame


def convolution(
    n_in: int,
    n_out: int,
    kernel: Pair = (1, 1),
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
    groups: int = 1,
    *,
    rectified: bool = True,
) -> nn.Sequential:
    """A convolution, batch norm and, as asked, ReLU; a stride of 1 and an odd kernel keep the size of the maps."""
    padding = (dilation[0] * (kernel[0] // 2), dilation[1] * (kernel[1] // 2))
    layers = [nn.Conv2d(n_in, n_out, kernel, stride, padding, dilation, groups, bias=False), nn.BatchNorm2d(n_out)]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if rectified else []))


class SqueezeExcitation(nn.Module):
    """Scales each channel by what the means of all channels say: x * sigmoid(W2 relu(W1 mean(x) + b1) + b2).

    Hu, Shen & Sun, CVPR 2018, arXiv 1709.01507, equations 2 to 4.
    """

    def __init__(self, n_channels: int, reduction: int) -> None:
        super().__init__()
        n_hidden = max(1, n_channels // reduction)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(n_channels, n_hidden, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(n_hidden, n_channels, 1),
            nn.Sigmoid(),
        )
        self.scale = ChannelScale()

    def forward(self, maps: Tensor) -> Tensor:
        scaled: Tensor = self.scale(maps, self.gate(maps))
        return scaled


class ChannelScale(nn.Module):
    """Maps times a factor per channel."""

    def forward(self, maps: Tensor, factors: Tensor) -> Tensor:
        return maps * factors

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """One multiplication per element."""
        del inputs
        return {"multiply_fp32": float(output.numel())}


class AxisMean(nn.Module):
    """The mean over mel bands or over frames; the axis stays, with one place."""

    def __init__(self, axis: str) -> None:
        super().__init__()
        self.axis = {"mel": 2, "frame": 3}[axis]

    def forward(self, maps: Tensor) -> Tensor:
        return maps.mean(self.axis, keepdim=True)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """The additions of a mean, and one multiplication."""
        return mean_operations(inputs[0].numel(), output.numel())


class BandCentring(nn.Module):
    """Takes from each mel band its mean over the frames of the clip: what a microphone adds to every frame goes.

    Primus & Widmer, arXiv 2306.11764 (frequency-wise centring for unknown recording devices).
    """

    def forward(self, maps: Tensor) -> Tensor:
        return maps - maps.mean(3, keepdim=True)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """A mean per band and channel, and a subtraction per element."""
        n_bands = output.numel() // output.shape[-1]
        counts = dict(mean_operations(inputs[0].numel(), n_bands))
        return counts | {"add_fp32": counts["add_fp32"] + output.numel()}


class StochasticDepth(nn.Module):
    """In training leaves a branch out for a share of the clips, and makes up for it by scaling the others.

    Huang, Sun, Liu, Sedra & Weinberger, ECCV 2016, arXiv 1603.09382.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, branch: Tensor) -> Tensor:
        if not self.training or not self.share:
            return branch
        kept = (torch.rand(len(branch), *[1] * (branch.dim() - 1), device=branch.device) >= self.share).to(branch)
        return branch * (kept / (1 - self.share))

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """Nothing: what is deployed has every branch."""
        del inputs, output
        return {}


def check_share(name: str, share: float) -> None:
    """Refuse what is no share, or a share of all."""
    if not 0 <= share < 1:
        raise InputError(f"{name} must lie in [0, 1); got {share}.")


def check_one_each(**per_block: tuple[object, ...]) -> None:
    """Refuse options of blocks that name none, or not equally many."""
    if len({len(values) for values in per_block.values()}) != 1 or not all(per_block.values()):
        names, given = " and ".join(per_block), " and ".join(str(values) for values in per_block.values())
        raise InputError(f"{names} need one entry per block; got {given}.")
