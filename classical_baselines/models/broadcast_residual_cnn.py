# classical_baselines/models/broadcast_residual_cnn.py
"""Broadcast-residual CNN: two-dimensional where the frequency matters, one-dimensional along the frames, and joined.

    encoded   [batch, mel, frame]                              in [0, 1]
    f2(x)     sub-spectral norm of a depthwise (3, 1) convolution          [batch, channel, mel, frame]
    f1(y)     1 x 1 of swish(batch norm of a depthwise (1, 3) convolution)  [batch, channel, 1, frame]
    block     relu(x + f2(x) + f1(mean over mel of f2(x)))     f1 is broadcast to every mel band
    first block of a stage: x -> relu(batch norm of a 1 x 1 convolution) goes before f2, and no x is added
    logits    [batch, class]

Sub-spectral norm is a batch norm of its own for each of several groups of neighbouring mel bands. The temporal
convolutions of stage s are dilated by 2^s, s from 0. Where `sub_bands` does not divide the mel bands of a stage, the
largest number below that does takes its place.

References: Kim, Chang, Lee & Sung, Interspeech 2021, arXiv 2106.04140 (equation 3 and table 1: channels, strides and
dilations; of the 2, 2, 4 and 4 blocks there the defaults have 2 each, and frames are averaged in pairs); Chang et al.,
ICASSP 2021, arXiv 2103.13620 (sub-spectral norm).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.convolutions import AxisMean, Pair, check_one_each, check_share, convolution
from classical_baselines.models.picture import LARGEST_STEP, LARGEST_WIDTH, check_sizes, picture_size
from classical_baselines.models.quantised import GlobalMean

MOST_BLOCKS = 64  # of a stage
STEM_KERNEL = (5, 5)


@dataclass(frozen=True)
class BroadcastResidualCnn:
    """The options of a broadcast-residual CNN."""

    width: float = 2.0  # multiplies every channel count below
    stem_channels: int = 16
    stem_stride: Pair = (2, 1)  # mel, frame
    channels: tuple[int, ...] = (8, 12, 16, 20)  # of each stage
    n_blocks: tuple[int, ...] = (2, 2, 2, 2)
    strides: tuple[int, ...] = (1, 2, 2, 1)  # of the mel bands; the frames are kept
    sub_bands: int = 4
    head_channels: int = 32
    dropout: float = 0.1  # of channels, in each block
    pooled_frames: int = 2  # neighbouring frames that are averaged after the stem; 1: none

    def __post_init__(self) -> None:
        check_one_each(channels=self.channels, n_blocks=self.n_blocks, strides=self.strides)
        for name in ("stem_channels", "channels", "head_channels", "sub_bands"):
            check_sizes(name, getattr(self, name), 1, LARGEST_WIDTH)
        for name in ("stem_stride", "strides", "pooled_frames"):
            check_sizes(name, getattr(self, name), 1, LARGEST_STEP)
        check_sizes("n_blocks", self.n_blocks, 1, MOST_BLOCKS)
        most = max(self.stem_channels, self.head_channels, *self.channels)
        check_sizes("width * channels", round(self.width * most), 1, LARGEST_WIDTH)
        check_share("dropout", self.dropout)

    def scaled(self, n_channels: int) -> int:
        """Channels of a layer under the multiplier: at least one."""
        return max(1, round(self.width * n_channels))

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        return BroadcastResidualCnnClassifier(self, picture_size(shape, "broadcast-residual-cnn"), n_classes)


class SubSpectralNorm(nn.Module):
    """A batch norm for each channel and each of several groups of neighbouring mel bands."""

    def __init__(self, n_channels: int, n_mels: int, most_bands: int) -> None:
        super().__init__()
        self.n_bands = max(n for n in range(1, min(most_bands, n_mels) + 1) if n_mels % n == 0)
        self.norm = nn.BatchNorm2d(n_channels * self.n_bands)

    def forward(self, maps: Tensor) -> Tensor:
        n_clips, n_channels, n_mels, n_frames = maps.shape
        bands = maps.reshape(n_clips, n_channels * self.n_bands, n_mels // self.n_bands, n_frames)
        normed: Tensor = self.norm(bands)
        return normed.reshape(maps.shape)


class Swish(nn.Module):
    """x * sigmoid(x)."""

    def forward(self, maps: Tensor) -> Tensor:
        return functional.silu(maps)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """An exponential, an addition, a division and a multiplication per element."""
        del inputs
        n = float(output.numel())
        return {"transcendental_fp32": 2 * n, "add_fp32": n, "multiply_fp32": n}


class BroadcastSum(nn.Module):
    """relu of maps, maps of one mel band that go to every band, and, where it is kept, the input."""

    def forward(self, maps: Tensor, band: Tensor, *kept: Tensor) -> Tensor:
        total = maps + band
        for other in kept:
            total = total + other
        return functional.relu(total, inplace=True)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """An addition per summand beyond the first, and a comparison."""
        n = float(output.numel())
        return {"add_fp32": (len(inputs) - 1) * n, "compare_fp32": n}


class BroadcastBlock(nn.Module):
    """One block; `changes` marks the first of a stage."""

    def __init__(
        self, n_in: int, n_out: int, stride: int, dilation: int, n_mels: int, options: BroadcastResidualCnn
    ) -> None:
        super().__init__()
        self.keeps_input = n_in == n_out and stride == 1
        self.entry = nn.Identity() if self.keeps_input else convolution(n_in, n_out)
        self.frequency = nn.Sequential(
            nn.Conv2d(n_out, n_out, (3, 1), (stride, 1), (1, 0), groups=n_out, bias=False),
            SubSpectralNorm(n_out, n_mels, options.sub_bands),
        )
        self.temporal = nn.Sequential(
            AxisMean("mel"),
            convolution(n_out, n_out, (1, 3), dilation=(1, dilation), groups=n_out, rectified=False),
            Swish(),
            nn.Conv2d(n_out, n_out, 1),
            nn.Dropout2d(options.dropout),
        )
        self.sum = BroadcastSum()

    def forward(self, maps: Tensor) -> Tensor:
        maps = self.entry(maps)
        new = self.frequency(maps)
        total: Tensor = self.sum(new, self.temporal(new), *([maps] if self.keeps_input else []))
        return total


class BroadcastResidualCnnClassifier(Classifier):
    """The network of `BroadcastResidualCnn`."""

    def __init__(self, options: BroadcastResidualCnn, grid: Pair, n_classes: int) -> None:
        super().__init__()
        self.options = options
        n_channels = options.scaled(options.stem_channels)
        self.stem = nn.Sequential(
            convolution(1, n_channels, STEM_KERNEL, options.stem_stride),
            nn.AvgPool2d((1, options.pooled_frames)) if options.pooled_frames > 1 else nn.Identity(),
        )
        n_mels = -(-grid[0] // options.stem_stride[0])
        blocks: list[nn.Module] = []
        for stage, (n_base, n_blocks, first_stride) in enumerate(
            zip(options.channels, options.n_blocks, options.strides, strict=True)
        ):
            for block in range(n_blocks):
                stride = first_stride if block == 0 else 1
                n_mels = -(-n_mels // stride)
                n_out = options.scaled(n_base)
                blocks.append(BroadcastBlock(n_channels, n_out, stride, 2**stage, n_mels, options))
                n_channels = n_out
        self.blocks = nn.Sequential(*blocks)
        self.hidden_maps = ("stem", *(f"blocks.{number}" for number in range(len(self.blocks))))
        n_head = options.scaled(options.head_channels)
        self.head = nn.Sequential(
            nn.Conv2d(n_channels, n_channels, (5, 1), padding=(2, 0), groups=n_channels, bias=False),
            AxisMean("mel"),
            convolution(n_channels, n_head),
        )
        self.mean = GlobalMean()
        self.readout = nn.Sequential(nn.Flatten(), nn.Linear(n_head, n_classes))

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.readout(self.mean(self.head(self.blocks(self.stem(encoded[:, None])))))
        return logits
