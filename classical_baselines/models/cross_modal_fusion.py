# classical_baselines/models/cross_modal_fusion.py
"""Two views of one sound, fused: cross-modal attention under a gate, and background suppressed by the other view.

    encoded   [batch, band, frame]     the first `first_bands` rows are view 1, the rest view 2 (`paired-views`)
    X_i       [batch, token, width]    branch i: a residual CNN; a token for each frame of its maps, their mean over mel

"cross-modal", for view i and the other view j, with weights W, w and b of its own at every place:

    attention     Q = W (N_i(X_i) + P),  K = W (N_j(X_j) + P),  V = W N_j(X_j) + b      N layer norm, P sines of t
                  C = W softmax(Q K' / sqrt(head)) V + b,   Y_i = X_i + sigmoid(W [X_i, C] + b) * C
    time          a_j[t] = sigmoid(w . Y_j[t] + b),   Z_i[t] = (1 - s + s a_j[t]) Y_i[t]          s `time_suppression`
    activations   A_i[t, c] = W Z_i[t] + b                                                [batch, token, class]
    event         L[c] = (mean_t A_1 + mean_t A_2) / 2 + e ln mean_t(sigmoid(A_1) sigmoid(A_2))  e `event_suppression`

A frame that one view takes for background counts less in the other, and the score exp(L) of a class is gated by the
share of frames in which both views see the class. s = 0, e = 0 and `cross_attention = false` switch a part off; with
all three off, "late" is what is left. Controls, on the same branches:

    "late"                the mean of the two views' logits, W mean_t X_i + b each
    "channels"            one branch that reads both views as two channels; they need equally many bands
    "first", "second"     one branch on one view; the rows of the other are not read
    "one-view"            one branch on the whole of a picture that is one view

From the paper: attention across modalities under a gate; temporal attention of either modality that gates the other;
class activations of both that gate the final score. Ours: the branches, every equation above (what the gate reads, P,
the strengths s and e, the event's gate as a mean of products, in the logarithm), and no loss beyond the common one,
where the paper has losses for labelled segments.

Reference: Xia & Zhao, CVPR 2022 (cross-modal background suppression for audio-visual event localisation), after a
description of it; no code of theirs was read.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.audio_transformer import Attention, Sum, TokenMean, sine_positions
from classical_baselines.models.convolutions import AxisMean, Pair, check_one_each, check_share, convolution
from classical_baselines.models.picture import LARGEST_STEP, LARGEST_WIDTH, check_sizes, picture_size
from classical_baselines.models.se_residual_cnn import SeResidualBlock

# What the branches of a fusion read.
READS: Mapping[str, tuple[str, ...]] = {
    "cross-modal": ("first", "second"),
    "late": ("first", "second"),
    "channels": ("channels",),
    "first": ("first",),
    "second": ("second",),
    "one-view": ("picture",),
}
PARTS = ("cross_attention", "n_heads", "time_suppression", "event_suppression")  # of the cross-modal fusion alone


@dataclass(frozen=True)
class CrossModalFusion:
    """The options of a fusion of two views."""

    first_bands: int | None = None  # rows of the first view; None: half of them
    fusion: Literal["cross-modal", "late", "channels", "first", "second", "one-view"] = "cross-modal"
    stem_width: int = 16  # of each branch
    stem_stride: Pair = (2, 2)  # mel, frame
    widths: tuple[int, ...] = (16, 32, 64)  # channels of each residual block; the last: of a token
    strides: tuple[Pair, ...] = ((1, 1), (2, 1), (2, 1))
    dropout: float = 0.2  # of the channels that a branch ends with
    cross_attention: bool = True
    n_heads: int = 4
    time_suppression: float = 1.0  # s: 0 is off, 1 can silence a frame
    event_suppression: float = 1.0  # e: 0 is off

    def __post_init__(self) -> None:
        choose(READS, self.fusion, what="fusion")
        check_one_each(widths=self.widths, strides=self.strides)
        for name in ("stem_width", "widths", "n_heads"):
            check_sizes(name, getattr(self, name), 1, LARGEST_WIDTH)
        check_sizes("stem_stride", self.stem_stride, 1, LARGEST_STEP)
        for stride in self.strides:
            check_sizes("strides", stride, 1, LARGEST_STEP)
        check_share("dropout", self.dropout)
        for name in ("time_suppression", "event_suppression"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} must lie in [0, 1], where 0 is off; got {getattr(self, name)}.")
        self._check_together()

    def _check_together(self) -> None:
        """What one option asks of another."""
        default = {option.name: option.default for option in fields(self)}
        if self.fusion != "cross-modal":
            changed = ", ".join(name for name in PARTS if getattr(self, name) != default[name])
            if changed:
                raise InputError(
                    f"{changed}: a part of the fusion cross-modal alone; {self.fusion!r} has none. Leave it out."
                )
        elif not (self.cross_attention or self.time_suppression or self.event_suppression):
            raise InputError("Every part of the fusion cross-modal is off. Choose the fusion late: it is what is left.")
        elif not self.cross_attention and self.n_heads != default["n_heads"]:
            raise InputError("n_heads does nothing while cross_attention is off. Leave it out.")
        elif self.cross_attention and (self.widths[-1] % self.n_heads or self.widths[-1] % 2):
            raise InputError(
                f"A token is as wide as the last of widths, which must be even and a multiple of n_heads "
                f"({self.n_heads}); got {self.widths[-1]}."
            )
        if self.fusion == "one-view" and self.first_bands is not None:
            raise InputError("The fusion one-view reads the whole picture as one view. Leave first_bands out.")

    def bands(self, n_bands: int) -> Pair:
        """Rows of the first and of the second view in a picture; a split that cannot be is refused.

        >>> CrossModalFusion(first_bands=40).bands(72), CrossModalFusion().bands(72)
        ((40, 32), (36, 36))
        """
        if self.fusion == "one-view":
            return n_bands, 0
        if self.first_bands is None and n_bands % 2:
            raise InputError(
                f"A picture of {n_bands} bands has no two halves. Say first_bands, those of its first view."
            )
        first = n_bands // 2 if self.first_bands is None else self.first_bands
        if not 0 < first < n_bands:
            raise InputError(
                f"first_bands = {first} does not split a picture of {n_bands} bands into two views. Give the number of "
                f"bands that the first view has, 1 to {n_bands - 1}; the front end paired-views makes two."
            )
        if self.fusion == "channels" and 2 * first != n_bands:
            raise InputError(
                f"The views have {first} and {n_bands - first} bands; as channels they need equally many. Choose views "
                "of one height, or another fusion."
            )
        return first, n_bands - first

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        n_bands, _ = picture_size(shape, "cross-modal-fusion")
        return CrossModalFusionClassifier(self, self.bands(n_bands), n_classes)


class CrossModalFusionClassifier(Classifier):
    """The network of `CrossModalFusion`."""

    def __init__(self, options: CrossModalFusion, bands: Pair, n_classes: int) -> None:
        super().__init__()
        self.options = options
        width, read = options.widths[-1], READS[options.fusion]
        crossed = options.fusion == "cross-modal"
        self.views = Views(options, bands)
        self.hidden_maps = tuple(
            f"views.branches.{branch}.{part}" for part in range(1 + len(options.widths)) for branch in range(len(read))
        )
        self.mel_mean = AxisMean("mel")
        self.attention = CrossAttention(width, options.n_heads) if crossed and options.cross_attention else None
        self.time = TimeSuppression(width, options.time_suppression) if crossed and options.time_suppression else None
        self.event = EventGate(options.event_suppression) if crossed and options.event_suppression else None
        self.readouts = nn.ModuleList(nn.Linear(width, n_classes) for _ in read)
        self.mean = TokenMean()
        self.late = LateMean()
        self.sum = Sum()

    def forward(self, encoded: Tensor) -> Tensor:
        tokens = [self.mel_mean(maps)[:, :, 0].transpose(1, 2) for maps in self.views.read(self.views(encoded))]
        if self.attention is not None:
            tokens = self.attention(*tokens)
        if self.time is not None:
            tokens = self.time(*tokens)
        if self.event is None:  # the mean of what is read out is what is read out of the mean, and dearer
            return self.late(*(readout(self.mean(x)) for readout, x in zip(self.readouts, tokens, strict=True)))
        activations = [readout(x) for readout, x in zip(self.readouts, tokens, strict=True)]
        logits: Tensor = self.sum(self.late(*map(self.mean, activations)), self.event(*activations))
        return logits


class Views(nn.Module):
    """The branches, and their maps where they lie over the picture: [batch, band, frame] -> [batch, map, mel, frame].

    View 1 has the first rows and view 2 the rest, as in the picture, and either branch has maps of its own, which are 0
    in the rows that it does not read: an explanation by these maps weighs each branch by itself and is laid over the
    right view. Where views are channels, their common maps stand in both.
    """

    def __init__(self, options: CrossModalFusion, bands: Pair) -> None:
        super().__init__()
        self.bands = bands
        self.reads = READS[options.fusion]
        strides = (options.stem_stride, *options.strides)
        self.rows = tuple(rows_after(n_bands, strides) for n_bands in bands)
        self.branches = nn.ModuleList(branch(options, 2 if read == "channels" else 1) for read in self.reads)

    def forward(self, encoded: Tensor) -> Tensor:
        first, second = (view[:, None] for view in encoded.split(self.bands, dim=1))
        maps = []
        for name, one in zip(self.reads, self.branches, strict=True):
            if name == "first":
                maps.append(functional.pad(one(first), (0, 0, 0, self.rows[1])))
            elif name == "second":
                maps.append(functional.pad(one(second), (0, 0, self.rows[0], 0)))
            elif name == "channels":
                maps.append(one(torch.cat([first, second], dim=1)).repeat(1, 1, 2, 1))
            else:
                maps.append(one(encoded[:, None]))
        return torch.cat(maps, dim=1)

    def read(self, maps: Tensor) -> list[Tensor]:
        """The maps of each branch [batch, width, mel, frame], out of those over the picture."""
        rows = {"second": slice(self.rows[0], None)}  # all others begin with the first row
        each = zip(self.reads, maps.chunk(len(self.reads), dim=1), strict=True)
        return [of_branch[:, :, rows.get(name, slice(self.rows[0]))] for name, of_branch in each]


def branch(options: CrossModalFusion, n_channels: int) -> nn.Sequential:
    """A stem and residual blocks: [batch, channel, band, frame] -> [batch, width, mel, frame]."""
    n_ins = (options.stem_width, *options.widths[:-1])
    return nn.Sequential(
        convolution(n_channels, options.stem_width, (3, 3), options.stem_stride),
        *(
            SeResidualBlock(n_in, n_out, stride, dilation=1, reduction=0, share_left_out=0.0)
            for n_in, n_out, stride in zip(n_ins, options.widths, options.strides, strict=True)
        ),
        nn.Dropout2d(options.dropout),
    )


def rows_after(n_bands: int, strides: tuple[Pair, ...]) -> int:
    """Rows that a branch makes of so many bands.

    >>> rows_after(33, ((2, 2), (1, 1), (2, 1)))
    9
    """
    for stride, _ in strides:
        n_bands = -(-n_bands // stride)
    return n_bands


class CrossAttention(nn.Module):
    """X_1, X_2 -> Y_1, Y_2: each view asks the other, and lets in what a gate allows."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.positions = FramePositions()
        self.asking = nn.ModuleList(GatedAttention(width, n_heads) for _ in range(2))

    def forward(self, first: Tensor, second: Tensor) -> list[Tensor]:
        normed = [norm(x) for norm, x in zip(self.norms, (first, second), strict=True)]
        placed = [self.positions(x) for x in normed]
        return [
            asking(x, placed[i], placed[1 - i], normed[1 - i])
            for i, (asking, x) in enumerate(zip(self.asking, (first, second), strict=True))
        ]


class GatedAttention(nn.Module):
    """One direction: X_i, N_i + P, N_j + P and N_j -> Y_i."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.queries, self.keys = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.values, self.projection = (nn.Linear(width, width) for _ in range(2))
        self.attention = Attention(n_heads)
        self.gate = nn.Sequential(nn.Linear(2 * width, width), nn.Sigmoid())
        self.sum = GatedSum()

    def forward(self, own: Tensor, own_placed: Tensor, other_placed: Tensor, other: Tensor) -> Tensor:
        attended = self.attention(self.queries(own_placed), self.keys(other_placed), self.values(other))
        context = self.projection(attended)
        result: Tensor = self.sum(own, context, self.gate(torch.cat([own, context], dim=2)))
        return result


class FramePositions(nn.Module):
    """Adds to every token the sines and cosines of its place among the frames."""

    def forward(self, tokens: Tensor) -> Tensor:
        _, n_tokens, width = tokens.shape
        return tokens + sine_positions(2 * width, (1, n_tokens))[:, width:].to(tokens)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """One addition per element."""
        del inputs
        return {"add_fp32": float(output.numel())}

    def n_deployed_weights_at(self, output: Tensor) -> int:
        """The table of places, which both views share."""
        return output[0].numel()


class GatedSum(nn.Module):
    """x + gate * context."""

    def forward(self, own: Tensor, context: Tensor, gate: Tensor) -> Tensor:
        return own + gate * context

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """A multiplication and an addition per element."""
        del inputs
        return {"multiply_fp32": float(output.numel()), "add_fp32": float(output.numel())}


class TimeSuppression(nn.Module):
    """Y_1, Y_2 -> Z_1, Z_2: the temporal attention of either view gates the frames of the other."""

    def __init__(self, width: int, strength: float) -> None:
        super().__init__()
        self.attention = nn.ModuleList(nn.Sequential(nn.Linear(width, 1), nn.Sigmoid()) for _ in range(2))
        self.gate = FrameGate(strength)

    def forward(self, first: Tensor, second: Tensor) -> list[Tensor]:
        of_first, of_second = (attention(x) for attention, x in zip(self.attention, (first, second), strict=True))
        return [self.gate(first, of_second), self.gate(second, of_first)]


class FrameGate(nn.Module):
    """(1 - s + s a[t]) Y[t] of tokens [batch, token, width] and an attention [batch, token, 1]."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, tokens: Tensor, attention: Tensor) -> Tensor:
        return tokens * (1 - self.strength + self.strength * attention)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """A multiplication per element; one and an addition per token for a strength below 1."""
        n_scaled = float(inputs[1].numel()) if self.strength < 1 else 0.0
        return {"multiply_fp32": output.numel() + n_scaled, "add_fp32": n_scaled}


class EventGate(nn.Module):
    """e ln mean_t(sigmoid(A_1) sigmoid(A_2)): [batch, token, class] twice -> [batch, class], never above 0."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        both = functional.logsigmoid(first) + functional.logsigmoid(second)  # products would fall to 0, whose ln is not
        return self.strength * (both.logsumexp(dim=1) - math.log(first.shape[1]))

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """Per activation ln sigmoid x = min(x, 0) - ln(1 + exp(-|x|)), and the sum of the two; per class a maximum,
        its difference from each, exponentials, their sum, a logarithm, the maximum and -ln n added, and a strength
        below 1."""
        n, n_classes = float(inputs[0].numel()), float(output.numel())
        return {
            "compare_fp32": 2 * n + (n - n_classes),
            "transcendental_fp32": 4 * n + n + n_classes,
            "add_fp32": (4 + 1) * n + n + (n - n_classes) + 2 * n_classes,
            "multiply_fp32": n_classes if self.strength < 1 else 0.0,
        }


class LateMean(nn.Module):
    """The mean of the logits of two views; those of one as they are."""

    def forward(self, first: Tensor, *second: Tensor) -> Tensor:
        return (first + second[0]) / 2 if second else first

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """An addition and a multiplication per class, where there are two."""
        n = float(output.numel()) if len(inputs) > 1 else 0.0
        return {"add_fp32": n, "multiply_fp32": n}
