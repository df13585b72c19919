# classical_baselines/front_ends/waveform.py
"""The waveform itself, for a classifier that makes its own picture of a sound or needs none.

    samples   [batch, 1, sample]        the clip, zeros beyond its own end

"clip-maximum" divides a clip by its own largest magnitude, so that a change of gain changes nothing; a clip of zeros
stays one. "fixed" leaves the samples as they are, with full scale at 1: loudness stays visible.

All that is paid here is moving the samples and, where asked, the division. Whatever is learnt from them belongs to the
classifier, is trained with it and is counted in its stage, `network`.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.mel import REFERENCES, silent_beyond_end
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import UnknownChoiceError
from classical_baselines.harness.operations import OperationCounts

_SAMPLE_BYTES = 2  # as it arrives, a 16-bit integer
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class Waveform:
    """Options of the plain waveform; calling it hands the samples on as one row of features."""

    relative_to: Literal["clip-maximum", "fixed"] = "clip-maximum"
    gives: ClassVar[Literal["features"]] = "features"

    def __post_init__(self) -> None:
        if self.relative_to not in REFERENCES:
            raise UnknownChoiceError(
                f"No relative_to is called {self.relative_to!r}. Choose one of: {', '.join(REFERENCES)}."
            )

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> [batch, 1, sample]."""
        del sample_rate_hz  # part of the front-end contract; samples are samples
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        samples = silent_beyond_end(waveforms, n_samples)
        if self.relative_to == "clip-maximum":
            largest = samples.abs().amax(dim=1, keepdim=True)
            samples = samples / torch.where(largest > 0, largest, 1)
        return samples[:, None]

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window, layers `read` and `level`.

        A sample is read as an integer and written as a float. The level takes one pass for the largest magnitude, a
        look whether it is 0, one division for its inverse, and one pass that multiplies by it.
        """
        del sample_rate_hz
        counts = OperationCounts.of("front_end", "read", sram_bytes=(_SAMPLE_BYTES + _FLOAT_BYTES) * n_samples)
        if self.relative_to == "fixed":
            return counts
        return counts + OperationCounts.of(
            "front_end",
            "level",
            compare_fp32=n_samples + 1,
            transcendental_fp32=1,
            multiply_fp32=n_samples,
            sram_bytes=3 * _FLOAT_BYTES * n_samples,
        )
