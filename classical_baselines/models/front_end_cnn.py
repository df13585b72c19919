# classical_baselines/models/front_end_cnn.py
"""A front end that learns before a CNN that is as it always is: both trained as one network on the samples.

    encoded   [batch, 1, sample]       as the front end `waveform` gives it
    picture   [batch, channel * band, frame]
    logits    [batch, class]

The body is `ds-cnn` or `residual-cnn`, unchanged but for the channels that its stem reads where the picture has more
than one. `front_end = "log-mel"` puts the fixed spectrogram there: the control, which differs from the others in the
front end alone. Training clips lose bands and frames of their picture as SpecAugment's masks would hide them (Park et
al., Interspeech 2019), since the pipeline varies no picture that it does not see; a masked cell is 0.

All operations are those of the stage `network`: what is learnt is part of the network and runs where it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from classical_baselines.augment.spectrogram import hidden
from classical_baselines.front_ends.differentiable_stft import DifferentiableStft
from classical_baselines.front_ends.leaf import EfficientLeaf, Leaf
from classical_baselines.front_ends.learnt_front_end import LearntFrontEnd, LearntFrontEndOptions
from classical_baselines.front_ends.log_mel_layers import LogMelLayers
from classical_baselines.front_ends.multi_resolution import MultiResolution
from classical_baselines.harness.choices import InputError, build_options, choose
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.models.ds_cnn import DsCnn, DsCnnClassifier
from classical_baselines.models.picture import LARGEST_STEP, check_sizes
from classical_baselines.models.quantised import FLOAT_BITS
from classical_baselines.models.residual_cnn import ResidualCnn, ResidualCnnClassifier
from classical_baselines.models.samples import check_samples

# Named here and not in a registry, whose entries are no part of a cell's key: their code is.
FRONT_ENDS: Mapping[str, type[LearntFrontEndOptions]] = {
    "log-mel": LogMelLayers,
    "leaf": Leaf,
    "efficient-leaf": EfficientLeaf,
    "differentiable-stft": DifferentiableStft,
    "multi-resolution": MultiResolution,
}
Body = DsCnnClassifier | ResidualCnnClassifier
BODIES: Mapping[str, type[DsCnn | ResidualCnn]] = {"ds-cnn": DsCnn, "residual-cnn": ResidualCnn}
HIGHEST_SAMPLE_RATE_HZ = 768_000


@dataclass(frozen=True)
class FrontEndCnn:
    """The options of a learnt front end and the CNN behind it."""

    sample_rate_hz: int = 8000  # of the clips; a study whose clips have another is refused
    front_end: str = "efficient-leaf"
    front_end_options: Mapping[str, Any] = field(default_factory=dict)
    body: str = "ds-cnn"
    body_options: Mapping[str, Any] = field(default_factory=dict)
    frequency_mask_bands: int = 0  # the most bands that a training clip loses
    time_mask_frames: int = 0  # the most frames

    def __post_init__(self) -> None:
        check_sizes("sample_rate_hz", self.sample_rate_hz, 1, HIGHEST_SAMPLE_RATE_HZ)
        for name in ("frequency_mask_bands", "time_mask_frames"):
            check_sizes(name, getattr(self, name), 0, LARGEST_STEP)
        self.chosen_front_end()
        if self.chosen_body().bits != FLOAT_BITS:
            raise InputError(
                f"A learnt front end has no integer form, so its body cannot have one. Leave bits at {FLOAT_BITS}."
            )

    def chosen_front_end(self) -> LearntFrontEndOptions:
        """The front end's options, checked."""
        entry = choose(FRONT_ENDS, self.front_end, what="learnt front end")
        return build_options(entry, self.front_end_options, what=f"front end {self.front_end!r}")

    def chosen_body(self) -> DsCnn | ResidualCnn:
        """The body's options, checked."""
        entry = choose(BODIES, self.body, what="body")
        return cast(DsCnn | ResidualCnn, build_options(entry, self.body_options, what=f"body {self.body!r}"))

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        n_samples = check_samples(shape, "front-end-cnn")
        front_end = self.chosen_front_end().build(n_samples, self.sample_rate_hz)
        return FrontEndCnnClassifier(self, front_end, n_samples, n_classes)


class FrontEndCnnClassifier(Classifier):
    """The network of `FrontEndCnn`."""

    def __init__(self, options: FrontEndCnn, front_end: LearntFrontEnd, n_samples: int, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.front_end = front_end
        with torch.no_grad():
            n_frames = front_end.eval()(torch.zeros(1, n_samples)).shape[-1]
        front_end.train()
        picture = EncodedShape("intensity", (front_end.n_bands, n_frames))
        self.body = cast(Body, options.chosen_body().build(picture, n_classes))
        if front_end.n_channels > 1:
            read_channels(self.body, front_end.n_channels)
        self.hidden_maps = tuple(f"body.{name}" for name in self.body.hidden_maps)

    def forward(self, encoded: Tensor) -> Tensor:
        channels = (self.front_end.n_channels, self.front_end.n_bands)
        pictures = self.front_end(encoded[:, 0]).unflatten(1, channels)
        if self.training:
            pictures = masked(pictures, self.options.frequency_mask_bands, self.options.time_mask_frames)
        logits: Tensor = self.body(pictures if self.front_end.n_channels > 1 else pictures[:, 0])
        return logits

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Per clip: the layers, and what Fourier transforms move within themselves."""
        within = self.front_end.fourier_bytes(encoded.shape[-1])
        counts = count_modules(self, encoded[:1])
        return counts + OperationCounts.of("network", "front_end.butterflies", sram_bytes=within) if within else counts


def read_channels(body: Body, n_channels: int) -> None:
    """Let the stem of a body read so many channels, in place: [batch, channel, band, frame] in."""
    one = body.stem.convolution
    body.stem.convolution = nn.Conv2d(
        n_channels,
        one.out_channels,
        cast(tuple[int, int], one.kernel_size),
        cast(tuple[int, int], one.stride),
        cast(tuple[int, int], one.padding),
        bias=one.bias is not None,
    )
    body.input = nn.Flatten(1, 2)  # the body puts an axis of one channel in front, which this takes away


def masked(pictures: Tensor, n_bands: int, n_frames: int) -> Tensor:
    """[batch, channel, band, frame] with a stretch of up to so many bands and frames of each clip at 0."""
    generator = torch.default_generator  # seeded by the training loop
    for widest, axis in ((n_bands, 2), (n_frames, 3)):
        if widest:
            mask = hidden(pictures.shape[axis], widest, len(pictures), generator).to(pictures.device)
            shape = [len(pictures), 1, 1, 1]
            shape[axis] = pictures.shape[axis]
            pictures = pictures.masked_fill(mask.reshape(shape), 0)
    return pictures
