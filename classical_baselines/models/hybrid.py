# classical_baselines/models/hybrid.py
"""CNN and transformer in one: residual blocks make a token of every frame, attention relates the frames.

    encoded   [batch, mel, frame]      in [0, 1]
    maps      [batch, channel, mel', frame']           residual blocks with squeeze and excitation
    tokens    [batch, frame', width]                   all channels and mel bands of a frame, by one linear map
    logits    [batch, class]                           mean of the tokens after pre-norm blocks

The convolutions see what is near, and the place on the mel axis is kept in the token; positions along the frames are
sines and cosines, so that any length is taken.

References: Xiao et al., NeurIPS 2021, arXiv 2106.14881 (early convolutions help transformers see better); Kong et al.,
arXiv 2009.01187 (frame tokens of a CNN before a transformer); the blocks of `se_residual_cnn` and `audio_transformer`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.audio_transformer import AudioTransformer, Block, Positions, TokenMean
from classical_baselines.models.convolutions import BandCentring, Pair, convolution
from classical_baselines.models.picture import picture_size
from classical_baselines.models.se_residual_cnn import SeResidualCnn, se_residual_blocks


@dataclass(frozen=True)
class CnnTransformer:
    """The options of the hybrid: those of its residual blocks and those of its transformer blocks."""

    stem_width: int = 16
    widths: tuple[int, ...] = (16, 32, 48)  # channels of each residual block
    strides: tuple[Pair, ...] = ((1, 1), (2, 2), (2, 1))  # mel, frame
    reduction: int = 8
    centred: bool = False
    width: int = 64  # of a token
    n_blocks: int = 2
    n_heads: int = 4
    mlp_ratio: float = 2.0
    dropout: float = 0.1

    def __post_init__(self) -> None:
        self.of_cnn()
        self.of_transformer()

    def of_cnn(self) -> SeResidualCnn:
        """The options of the residual blocks; checks them."""
        return SeResidualCnn(
            stem_width=self.stem_width,
            widths=self.widths,
            strides=self.strides,
            dilations=(1,) * len(self.widths),
            reduction=self.reduction,
            centred=self.centred,
        )

    def of_transformer(self) -> AudioTransformer:
        """The options of the transformer blocks; checks them."""
        return AudioTransformer(
            width=self.width,
            n_blocks=self.n_blocks,
            n_heads=self.n_heads,
            mlp_ratio=self.mlp_ratio,
            dropout=self.dropout,
        )

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        return CnnTransformerClassifier(self, picture_size(shape, "cnn-transformer"), n_classes)


class CnnTransformerClassifier(Classifier):
    """The network of `CnnTransformer`."""

    def __init__(self, options: CnnTransformer, grid: Pair, n_classes: int) -> None:
        super().__init__()
        self.options = options
        cnn, transformer = options.of_cnn(), options.of_transformer()
        self.stem = nn.Sequential(
            BandCentring() if cnn.centred else nn.Identity(),
            convolution(1, cnn.stem_width, cnn.stem_kernel, cnn.stem_stride),
        )
        self.residual_blocks = se_residual_blocks(cnn)
        self.hidden_maps = ("stem", *(f"residual_blocks.{number}" for number in range(len(self.residual_blocks))))
        with torch.no_grad():
            _, n_channels, n_mels, n_frames = (
                nn.Sequential(self.stem, self.residual_blocks).eval()(torch.zeros(1, 1, *grid)).shape
            )
        self.train()
        # all mel bands of a frame at once: a convolution whose kernel is as high as the maps
        self.tokens = nn.Conv2d(n_channels, options.width, (n_mels, 1))
        self.positions = Positions(options.width, (1, n_frames), 0, "sines")
        self.dropout = nn.Dropout(options.dropout)
        self.blocks = nn.Sequential(*(Block(transformer) for _ in range(options.n_blocks)))
        self.norm = nn.LayerNorm(options.width, eps=transformer.norm_epsilon)
        self.mean = TokenMean()
        self.readout = nn.Linear(options.width, n_classes)

    def forward(self, encoded: Tensor) -> Tensor:
        maps = self.residual_blocks(self.stem(encoded[:, None]))
        tokens = self.dropout(self.positions(self.tokens(maps)))
        logits: Tensor = self.readout(self.mean(self.norm(self.blocks(tokens))))
        return logits
