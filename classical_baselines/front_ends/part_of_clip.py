# classical_baselines/front_ends/part_of_clip.py
"""A part of a clip, and silence in place of the rest: what a front end, and all behind it, can know from it alone.

    given    x[t], N                 the clip and the number of samples that are its own                [batch, sample]
    part     y[t] = x[t + a], a = from_seconds fs, for t < b - a, b = to_seconds fs; 0 elsewhere        [batch, sample]
    own      min(N, b) - a           at least one
    result   the other front end of y and its own length                                     [batch, mel, frame]

The window keeps its length, so that pictures have the size of those of whole clips: the same network reads both, and
a control differs from what it stands beside in what is heard, and in nothing else. It tells what the background of a
recording gives away of its label before the event that the label is of. A frame that reaches over the end of the part
hears silence there, as it would at the end of a clip.

Moving samples is no arithmetic: the cost is that of the other front end for the whole window.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal, cast

import torch
from torch import Tensor

from classical_baselines.front_ends.band_statistics import BandStatistics
from classical_baselines.front_ends.handcrafted import Handcrafted
from classical_baselines.front_ends.librosa_mel import LibrosaMel
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.pcen import Pcen
from classical_baselines.front_ends.prepared_log_mel import PreparedLogMel
from classical_baselines.front_ends.stft import Stft
from classical_baselines.front_ends.waveform import Waveform
from classical_baselines.harness.checks import check_axes
from classical_baselines.harness.choices import InputError, build_options, choose
from classical_baselines.harness.operations import OperationCounts

Inner = LogMel | PreparedLogMel | LibrosaMel | Stft | Pcen | Handcrafted | BandStatistics | Waveform

# Named here and not in the registry, whose entries are no part of a cell's key: their code is.
OF: Mapping[str, type[Inner]] = {
    "log-mel": LogMel,
    "prepared-log-mel": PreparedLogMel,
    "librosa-mel": LibrosaMel,
    "stft": Stft,
    "pcen": Pcen,
    "handcrafted": Handcrafted,
    "band-statistics": BandStatistics,
    "waveform": Waveform,
}


@dataclass(frozen=True)
class InnerChoice:
    """The front end that sees the part, as a study names it."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PartOfClip:
    """Options of the part and of the front end `of` {name, options} that sees it; calling it gives its picture."""

    of: Mapping[str, Any] = field(default_factory=lambda: {"name": "log-mel"})
    from_seconds: float = 0.0
    to_seconds: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.from_seconds < self.to_seconds < inf:
            raise InputError(
                f"from_seconds and to_seconds must satisfy 0 <= from_seconds < to_seconds; got {self.from_seconds:g} "
                f"and {self.to_seconds:g}."
            )
        self.inner()

    def inner(self) -> Inner:
        """The front end that sees the part."""
        choice = build_options(InnerChoice, self.of, what="the front end of a part of a clip, `of`,")
        entry = choose(OF, choice.name, what="front end of a part of a clip")
        return cast(Inner, build_options(entry, choice.options, what=f"`of`, {choice.name!r},"))

    @property
    def gives(self) -> Literal["decibels", "features"]:
        """What the other front end gives."""
        return self.inner().gives

    def ends(self, sample_rate_hz: int) -> tuple[int, int]:
        """The first sample of the part, and the first behind it."""
        return round(self.from_seconds * sample_rate_hz), round(self.to_seconds * sample_rate_hz)

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> the other front end's [batch, mel, frame] of the part."""
        check_axes("waveforms", waveforms, "batch", "sample")
        begin, end = self.ends(sample_rate_hz)
        n_window = waveforms.shape[-1]
        if end > n_window or end == begin:
            raise InputError(
                f"the part from {self.from_seconds:g} to {self.to_seconds:g} s is samples {begin} to {end} at "
                f"{sample_rate_hz} Hz, and a clip has {n_window}. Choose ends that lie apart, within the clip."
            )
        own = n_samples.clamp_max(end) - begin
        if int(own.min()) < 1:
            raise InputError(
                f"a clip ends after {int(n_samples.min())} samples, before its part begins (sample {begin}). Choose an "
                "earlier from_seconds, or leave out what is so short."
            )
        part = torch.zeros_like(waveforms)
        part[:, : end - begin] = waveforms[:, begin:end]
        return self.inner()(part, own, sample_rate_hz)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: those of the other front end."""
        return self.inner().operations(n_samples, sample_rate_hz)
