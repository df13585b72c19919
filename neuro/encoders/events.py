# neuro/encoders/events.py
"""Event recordings as spikes: a channel spikes in each step in which an event of its units fell.

    events     [batch, unit, step]         counts, as the front end `events` gives them
    spikes     [step, batch, channel]      0 or 1; channel = unit // units_per_channel

Several events of one channel and step are one spike. Units that fill no whole channel are left out.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from neuro.encoders.steps import check_n_steps


@dataclass(frozen=True)
class EventsEncoder:
    """The options of recorded events; calling it hands a batch of them on."""

    units_per_channel: int = 1  # neighbouring units that share a channel; 5 is common for the 700 units of SHD and SSC
    reads: ClassVar[str] = "events"

    def __post_init__(self) -> None:
        if self.units_per_channel < 1:
            raise InputError(f"units_per_channel must be 1 or more; got {self.units_per_channel}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        check_axes("events", intensity, "batch", "unit", "step")
        check_finite("events", intensity)
        if intensity.numel() and float(intensity.min()) < 0:
            raise ValueError(
                f"events are counts; got {float(intensity.min()):.4g}. Choose the front end 'events' and event "
                "recordings."
            )
        n_channels = self.shape(*intensity.shape[1:]).n_channels
        units = intensity[:, : n_channels * self.units_per_channel]
        counts = units.unflatten(1, (n_channels, self.units_per_channel)).sum(2)
        return (counts > 0).to(intensity.dtype).permute(2, 0, 1).contiguous()

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        if n_mels < self.units_per_channel:
            raise InputError(
                f"units_per_channel is {self.units_per_channel}, and there are {n_mels} units. Choose fewer."
            )
        check_n_steps(n_frames)
        return EncodedShape("spikes", (n_mels // self.units_per_channel,), n_frames)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per event, its channel: a scaling and truncation of its unit; per channel and step a comparison."""
        n_steps, n_clips, n_channels = encoded.shape
        n_events = float(intensity.sum()) / max(1, n_clips)
        return OperationCounts.of("encoder", "events", requantise_int32=n_events, compare_int8=n_steps * n_channels)
