# classical_baselines/models/se_residual_cnn.py
"""Residual CNN whose blocks weigh their channels (squeeze and excitation) and may look far along the frames (dilation).

    encoded   [batch, mel, frame]      in [0, 1]
    block     relu(scale(conv(relu(conv(x)))) + shortcut(x))       3 x 3, each convolution with batch norm
    logits    W mean(maps) + b         [batch, class]

The shortcut is a 1 x 1 convolution where the shape changes. A block of stride (2, 1) halves the mel bands and keeps
every frame; dilation d sets the taps of its convolutions d frames apart. `centred` takes from each mel band its mean
over the clip first, `stochastic_depth` leaves blocks out in training, the later the oftener.

References: He, Zhang, Ren & Sun, CVPR 2016, arXiv 1512.03385; Hu, Shen & Sun, CVPR 2018, arXiv 1709.01507; Yu, Koltun &
Funkhouser, CVPR 2017, arXiv 1705.09914 (dilation); Huang et al., ECCV 2016, arXiv 1603.09382 (stochastic depth: linear
decay, section 3).
"""

from dataclasses import dataclass

from torch import Tensor, nn

from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.convolutions import (
    BandCentring,
    Pair,
    SqueezeExcitation,
    StochasticDepth,
    check_one_each,
    check_share,
    convolution,
)
from classical_baselines.models.picture import LARGEST_STEP, LARGEST_WIDTH, check_sizes, picture_size
from classical_baselines.models.quantised import GlobalMean, ResidualSum


@dataclass(frozen=True)
class SeResidualCnn:
    """The options of a residual CNN with squeeze and excitation."""

    stem_width: int = 24
    stem_kernel: Pair = (3, 3)  # mel, frame
    stem_stride: Pair = (2, 2)
    widths: tuple[int, ...] = (24, 48, 96)  # channels of each block
    strides: tuple[Pair, ...] = ((1, 1), (2, 2), (2, 2))
    dilations: tuple[int, ...] = (1, 1, 1)  # along the frames
    reduction: int = 8  # channels of a block over hidden units of its squeeze; 0: no squeeze
    centred: bool = False
    dropout: float = 0.2  # before the readout
    stochastic_depth: float = 0.0  # share of clips for which the last block is left out; falls to 0 at the stem

    def __post_init__(self) -> None:
        check_one_each(widths=self.widths, strides=self.strides, dilations=self.dilations)
        for name in ("stem_width", "widths"):
            check_sizes(name, getattr(self, name), 1, LARGEST_WIDTH)
        for name in ("stem_kernel", "stem_stride", "dilations"):
            check_sizes(name, getattr(self, name), 1, LARGEST_STEP)
        for stride in self.strides:
            check_sizes("strides", stride, 1, LARGEST_STEP)
        check_sizes("reduction", self.reduction, 0, LARGEST_WIDTH)
        check_share("dropout", self.dropout)
        check_share("stochastic_depth", self.stochastic_depth)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        picture_size(shape, "se-residual-cnn")
        return SeResidualCnnClassifier(self, n_classes)


class SeResidualBlock(nn.Module):
    """Two 3 x 3 convolutions, the weighing of their channels, and the shortcut around them."""

    def __init__(
        self, n_in: int, n_out: int, stride: Pair, dilation: int, reduction: int, share_left_out: float
    ) -> None:
        super().__init__()
        apart = (1, dilation)
        self.branch = nn.Sequential(
            convolution(n_in, n_out, (3, 3), stride, apart),
            convolution(n_out, n_out, (3, 3), dilation=apart, rectified=False),
            *([SqueezeExcitation(n_out, reduction)] if reduction else []),
            StochasticDepth(share_left_out),
        )
        changes = stride != (1, 1) or n_in != n_out
        self.shortcut = convolution(n_in, n_out, stride=stride, rectified=False) if changes else nn.Identity()
        self.sum = ResidualSum()

    def forward(self, maps: Tensor) -> Tensor:
        total: Tensor = self.sum(self.branch(maps), self.shortcut(maps))
        return total


class SeResidualCnnClassifier(Classifier):
    """The network of `SeResidualCnn`."""

    def __init__(self, options: SeResidualCnn, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.stem = nn.Sequential(
            BandCentring() if options.centred else nn.Identity(),
            convolution(1, options.stem_width, options.stem_kernel, options.stem_stride),
        )
        self.blocks = se_residual_blocks(options)
        self.hidden_maps = ("stem", *(f"blocks.{number}" for number in range(len(self.blocks))))
        self.mean = GlobalMean()
        self.readout = nn.Sequential(
            nn.Flatten(), nn.Dropout(options.dropout), nn.Linear(options.widths[-1], n_classes)
        )

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.readout(self.mean(self.blocks(self.stem(encoded[:, None]))))
        return logits


def se_residual_blocks(options: SeResidualCnn) -> nn.Sequential:
    """The blocks of the options, from the stem's channels to the last width."""
    n_blocks = len(options.widths)
    n_ins = (options.stem_width, *options.widths[:-1])
    return nn.Sequential(
        *(
            SeResidualBlock(
                n_ins[i],
                options.widths[i],
                options.strides[i],
                options.dilations[i],
                options.reduction,
                options.stochastic_depth * (i + 1) / n_blocks,
            )
            for i in range(n_blocks)
        )
    )
