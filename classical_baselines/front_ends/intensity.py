# classical_baselines/front_ends/intensity.py
"""From decibels to an intensity in [0, 1], with limits that are fitted on training clips only.

    intensity = clip((level - low_db) / (high_db - low_db), 0, 1)        [batch, mel, frame]

Silence stays silence: what lies at or below low_db becomes exactly 0, so an encoder can spend nothing on it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from classical_baselines.front_ends.exact_quantiles import exact_quantiles
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.streamed_rows import Rows


@dataclass(frozen=True)
class IntensityScale:
    """The level that becomes 0 and the level that becomes 1."""

    low_db: float
    high_db: float

    def __post_init__(self) -> None:
        if not -np.inf < self.low_db < self.high_db < np.inf:
            raise InputError(
                f"An intensity scale needs low_db < high_db, both finite; got {self.low_db:g} and {self.high_db:g}. "
                "Were the clips that it was fitted on silent?"
            )

    def __call__(self, spectrogram: Tensor) -> Tensor:
        """Decibels -> intensity in [0, 1], same shape."""
        return ((spectrogram - self.low_db) / (self.high_db - self.low_db)).clamp(0, 1)

    def operations(self, n_mels: int, n_frames: int) -> OperationCounts:
        """Per cell: a subtraction, a product with the stored 1 / (high - low), two limits; read and written once."""
        n_cells = n_mels * n_frames
        return OperationCounts.of(
            "front_end",
            "intensity",
            add_fp32=n_cells,
            multiply_fp32=n_cells,
            compare_fp32=2 * n_cells,
            sram_bytes=8 * n_cells,
        )


def fit_intensity_scale(spectrogram: Rows, low_quantile: float = 0.0, high_quantile: float = 1.0) -> IntensityScale:
    """The scale between two quantiles of the levels of training clips [batch, mel, frame].

    >>> import torch
    >>> fit_intensity_scale(torch.tensor([[[-50.0, -30.0, -10.0]]]), low_quantile=0.0, high_quantile=0.5)
    IntensityScale(low_db=-50.0, high_db=-30.0)
    """
    if not 0 <= low_quantile < high_quantile <= 1:
        raise InputError(
            f"Quantiles must satisfy 0 <= low_quantile < high_quantile <= 1; got {low_quantile} and {high_quantile}."
        )
    if len(spectrogram) == 0:
        raise InputError("An intensity scale needs at least one training clip; got none.")
    quantiles = (low_quantile, high_quantile)
    if isinstance(spectrogram, Tensor) and spectrogram.dtype != torch.float32:
        low_db, high_db = np.quantile(spectrogram.detach().cpu().double().numpy(), quantiles)
    else:
        low_db, high_db = exact_quantiles(spectrogram, quantiles)
    return IntensityScale(float(low_db), float(high_db))
