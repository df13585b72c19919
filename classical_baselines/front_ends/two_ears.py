"""The samples of both ears, side by side, for an encoder that listens to them itself.

samples   [batch, 2, sample]        left and right, zeros beyond the clip's own end; divided by the largest magnitude
                                    of both, so that a change of gain changes nothing; a clip of zeros stays one
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.data.binaural.ears import N_EARS, parted
from classical_baselines.front_ends.front_end_operations import FLOAT_BYTES, SAMPLE_BYTES
from classical_baselines.front_ends.mel import silent_beyond_end
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.operations import OperationCounts


@dataclass(frozen=True)
class TwoEars:
    """Options of the samples of both ears: none; calling it parts them."""

    n_ears: ClassVar[int] = N_EARS
    gives: ClassVar[Literal["features"]] = "features"

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, 2 sample] and each clip's own length -> [batch, 2, sample]."""
        del sample_rate_hz  # part of the front-end contract; samples are samples
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        both = parted(silent_beyond_end(waveforms, n_samples))
        largest = both.abs().amax(dim=(1, 2), keepdim=True)
        return both / torch.where(largest > 0, largest, 1)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: as of the front end `waveform`, of all samples of both ears."""
        del sample_rate_hz
        n_both = N_EARS * (n_samples // N_EARS)
        return OperationCounts.of(
            "front_end", "read", sram_bytes=(SAMPLE_BYTES + FLOAT_BYTES) * n_both
        ) + OperationCounts.of(
            "front_end",
            "level",
            compare_fp32=n_both + 1,
            transcendental_fp32=1,
            multiply_fp32=n_both,
            sram_bytes=3 * FLOAT_BYTES * n_both,
        )
