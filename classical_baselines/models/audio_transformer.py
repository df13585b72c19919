# classical_baselines/models/audio_transformer.py
"""Audio spectrogram transformer that takes any length: patches, positions, pre-norm blocks, mean of tokens, readout.

    encoded   [batch, mel, frame]      in [0, 1]
    logits    [batch, class]

Two ways to tokens. `patches` is the published one: one convolution of `patch` at `patch_stride`. `stem` puts 3 x 3
convolutions of stride 2 with batch norm in front, one per entry of `stem_widths`, then one of stride 1 to the width of
the tokens: on a few thousand clips it is what lets a transformer learn at all.

Positions are the fixed two-dimensional sines and cosines, made for the grid at hand, so that no length is foreign; or
learnt for one grid and interpolated to another. Token dropout (patchout) leaves tokens out while training only.

References: Gong, Chung & Glass, Interspeech 2021, arXiv 2104.01778 (AST); Hassani et al., arXiv 2104.05704
(convolutional tokens); Koutini et al., Interspeech 2022, arXiv 2110.05069 (patchout).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.layer_operations import attention_operations, mean_operations
from classical_baselines.models.picture import LARGEST_STEP, LARGEST_WIDTH, check_sizes, picture_size

MOST_BLOCKS = 256
LARGEST_MLP_RATIO = 64


@dataclass(frozen=True)
class AudioTransformer:
    """The options of an audio spectrogram transformer."""

    width: int = 96
    n_blocks: int = 3
    n_heads: int = 4
    mlp_ratio: float = 2.0  # width of a block's hidden layer over that of a token
    tokens: str = "stem"  # or "patches"
    stem_widths: tuple[int, ...] = (24, 48)
    patch: tuple[int, int] = (16, 16)  # mel, frame
    patch_stride: tuple[int, int] = (10, 10)
    positions: str = "sines"  # or "learnt"
    n_special_tokens: int = 0  # 2: class and distillation token, whose mean is read; 0: the mean of all tokens
    patchout: float = 0.0  # share of tokens that a training batch leaves out
    dropout: float = 0.1
    norm_epsilon: float = 1e-6

    def __post_init__(self) -> None:
        for name, least, most in (
            ("width", 4, LARGEST_WIDTH),
            ("n_blocks", 1, MOST_BLOCKS),
            ("n_heads", 1, LARGEST_WIDTH),
            ("stem_widths", 1, LARGEST_WIDTH),
            ("patch", 1, LARGEST_STEP),
            ("patch_stride", 1, LARGEST_STEP),
            ("n_special_tokens", 0, 2),
        ):
            check_sizes(name, getattr(self, name), least, most)
        if not 0 < self.mlp_ratio <= LARGEST_MLP_RATIO or round(self.mlp_ratio * self.width) < 1:
            raise InputError(
                f"mlp_ratio must be greater than 0 and at most {LARGEST_MLP_RATIO}, and mlp_ratio * width at least 1; "
                f"got {self.mlp_ratio}."
            )
        if not 0 < self.norm_epsilon < 1:
            raise InputError(f"norm_epsilon must lie between 0 and 1, as 1e-6 does; got {self.norm_epsilon}.")
        if self.width % self.n_heads or self.width % 4:
            raise InputError(f"width must be a multiple of 4 and of n_heads ({self.n_heads}); got {self.width}.")
        for name, allowed in {"tokens": ("stem", "patches"), "positions": ("sines", "learnt")}.items():
            if getattr(self, name) not in allowed:
                raise InputError(f"{name} must be one of {', '.join(allowed)}; got {getattr(self, name)!r}.")
        for name in ("patchout", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} must lie in [0, 1); got {getattr(self, name)}.")

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        return AudioTransformerClassifier(self, picture_size(shape, "audio-transformer"), n_classes)


class AudioTransformerClassifier(Classifier):
    """The network of `AudioTransformer`."""

    def __init__(self, options: AudioTransformer, grid: tuple[int, int], n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.tokens = _patches(options) if options.tokens == "patches" else _stem(options)
        with torch.no_grad():
            token_grid = self.tokens.eval()(torch.zeros(1, 1, *grid)).shape[2:]
        self.tokens.train()
        if min(token_grid) < 1:
            raise InputError(f"a picture of {grid[0]} x {grid[1]} has no room for a patch of {options.patch}.")
        self.positions = Positions(options.width, tuple(token_grid), options.n_special_tokens, options.positions)
        self.dropout = nn.Dropout(options.dropout)
        self.blocks = nn.Sequential(*(Block(options) for _ in range(options.n_blocks)))
        self.norm = nn.LayerNorm(options.width, eps=options.norm_epsilon)
        self.mean = TokenMean()
        self.readout = nn.Linear(options.width, n_classes)

    def forward(self, encoded: Tensor) -> Tensor:
        tokens = self.dropout(self.positions(self.tokens(encoded[:, None])))
        if self.training and self.options.patchout:
            n_special, n_tokens = self.options.n_special_tokens, tokens.shape[1]
            n_kept = max(1, round((n_tokens - n_special) * (1 - self.options.patchout)))
            kept = torch.randperm(n_tokens - n_special)[:n_kept].sort().values + n_special
            tokens = torch.cat([tokens[:, :n_special], tokens[:, kept]], dim=1)
        normed = self.norm(self.blocks(tokens))
        n_read = self.options.n_special_tokens or normed.shape[1]
        logits: Tensor = self.readout(self.mean(normed[:, :n_read]))
        return logits


def _patches(options: AudioTransformer) -> nn.Module:
    return nn.Conv2d(1, options.width, options.patch, options.patch_stride)


def _stem(options: AudioTransformer) -> nn.Module:
    layers: list[nn.Module] = []
    n_in = 1
    for n_out in options.stem_widths:
        layers += [nn.Conv2d(n_in, n_out, 3, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]
        n_in = n_out
    return nn.Sequential(*layers, nn.Conv2d(n_in, options.width, 3, 1, 1))


class Positions(nn.Module):
    """Turns a map of tokens into a row of them, adds where each stands, and puts special tokens in front.

    maps [batch, width, mel, frame]  ->  tokens [batch, special + mel * frame, width]

    A special token and its own place are constants, so that what stands in front is their sum, known before a clip is.
    """

    def __init__(self, width: int, grid: tuple[int, int], n_special: int, kind: str) -> None:
        super().__init__()
        self.grid = grid
        self.special = nn.Parameter(0.02 * torch.randn(n_special, width)) if n_special else None
        learnt = kind == "learnt"
        self.learnt = nn.Parameter(0.02 * torch.randn(n_special + grid[0] * grid[1], width)) if learnt else None

    def forward(self, maps: Tensor) -> Tensor:
        n_clips, width, n_mels, n_frames = maps.shape
        tokens = maps.flatten(2).transpose(1, 2)
        places = self._places(width, (n_mels, n_frames)).to(tokens.dtype)
        if self.special is None:
            return tokens + places
        n_special = len(self.special)
        in_front = (self.special + places[:n_special]).expand(n_clips, -1, -1)
        return torch.cat([in_front, tokens + places[n_special:]], dim=1)

    def _places(self, width: int, grid: tuple[int, int]) -> Tensor:
        n_special = 0 if self.special is None else len(self.special)
        if self.learnt is None:
            return torch.cat([torch.zeros(n_special, width), sine_positions(width, grid)])
        if grid == self.grid:
            return self.learnt
        table = self.learnt[n_special:].T.reshape(1, width, *self.grid)
        table = functional.interpolate(table, size=grid, mode="bilinear", align_corners=False)
        return torch.cat([self.learnt[:n_special], table.flatten(2)[0].T])

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """One addition per element of a token of the map."""
        return {"add_fp32": float(inputs[0].numel())}

    def n_deployed_weights_at(self, output: Tensor) -> int:
        """The tokens in front, and the place of each other."""
        return output[0].numel()


def sine_positions(width: int, grid: tuple[int, int]) -> Tensor:
    """[mel * frame, width]: half of the width for each axis, sines then cosines of 10000^(-k / (width / 4)).

    Vaswani et al., NeurIPS 2017, section 3.5, along two axes.
    """
    n_waves = width // 4
    waves = 10000.0 ** (-torch.arange(n_waves) / n_waves)
    axes = [torch.arange(n)[:, None] * waves for n in grid]
    mel, frame = (torch.cat([axis.sin(), axis.cos()], dim=1) for axis in axes)
    both = torch.cat([mel[:, None].expand(-1, grid[1], -1), frame[None].expand(grid[0], -1, -1)], dim=2)
    return both.reshape(grid[0] * grid[1], width)


class Block(nn.Module):
    """Pre-norm block: attention, then a hidden layer, each added to its input."""

    def __init__(self, options: AudioTransformer) -> None:
        super().__init__()
        width, hidden = options.width, round(options.width * options.mlp_ratio)
        self.norm_before = nn.LayerNorm(width, eps=options.norm_epsilon)
        self.queries, self.keys, self.values = (nn.Linear(width, width) for _ in range(3))
        self.attention = Attention(options.n_heads)
        self.projection = nn.Linear(width, width)
        self.norm_between = nn.LayerNorm(width, eps=options.norm_epsilon)
        self.hidden = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.dropout = nn.Dropout(options.dropout)
        self.sum = Sum()

    def forward(self, tokens: Tensor) -> Tensor:
        normed = self.norm_before(tokens)
        attended = self.attention(self.queries(normed), self.keys(normed), self.values(normed))
        tokens = self.sum(tokens, self.dropout(self.projection(attended)))
        result: Tensor = self.sum(tokens, self.dropout(self.hidden(self.norm_between(tokens))))
        return result


class Attention(nn.Module):
    """softmax(Q K' / sqrt(head)) V in `n_heads` heads: [batch, token, width] three times -> [batch, token, width]."""

    def __init__(self, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        n_clips, n_tokens, width = queries.shape
        q, k, v = (
            x.view(n_clips, -1, self.n_heads, width // self.n_heads).transpose(1, 2) for x in (queries, keys, values)
        )
        attended = functional.scaled_dot_product_attention(q, k, v)
        return attended.transpose(1, 2).reshape(n_clips, n_tokens, width)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """Two products of tokens with tokens, and a softmax per head and token."""
        n_clips, n_tokens, width = output.shape
        return attention_operations(n_clips * self.n_heads, n_tokens, n_tokens, width // self.n_heads)


class Sum(nn.Module):
    """A residual sum."""

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        return one + other

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """One addition per element."""
        return {"add_fp32": float(output.numel())}


class TokenMean(nn.Module):
    """The mean of the tokens that it is given: [batch, token, width] -> [batch, width]."""

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens.mean(dim=1)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """Additions of all tokens, and one multiplication per element."""
        return mean_operations(inputs[0].numel(), output.numel())
