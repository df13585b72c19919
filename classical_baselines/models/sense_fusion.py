"""A sound and an image, fused: cross-modal attention under a gate, and background suppressed by the other sense.

    encoded   [batch, row, frame]      `sound_rows` rows of the sound, above them those of the image (`sound-and-image`)
    X_s       [batch, token, width]    branch of the sound: a residual CNN; a token for each frame of its maps
    X_i       [batch, token, width]    branch of the image: the same on 8 x 8 pixels; a token for each of 4 x 4 places

"cross-attention", for sense i and the other sense j, with weights W, w and b of its own at every place:

    attention     Q = W (N_i(X_i) + P_i),  K = W (N_j(X_j) + P_j),  V = W N_j(X_j) + b    N layer norm, P sines of place
                  C = W softmax(Q K' / sqrt(head)) V + b,   Y_i = X_i + sigmoid(W [X_i, C] + b) * C
    background    a_i[t] = sigmoid(w . [Y_i[t], mean_u Y_j[u]] + b),   Z_i[t] = (1 - s + s a_i[t]) Y_i[t]
                                                                       s `token_suppression`
    classes       A_i[c] = W mean_t Z_i[t] + b
    event         L[c] = (A_s + A_i) / 2 + e (ln sigmoid(A_s) + ln sigmoid(A_i))            e `event_suppression`

A frame or a place that the other sense, as a whole, takes for background counts less; the score of a class is gated by
whether both senses see it. Frames of a sound and places of an image do not correspond, so the other sense gates as a
whole, where two views of one sound gate frame by frame (`cross_modal_fusion`). Controls, on the same branches:

    "late"              the mean of the two senses' logits, W mean_t X_i + b each
    "mid"               W relu(W [mean_t X_s, mean_t X_i] + b) + b: one hidden layer, `width` wide, on both
    "sound", "image"    one branch on a picture that is that sense alone

`sense_dropout` is the share of training clips that lose one of the two senses, either as often: their rows become 0,
silence or paper (Neverova, Wolf, Taylor & Nebout, IEEE TPAMI 38(8), 2016, 1692-1706, ModDrop). Without it a fusion has
never seen a sense missing.

Reference: Xia & Zhao, CVPR 2022 (cross-modal background suppression), after a description of it; no code of theirs was
read. What is theirs and what is ours: `cross_modal_fusion`, whose parts stand here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.layer_operations import LayerOperations, attention_operations
from classical_baselines.models.audio_transformer import Attention, Sum, TokenMean, sine_positions
from classical_baselines.models.convolutions import AxisMean, Pair, check_one_each, check_share, convolution
from classical_baselines.models.cross_modal_fusion import (
    CrossModalFusion,
    EventGate,
    FrameGate,
    FramePositions,
    GatedAttention,
    LateMean,
    branch,
)
from classical_baselines.models.picture import LARGEST_STEP, LARGEST_WIDTH, check_sizes, picture_size
from classical_baselines.models.se_residual_cnn import SeResidualBlock

SENSES = ("sound", "image")
READS: Mapping[str, tuple[str, ...]] = {  # branches of a fusion
    "cross-attention": SENSES,
    "mid": SENSES,
    "late": SENSES,
    "sound": ("sound",),
    "image": ("image",),
}
PARTS = ("n_heads", "token_suppression", "event_suppression")  # of the cross-attention alone
PIXELS = 8  # along either axis
PLACES = 4  # of the image's maps, along either axis


@dataclass(frozen=True)
class SenseFusion:
    """The options of a fusion of a sound and an image."""

    sound_rows: int | None = None  # of the picture; None: half of them
    fusion: Literal["cross-attention", "mid", "late", "sound", "image"] = "cross-attention"
    stem_width: int = 16  # of either branch
    stem_stride: Pair = (2, 4)  # mel, frame, of the sound
    widths: tuple[int, ...] = (16, 24, 32)  # channels of each residual block of the sound; the last: of a token
    strides: tuple[Pair, ...] = ((1, 1), (2, 1), (2, 1))
    image_width: int = 24  # channels between the two residual blocks of the image
    dropout: float = 0.2  # of the channels that a branch ends with
    n_heads: int = 4
    token_suppression: float = 1.0  # s: 0 is off, 1 can silence a token
    event_suppression: float = 1.0  # e: 0 is off
    sense_dropout: float = 0.0  # share of training clips that lose a sense

    def __post_init__(self) -> None:
        choose(READS, self.fusion, what="fusion")
        check_one_each(widths=self.widths, strides=self.strides)
        for name in ("stem_width", "widths", "image_width", "n_heads"):
            check_sizes(name, getattr(self, name), 1, LARGEST_WIDTH)
        check_sizes("stem_stride", self.stem_stride, 1, LARGEST_STEP)
        for stride in self.strides:
            check_sizes("strides", stride, 1, LARGEST_STEP)
        check_share("dropout", self.dropout)
        check_share("sense_dropout", self.sense_dropout)
        for name in ("token_suppression", "event_suppression"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} must lie in [0, 1], where 0 is off; got {getattr(self, name)}.")
        self._check_together()

    def _check_together(self) -> None:
        """What one option asks of another."""
        default = {option.name: option.default for option in fields(self)}
        if self.fusion != "cross-attention":
            changed = ", ".join(name for name in PARTS if getattr(self, name) != default[name])
            if changed:
                raise InputError(
                    f"{changed}: of the fusion cross-attention alone; {self.fusion!r} has none. Leave it out."
                )
        elif self.widths[-1] % self.n_heads or self.widths[-1] % 4:
            raise InputError(
                f"A token is as wide as the last of widths, which must be a multiple of 4 and of n_heads "
                f"({self.n_heads}); got {self.widths[-1]}."
            )
        if len(READS[self.fusion]) == 1 and (self.sound_rows is not None or self.sense_dropout):
            raise InputError(
                f"The fusion {self.fusion!r} reads the whole picture as one sense. Leave sound_rows and sense_dropout "
                "out."
            )

    def rows(self, n_rows: int) -> Pair:
        """Rows of the sound and of the image in a picture; a split that cannot be is refused.

        >>> SenseFusion(sound_rows=32).rows(40), SenseFusion().rows(64), SenseFusion(fusion="image").rows(8)
        ((32, 8), (32, 32), (0, 8))
        """
        if len(READS[self.fusion]) == 1:
            rows = (n_rows, 0) if self.fusion == "sound" else (0, n_rows)
        else:
            sound = n_rows // 2 if self.sound_rows is None else self.sound_rows
            rows = (sound, n_rows - sound)
            if sound < 1 or rows[1] < 1:
                raise InputError(
                    f"sound_rows = {sound} leaves {rows[1]} of {n_rows} rows to the image. Say how many bands the "
                    "front end gives the sound; sound-and-image shows both."
                )
        if rows[1] % PIXELS:
            raise InputError(
                f"An image of {PIXELS} x {PIXELS} pixels has a multiple of {PIXELS} rows; the picture has {n_rows} "
                f"rows, of which {rows[0]} are the sound's. Say sound_rows as the front end has it."
            )
        return rows

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        n_rows, n_frames = picture_size(shape, "sense-fusion")
        if "image" in READS[self.fusion] and n_frames < PIXELS:
            raise InputError(f"An image of {PIXELS} columns needs as many frames; the picture has {n_frames}.")
        return SenseFusionClassifier(self, self.rows(n_rows), n_classes)


class SenseFusionClassifier(Classifier):
    """The network of `SenseFusion`."""

    def __init__(self, options: SenseFusion, rows: Pair, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.rows = rows
        width, read = options.widths[-1], READS[options.fusion]
        crossed = options.fusion == "cross-attention"
        self.senses = Senses(options, rows)
        self.hidden_maps = self.senses.hidden_maps
        self.attention = CrossAttention(width, options.n_heads) if crossed else None
        suppressed = crossed and options.token_suppression > 0
        self.background = BackgroundSuppression(width, options.token_suppression) if suppressed else None
        self.event = EventGate(options.event_suppression) if crossed and options.event_suppression else None
        self.mean = TokenMean()
        if options.fusion == "mid":
            self.mid = nn.Sequential(
                nn.Linear(2 * width, width), nn.ReLU(), nn.Dropout(options.dropout), nn.Linear(width, n_classes)
            )
        else:
            self.readouts = nn.ModuleList(nn.Linear(width, n_classes) for _ in read)
            self.late = LateMean()
            self.sum = Sum()

    def forward(self, encoded: Tensor) -> Tensor:
        if self.training and self.options.sense_dropout:
            encoded = without_a_sense(encoded, self.rows[0], self.options.sense_dropout)
        tokens = self.senses.tokens(self.senses(encoded))
        if self.attention is not None:
            tokens = self.attention(*tokens)
        if self.background is not None:
            tokens = self.background(*tokens)
        means = [self.mean(one) for one in tokens]
        if self.options.fusion == "mid":
            joint: Tensor = self.mid(torch.cat(means, dim=1))
            return joint
        classes = [readout(one) for readout, one in zip(self.readouts, means, strict=True)]
        logits: Tensor = self.late(*classes)
        if self.event is not None:
            logits = self.sum(logits, self.event(*(one[:, None] for one in classes)))
        return logits


def without_a_sense(encoded: Tensor, sound_rows: int, share: float) -> Tensor:
    """The pictures [batch, row, frame], a share of them with the rows of one sense, drawn evenly, at 0."""
    drawn = torch.rand(len(encoded), 1, device=encoded.device)
    loses = torch.stack([drawn < share / 2, (drawn >= share / 2) & (drawn < share)], dim=1)  # [batch, sense, 1]
    n_image = encoded.shape[1] - sound_rows
    lost = loses.repeat_interleave(torch.tensor([sound_rows, n_image], device=encoded.device), dim=1)
    return encoded.masked_fill(lost, 0.0)


class Senses(nn.Module):
    """The branches, and their maps where they lie over the picture: [batch, row, frame] -> [batch, map, mel, frame].

    Either branch has maps of its own, which are 0 in the rows of the other, so that an explanation by these maps weighs
    each branch by itself and is laid over the right sense. A place of the image is as wide as so many frames of the
    sound's maps; the heights agree where sound and image have equally many rows.
    """

    def __init__(self, options: SenseFusion, rows: Pair) -> None:
        super().__init__()
        self.rows = rows
        self.reads = READS[options.fusion]
        self.branches = nn.ModuleList(
            sound_branch(options) if one == "sound" else image_branch(options) for one in self.reads
        )
        maps = {"sound": range(1 + len(options.widths)), "image": range(1, 4)}  # the image's pixels are no hidden maps
        self.hidden_maps = tuple(
            f"senses.branches.{number}.{part}" for number, one in enumerate(self.reads) for part in maps[one]
        )
        self.mel_mean = AxisMean("mel")

    def forward(self, encoded: Tensor) -> Tensor:
        each = dict(zip(SENSES, (rows[:, None] for rows in encoded.split(self.rows, dim=1)), strict=True))
        maps = [one(each[name]) for name, one in zip(self.reads, self.branches, strict=True)]
        if len(maps) == 1:
            return maps[0]
        sound, image = maps
        image = image.index_select(3, self.place_of_frame(sound.shape[3], image.device))
        nothing = partial(torch.zeros, dtype=image.dtype, device=image.device)
        above = nothing(*sound.shape[:2], PLACES, sound.shape[3])
        below = nothing(*image.shape[:2], *sound.shape[2:])
        return torch.cat([torch.cat([sound, above], dim=2), torch.cat([below, image], dim=2)], dim=1)

    def tokens(self, maps: Tensor) -> list[Tensor]:
        """[batch, token, width] of each branch, out of the maps over the picture."""
        if self.reads == ("image",):
            return [maps.flatten(2).transpose(1, 2)]
        n_image = PLACES if len(self.reads) == 2 else 0
        sound, *image = maps.chunk(len(self.reads), dim=1)
        found = [self.mel_mean(sound[:, :, : maps.shape[2] - n_image])[:, :, 0].transpose(1, 2)]
        for one in image:
            first = [-(-place * maps.shape[3] // PLACES) for place in range(PLACES)]
            found.append(one[:, :, -PLACES:, first].flatten(2).transpose(1, 2))
        return found

    @staticmethod
    def place_of_frame(n_frames: int, device: torch.device) -> Tensor:
        """[frame]: the column of the image's maps that stands there."""
        if n_frames < PLACES:
            raise InputError(
                f"The {PLACES} columns of an image's maps need as many frames of the sound's; it has {n_frames}. "
                "Choose a smaller stem_stride or strides."
            )
        return torch.arange(n_frames, device=device) * PLACES // n_frames


def sound_branch(options: SenseFusion) -> nn.Sequential:
    """A stem and residual blocks, as of a view: [batch, 1, band, frame] -> [batch, width, mel, frame]."""
    view = CrossModalFusion(
        fusion="late",
        stem_width=options.stem_width,
        stem_stride=options.stem_stride,
        widths=options.widths,
        strides=options.strides,
        dropout=options.dropout,
    )
    return branch(view, 1)


def image_branch(options: SenseFusion) -> nn.Sequential:
    """Pixels, a stem and two residual blocks: [batch, 1, row, frame] -> [batch, width, 4, 4]."""
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(PIXELS),  # of cells that show one pixel; of an image that was shifted, in proportion
        convolution(1, options.stem_width, (3, 3)),
        SeResidualBlock(options.stem_width, options.image_width, (2, 2), dilation=1, reduction=0, share_left_out=0.0),
        SeResidualBlock(options.image_width, options.widths[-1], (1, 1), dilation=1, reduction=0, share_left_out=0.0),
        nn.Dropout2d(options.dropout),
    )


class CrossAttention(nn.Module):
    """X_s, X_i -> Y_s, Y_i: each sense asks the other, and lets in what a gate allows."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in SENSES)
        self.positions = nn.ModuleList([FramePositions(), PlacePositions()])
        self.asking = nn.ModuleList(AskingOther(width, n_heads) for _ in SENSES)

    def forward(self, sound: Tensor, image: Tensor) -> list[Tensor]:
        both = (sound, image)
        normed = [norm(x) for norm, x in zip(self.norms, both, strict=True)]
        placed = [positions(x) for positions, x in zip(self.positions, normed, strict=True)]
        return [
            asking(x, placed[i], placed[1 - i], normed[1 - i])
            for i, (asking, x) in enumerate(zip(self.asking, both, strict=True))
        ]


class AskingOther(GatedAttention):
    """One direction, where the other sense has another number of tokens."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__(width, n_heads)
        self.attention = AttentionAcross(n_heads)


class AttentionAcross(Attention):
    """softmax(Q K' / sqrt(head)) V of queries [batch, token, width] to keys and values of another number of tokens."""

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
        """Two products of tokens with tokens, and a softmax per head and token that asks."""
        n_clips, n_tokens, width = output.shape
        return attention_operations(n_clips * self.n_heads, n_tokens, inputs[1].shape[1], width // self.n_heads)


class PlacePositions(nn.Module):
    """Adds to every token of an image the sines and cosines of its place, along two axes."""

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens + sine_positions(tokens.shape[2], (PLACES, PLACES)).to(tokens)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
        """One addition per element."""
        del inputs
        return {"add_fp32": float(output.numel())}

    def n_deployed_weights_at(self, output: Tensor) -> int:
        """The table of places."""
        return output[0].numel()


class BackgroundSuppression(nn.Module):
    """Y_s, Y_i -> Z_s, Z_i: a token counts by what it is and what the other sense is as a whole."""

    def __init__(self, width: int, strength: float) -> None:
        super().__init__()
        self.mean = TokenMean()
        self.attention = nn.ModuleList(nn.Sequential(nn.Linear(2 * width, 1), nn.Sigmoid()) for _ in SENSES)
        self.gate = FrameGate(strength)

    def forward(self, sound: Tensor, image: Tensor) -> list[Tensor]:
        both = (sound, image)
        wholes = [self.mean(x) for x in both]
        suppressed = []
        for i, (attention, own) in enumerate(zip(self.attention, both, strict=True)):
            other = wholes[1 - i][:, None].expand(-1, own.shape[1], -1)
            suppressed.append(self.gate(own, attention(torch.cat([own, other], dim=2))))
        return suppressed
