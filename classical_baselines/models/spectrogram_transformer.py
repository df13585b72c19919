# classical_baselines/models/spectrogram_transformer.py
"""The audio spectrogram transformer (AST) as published: four sizes, any length, random weights or a checkpoint's.

    encoded   [batch, mel, frame]
    tokens    [batch, 2 + mel' * frame', width]        patches of 16 x 16 every 10, a class and a distillation token
    logits    W norm(mean of the two tokens after the blocks) + b          [batch, class]

T tokens of width d cost n (4 T d^2 + 2 r T d^2 + 2 T^2 d) multiply-accumulates in n blocks with r d hidden units, their
patches of p values (T - 2) p d before them. Positions are learnt for the grid of the picture that the network is built
for; another length gets them interpolated. `ast_checkpoint` brings those of a checkpoint to that grid; its weights are
of use behind the front end that they were trained on.

Patchout leaves whole rows and columns of patches out of a training batch. Initial weights are torch's own, tokens and
positions normal with deviation 0.02.

References: Gong, Chung & Glass, Interspeech 2021, arXiv 2104.01778 (AST); Koutini et al., Interspeech 2022, arXiv
2110.05069 (structured patchout). "micro" is a size of our own, for pictures of 64 x 101.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.ast_checkpoint import N_SPECIAL, checked_file, load_published
from classical_baselines.models.audio_transformer import AudioTransformer, Block, Positions, TokenMean
from classical_baselines.models.convolutions import Pair, check_share
from classical_baselines.models.picture import LARGEST_STEP, check_sizes, picture_size

NORM_EPSILON = 1e-12  # of ASTConfig in transformers


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    width: int
    n_heads: int
    n_blocks: int
    mlp_ratio: float


SIZES: Mapping[str, Size] = {
    "micro": Size(64, 2, 4, 2),
    "tiny": Size(192, 3, 12, 4),  # this and the next two: Touvron et al., ICML 2021, arXiv 2012.12877, table 1
    "small": Size(384, 6, 12, 4),
    "base": Size(768, 12, 12, 4),
}


@dataclass(frozen=True)
class SpectrogramTransformer:
    """The options of an AST."""

    size: str = "micro"  # "tiny", "small", "base"
    patch: Pair = (16, 16)  # mel, frame
    patch_stride: Pair = (10, 10)
    patchout: Pair = (0, 0)  # rows (mel) and columns (frame) of patches that a training batch leaves out
    dropout: float = 0.0
    checkpoint: str = ""  # a safetensors file in the layout of the authors or of transformers; "": random weights
    checkpoint_sha256: str = ""  # of that file: what the results depend on
    checkpoint_grid: Pair = (12, 101)  # of its positions: 128 bands, 1024 frames
    checkpoint_readout: bool = False  # take its readout too, where its classes are those of the data

    def __post_init__(self) -> None:
        choose(SIZES, self.size, what="size of an AST")
        for name, least in (("patch", 1), ("patch_stride", 1), ("patchout", 0), ("checkpoint_grid", 1)):
            check_sizes(name, getattr(self, name), least, LARGEST_STEP)
        check_share("dropout", self.dropout)
        if bool(self.checkpoint) != bool(self.checkpoint_sha256):
            raise InputError(
                "checkpoint and checkpoint_sha256 belong together: a result hangs on what the file holds. "
                f"Give both or none; got {self.checkpoint!r} and {self.checkpoint_sha256!r}."
            )
        if self.checkpoint_readout and not self.checkpoint:
            raise InputError("checkpoint_readout is set, and no checkpoint is named. Name one, or leave it out.")

    def of_blocks(self) -> AudioTransformer:
        """The options of the blocks, which both transformers share."""
        size = SIZES[self.size]
        return AudioTransformer(
            width=size.width,
            n_blocks=size.n_blocks,
            n_heads=size.n_heads,
            mlp_ratio=size.mlp_ratio,
            dropout=self.dropout,
            norm_epsilon=NORM_EPSILON,
        )

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        grid = token_grid(picture_size(shape, "ast"), self)
        network = SpectrogramTransformerClassifier(self, grid, n_classes)
        if self.checkpoint:
            state = checked_file(self.checkpoint, self.checkpoint_sha256)
            load_published(network, state, self.checkpoint_grid, with_readout=self.checkpoint_readout)
        return network


def token_grid(picture: Pair, options: SpectrogramTransformer) -> Pair:
    """(mel, frame) of the patches; a picture without room for one, or for what patchout leaves out, is refused."""
    mel, frame = (
        (n - patch) // stride + 1 for n, patch, stride in zip(picture, options.patch, options.patch_stride, strict=True)
    )
    if min(mel, frame) < 1:
        raise InputError(
            f"a picture of {picture[0]} x {picture[1]} has no room for a patch of {options.patch[0]} x "
            f"{options.patch[1]}. Make the picture larger or the patch smaller."
        )
    if options.patchout[0] >= mel or options.patchout[1] >= frame:
        raise InputError(f"patchout must leave some of the {mel} x {frame} patches; got {options.patchout}.")
    return mel, frame


class SpectrogramTransformerClassifier(Classifier):
    """The network of `SpectrogramTransformer`."""

    def __init__(self, options: SpectrogramTransformer, grid: Pair, n_classes: int) -> None:
        super().__init__()
        self.options = options
        blocks = options.of_blocks()
        self.tokens = nn.Conv2d(1, blocks.width, options.patch, options.patch_stride)
        self.positions = Positions(blocks.width, grid, N_SPECIAL, "learnt")
        self.dropout = nn.Dropout(options.dropout)
        self.blocks = nn.Sequential(*(Block(blocks) for _ in range(blocks.n_blocks)))
        self.norm = nn.LayerNorm(blocks.width, eps=NORM_EPSILON)
        self.mean = TokenMean()
        self.readout_norm = nn.LayerNorm(blocks.width, eps=NORM_EPSILON)
        self.readout = nn.Linear(blocks.width, n_classes)

    def embedded(self, encoded: Tensor) -> Tensor:
        """The mean of the two tokens after the last block [batch, width]: the pooled output of transformers."""
        maps = self.tokens(encoded[:, None])
        tokens = self.dropout(self.positions(maps))
        if self.training and self.options.patchout != (0, 0):
            tokens = tokens[:, _kept((maps.shape[2], maps.shape[3]), self.options.patchout)]
        pooled: Tensor = self.mean(self.norm(self.blocks(tokens))[:, :N_SPECIAL])
        return pooled

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.readout(self.readout_norm(self.embedded(encoded)))
        return logits


def _kept(grid: Pair, patchout: Pair) -> Tensor:
    """Which tokens of the row stay: the special ones, and the patches of the rows and columns that are drawn."""
    rows, columns = (
        torch.randperm(n)[: max(1, n - left_out)].sort().values for n, left_out in zip(grid, patchout, strict=True)
    )
    patches = (rows[:, None] * grid[1] + columns).flatten() + N_SPECIAL
    return torch.cat([torch.arange(N_SPECIAL), patches])
