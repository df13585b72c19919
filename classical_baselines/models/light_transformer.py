# classical_baselines/models/light_transformer.py
"""Light transformer: attention within groups of tokens, and patches that are merged from stage to stage.

    encoded   [batch, mel, frame]      in [0, 1]
    tokens    [batch, mel', frame', width]             a stem of 3 x 3 convolutions of stride 2
    stage     pairs of blocks: attention within neighbours (g x g tokens), then within combs (g x g tokens that stand
              as far apart as there are groups), so that two blocks relate any token to any other
    merging   2 x 2 neighbours side by side, layer norm, a linear map from 4 width to 2 width
    logits    [batch, class]                           mean of the last stage's tokens

Attention of T tokens in groups of g^2 costs 2 T g^2 width where that of all costs 2 T^2 width. A picture that does not
divide is filled up with zeros, which are silence, above its mel bands and after its end; they are computed and counted.

References: Liu et al., ICCV 2021, arXiv 2103.14030 (groups, patch merging); Chen et al., ICASSP 2022, arXiv 2202.00874
(the same for sound); Tu et al., ECCV 2022, arXiv 2204.01697, section 3.2 (neighbours and combs in turn).
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.audio_transformer import AudioTransformer, Block, TokenMean, sine_positions
from classical_baselines.models.convolutions import Pair, check_one_each, convolution
from classical_baselines.models.picture import LARGEST_WIDTH, check_sizes, picture_size

MOST_PAIRS = 64  # of blocks in a stage
LARGEST_GROUP = 64


@dataclass(frozen=True)
class LightTransformer:
    """The options of a light transformer."""

    stem_widths: tuple[int, ...] = (16, 32)  # channels of the stem's convolutions of stride 2; the last: of a token
    n_pairs: tuple[int, ...] = (1, 1)  # pairs of blocks in each stage; a stage has twice the width of the one before
    n_heads: tuple[int, ...] = (2, 4)  # of each stage
    group: int = 4  # g: tokens along each axis that attend to each other; a power of two
    mlp_ratio: float = 2.0
    dropout: float = 0.1

    def __post_init__(self) -> None:
        check_one_each(n_pairs=self.n_pairs, n_heads=self.n_heads)
        check_sizes("n_pairs", self.n_pairs, 1, MOST_PAIRS)
        if not self.stem_widths:
            raise InputError("stem_widths must name at least one convolution; got none.")
        check_sizes("stem_widths", self.stem_widths, 1, LARGEST_WIDTH)
        if not 1 <= self.group <= LARGEST_GROUP or self.group & (self.group - 1):
            raise InputError(f"group must be a power of two, 1 to {LARGEST_GROUP}; got {self.group}.")
        for stage in range(len(self.n_pairs)):
            self.of_stage(stage)

    def of_stage(self, stage: int) -> AudioTransformer:
        """The options of a stage's blocks; checks them."""
        return AudioTransformer(
            width=self.stem_widths[-1] * 2**stage,
            n_heads=self.n_heads[stage],
            mlp_ratio=self.mlp_ratio,
            dropout=self.dropout,
        )

    @property
    def multiple(self) -> int:
        """What mel bands and frames are filled up to a multiple of."""
        n_merges: int = len(self.n_pairs) - 1
        in_tokens: int = max(self.group, 2**n_merges)
        return in_tokens * 2 ** len(self.stem_widths)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        picture_size(shape, "light-transformer")
        return LightTransformerClassifier(self, n_classes)


class LightTransformerClassifier(Classifier):
    """The network of `LightTransformer`."""

    def __init__(self, options: LightTransformer, n_classes: int) -> None:
        super().__init__()
        self.options = options
        n_ins = (1, *options.stem_widths[:-1])
        self.stem = nn.Sequential(
            *(convolution(n, m, (3, 3), (2, 2)) for n, m in zip(n_ins, options.stem_widths, strict=True))
        )
        self.hidden_maps = ("stem",)
        self.positions = GridPositions()
        self.dropout = nn.Dropout(options.dropout)
        parts: list[nn.Module] = []
        for stage, n_pairs in enumerate(options.n_pairs):
            if stage > 0:
                parts.append(PatchMerging(options.of_stage(stage - 1).width))
            for _ in range(n_pairs):
                parts += [GroupedBlock(options.of_stage(stage), options.group, comb=comb) for comb in (False, True)]
        self.stages = nn.Sequential(*parts)
        width = options.of_stage(len(options.n_pairs) - 1).width
        self.norm = nn.LayerNorm(width)
        self.flatten = nn.Flatten(1, 2)
        self.mean = TokenMean()
        self.readout = nn.Linear(width, n_classes)

    def forward(self, encoded: Tensor) -> Tensor:
        n_mels, n_frames = encoded.shape[1:]
        filled = functional.pad(encoded, (0, -n_frames % self.options.multiple, 0, -n_mels % self.options.multiple))
        tokens = self.dropout(self.positions(self.stem(filled[:, None])))
        logits: Tensor = self.readout(self.mean(self.flatten(self.norm(self.stages(tokens)))))
        return logits


class GridPositions(nn.Module):
    """Adds to every token of a map where it stands: [batch, width, mel, frame] -> [batch, mel, frame, width]."""

    def forward(self, maps: Tensor) -> Tensor:
        grid = (maps.shape[2], maps.shape[3])
        places = sine_positions(maps.shape[1], grid).to(maps).unflatten(0, grid)
        return maps.permute(0, 2, 3, 1) + places

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """One addition per element of a token."""
        del inputs
        return {"add_fp32": float(output.numel())}

    def n_deployed_weights_at(self, output: Tensor) -> int:
        """The table of places."""
        return output[0].numel()


class GroupedBlock(nn.Module):
    """A pre-norm block of which the attention stays within groups: [batch, mel, frame, width] -> the same."""

    def __init__(self, options: AudioTransformer, group: int, *, comb: bool) -> None:
        super().__init__()
        self.group, self.comb = group, comb
        self.block = Block(options)

    def forward(self, tokens: Tensor) -> Tensor:
        sizes = group_sizes((tokens.shape[1], tokens.shape[2]), self.group)
        groups = grouped(tokens, sizes, comb=self.comb)
        return ungrouped(self.block(groups), tokens.shape, sizes, comb=self.comb)


def group_sizes(grid: Pair, group: int) -> Pair:
    """Tokens of a group along mel and frame: the largest divisor of the grid that is at most `group`.

    >>> group_sizes((8, 2), 4)
    (4, 2)
    """
    mel, frame = (max(n for n in range(1, min(group, size) + 1) if size % n == 0) for size in grid)
    return mel, frame


def grouped(tokens: Tensor, sizes: Pair, *, comb: bool) -> Tensor:
    """[batch, mel, frame, width] -> [batch * group, token, width]: neighbours, or tokens at equal distances."""
    n_clips, n_mels, n_frames, width = tokens.shape
    a, b = sizes
    n_down, n_along = n_mels // a, n_frames // b
    if comb:
        split = tokens.reshape(n_clips, a, n_down, b, n_along, width).permute(0, 2, 4, 1, 3, 5)
    else:
        split = tokens.reshape(n_clips, n_down, a, n_along, b, width).permute(0, 1, 3, 2, 4, 5)
    return split.reshape(n_clips * n_down * n_along, a * b, width)


def ungrouped(groups: Tensor, shape: tuple[int, ...], sizes: Pair, *, comb: bool) -> Tensor:
    """The tokens of `grouped` back in their places."""
    n_clips, n_mels, n_frames, width = shape
    a, b = sizes
    split = groups.reshape(n_clips, n_mels // a, n_frames // b, a, b, width)
    return split.permute(*((0, 3, 1, 4, 2, 5) if comb else (0, 1, 3, 2, 4, 5))).reshape(shape)


class PatchMerging(nn.Module):
    """2 x 2 neighbours become one token: [batch, mel, frame, width] -> [batch, mel / 2, frame / 2, 2 width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        n_clips, n_mels, n_frames, width = tokens.shape
        squares = grouped(tokens, (2, 2), comb=False).reshape(n_clips, n_mels // 2, n_frames // 2, 4 * width)
        merged: Tensor = self.reduction(self.norm(squares))
        return merged
