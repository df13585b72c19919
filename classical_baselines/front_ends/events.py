# classical_baselines/front_ends/events.py
"""Event recordings as they are: how many events of each unit fell into each step.

    samples   [batch, step * unit]      as `classical_baselines/data/event_recordings.py` gives them
    events    [batch, unit, step]       counts; zeros beyond a clip's own end

A sensor made them, so all that is paid here is writing the counters of a clip.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from classical_baselines.front_ends.mel import silent_beyond_end
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

MOST_UNITS = 2**16
_COUNTER_BYTES = 4


@dataclass(frozen=True)
class Events:
    """Options of event recordings; calling it gives the two axes of a clip back."""

    n_units: int = 700  # of the recordings; those of SHD and SSC have 700
    gives: ClassVar[Literal["features"]] = "features"

    def __post_init__(self) -> None:
        if not 1 <= self.n_units <= MOST_UNITS:
            raise InputError(f"n_units must be 1 to {MOST_UNITS}; got {self.n_units}.")

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, step * unit] and each clip's own length -> [batch, unit, step]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        if sample_rate_hz % self.n_units or waveforms.shape[1] % self.n_units:
            raise InputError(
                f"events were told n_units = {self.n_units}; clips of {waveforms.shape[1]} counters at "
                f"{sample_rate_hz} a second are of another number. Give the front end `events` the units that the "
                "recordings have."
            )
        return silent_beyond_end(waveforms, n_samples).unflatten(1, (-1, self.n_units)).transpose(1, 2).contiguous()

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip: each counter is written once."""
        del sample_rate_hz
        return OperationCounts.of("front_end", "counters", sram_bytes=_COUNTER_BYTES * n_samples)
