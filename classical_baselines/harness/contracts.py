# classical_baselines/harness/contracts.py
"""The contracts of the hourglass: what goes in above the waist, and the one thing that comes out.

    waveform -> FrontEnd -> spectrogram -> intensity -> Encoder -> Classifier, run on a Backend -> Outcome

    waveform     [batch, sample]            -1 to 1
    spectrogram  [batch, mel, frame]        decibels or another level
    intensity    [batch, mel, frame]        in [0, 1]
    spikes       [step, batch, channel]     0 or 1 (graded: 0 to 1)
    states       [batch, amplitude]         unit norm
    logits       [batch, class]

Above the waist the paradigms differ in everything. Below it nothing knows which paradigm an
`Outcome` came from: the store, the statistics, the pricing and the report read only what stands here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.streamed_rows import Rows, chosen_rows


@dataclass(frozen=True)
class Clips:
    """Labelled recordings of one data set.

    Strings stay strings: the speaker `00000001` is not the number 1.
    """

    inputs: Mapping[str, Rows]  # "waveform": [clip, sample], float32, zero after a clip's own end
    n_samples: Tensor  # [clip], each clip's own length within "waveform"
    targets: Tensor  # [clip], index into label_names
    groups: tuple[str, ...]  # speaker, source recording or patient; "" where the data set has none
    folds: tuple[str, ...]  # the data set's own fold or split
    names: tuple[str, ...]  # file names as in the manifest
    label_names: tuple[str, ...]
    sample_rate_hz: int
    content_hash: str  # SHA-256 over samples, labels, groups and folds

    def __len__(self) -> int:
        return len(self.names)

    @property
    def waveform(self) -> Rows:
        """[clip, sample]: a tensor, or rows that stream where the set is large."""
        return self.inputs["waveform"]

    def subset(self, indices: Sequence[int]) -> "Clips":
        """The clips at `indices`, in that order; the content hash stays that of the whole set."""
        rows = torch.as_tensor(list(indices), dtype=torch.long)
        return replace(
            self,
            inputs={name: chosen_rows(values, rows) for name, values in self.inputs.items()},
            n_samples=self.n_samples[rows],
            targets=self.targets[rows],
            groups=tuple(self.groups[i] for i in indices),
            folds=tuple(self.folds[i] for i in indices),
            names=tuple(self.names[i] for i in indices),
        )


@runtime_checkable
class FrontEnd(Protocol):
    """From sound to a picture of it. A front end has no trained state; its cost is always in the budget."""

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> [batch, mel, frame]."""
        ...

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of stage `front_end` for one clip of `n_samples`."""
        ...


@dataclass(frozen=True)
class EncodedShape:
    """What an encoder gives for one clip, so that a classifier can be built to fit."""

    code: str  # "intensity", "spikes", "graded" (8-bit levels in spike slots), "state" or "complex-state"
    grid: tuple[int, ...]  # axes of one clip, flattened to `channel` (spikes) or `amplitude` (states): (mel, frame)
    n_steps: int = 1  # simulation steps; 1 where there is no step axis

    @property
    def n_channels(self) -> int:
        """Product of the grid."""
        return int(np.prod(self.grid))


@runtime_checkable
class Encoder(Protocol):
    """From an intensity in [0, 1] to what a network of its paradigm reads."""

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        """[batch, mel, frame] -> spikes [step, batch, channel], states [batch, amplitude], or as it is."""
        ...

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        """The shape that one clip is given."""
        ...

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Mean counts per clip of stage `encoder`, from a batch and its code."""
        ...


class Classifier(nn.Module):
    """A trainable network from encoded clips to logits [batch, class]; the base of every model of the suite.

    A subclass that is not fitted by gradients overrides `fit_directly`.
    """

    batch_axis: int = 0  # of the encoded input: 1 for spikes [step, batch, channel]
    memory_format: torch.memory_format = torch.channels_last  # in training: a CNN of few channels takes 0.5 to 0.9 of
    # the time that it takes with the channel first (measured on one core; no result depends on it beyond rounding)

    hidden_maps: tuple[str, ...] = ()  # names of its modules that give [batch, channel, mel, frame], from the input on:
    # what an augmentation may mask while the network trains

    def forward(self, encoded: Tensor) -> Tensor:
        """Logits [batch, class]."""
        raise TypeError(f"{type(self).__name__} defines no forward pass")

    def penalty(self) -> Tensor:
        """What the last forward pass adds to the loss (a spike-rate target, say); 0 by default."""
        return torch.zeros(())

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        """Called before each epoch; where quantisation is switched on, for one."""

    def n_parameters(self) -> int:
        """Fitted numbers that the deployed network holds; those of a directly fitted one stand in its buffers."""
        return sum(parameter.numel() for parameter in self.parameters())

    def fit_directly(self, encoded: Tensor, targets: Tensor, seed: int) -> bool:
        """Fit without gradients and return True; False means: train me by the common loop."""
        del encoded, targets, seed
        return False


class ClassifierOptions(Protocol):
    """A frozen dataclass of options, as a registry of classifiers holds them."""

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        """A new network; its initial weights are drawn from torch's global generator, seeded by the caller."""
        ...


@dataclass(frozen=True)
class Trained:
    """A trained classifier with its encoder, as a backend takes it."""

    encoder: Encoder
    classifier: Classifier
    calibration: Tensor  # [batch, mel, frame]: intensities of training clips, the only ones that ranges may be set on


@dataclass(frozen=True)
class Check:
    """A comparison that a backend made while it ran: Lava against the emulator, Aer against the engine."""

    name: str  # "lava-equality"
    passed: bool
    details: Mapping[str, Any]  # JSON-ready: how much was compared, what differed most


@dataclass(frozen=True)
class Exhibit:
    """A picture for the report: drawn below the waist, never interpreted there."""

    title: str
    array: np.ndarray[Any, Any]  # 2-D
    axis_names: tuple[str, str]  # of rows and columns
    unit: str


@dataclass(frozen=True)
class Outcome:
    """What one trained system did with some clips on one backend: all that the lower half of the suite sees."""

    logits: Tensor  # [clip, class], float
    counts: OperationCounts  # mean per clip; stages `encoder`, `network`, `readout` (the pipeline adds `front_end`)
    wall_seconds: float
    checks: tuple[Check, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    clip_indices: tuple[int, ...] | None = None  # which of the given clips were run; None: all
    notes: Mapping[str, Any] = field(default_factory=dict)  # JSON-ready facts for the table: n_parameters, spike rates


class Backend(Protocol):
    """Where a trained classifier is run. A frozen dataclass of options; one whose class says `takes_rows` is also given
    intensities that stream (`streamed_rows`), where all others are given a tensor."""

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and counts for [batch, mel, frame]; pictures of the first `n_exhibits` clips."""
        ...
