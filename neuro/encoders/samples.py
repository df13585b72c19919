# neuro/encoders/samples.py
"""What the encoders that read a waveform share: their bands, and the samples that make a step.

waveform   [batch, 1, sample]   in [-1, 1], as the front end `waveform` gives it
step       `hop` samples; those that fill no whole step are left out
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.front_ends.mel import hz_to_mel, mel_to_hz
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError, UnknownChoiceError
from neuro.encoders.steps import check_n_steps

Spacing = Literal["mel", "linear"]
MOST_BANDS = 1024
HIGHEST_SAMPLE_RATE_HZ = 768_000


@dataclass(frozen=True)
class Bands:
    """Bands side by side, at equal distances in hertz or in mel (O'Shaughnessy's 2595 log10(1 + f / 700))."""

    n_bands: int
    low_hz: float
    high_hz: float
    spacing: Spacing
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if self.spacing not in get_args(Spacing):
            known = ", ".join(get_args(Spacing))
            raise UnknownChoiceError(f"No spacing is called {self.spacing!r}. Choose one of: {known}.")
        if not 1 <= self.n_bands <= MOST_BANDS:
            raise InputError(f"n_bands must be 1 to {MOST_BANDS}; got {self.n_bands}.")
        if not 1 <= self.sample_rate_hz <= HIGHEST_SAMPLE_RATE_HZ:
            raise InputError(f"sample_rate_hz must be 1 to {HIGHEST_SAMPLE_RATE_HZ}; got {self.sample_rate_hz}.")
        if not 0 < self.low_hz < self.high_hz < self.sample_rate_hz / 2:
            raise InputError(
                f"0 < low_hz < high_hz < {self.sample_rate_hz / 2:g} (half of sample_rate_hz) must hold; "
                f"got {self.low_hz:g} and {self.high_hz:g}."
            )

    def corners_hz(self) -> NDArray[np.float64]:
        """[n_bands + 2]: band k has its centre at corner k + 1."""
        if self.spacing == "linear":
            return np.linspace(self.low_hz, self.high_hz, self.n_bands + 2)
        low, high = hz_to_mel(self.low_hz, "htk"), hz_to_mel(self.high_hz, "htk")
        return mel_to_hz(torch.linspace(low, high, self.n_bands + 2, dtype=torch.float64), "htk").numpy()

    def centres_hz(self) -> NDArray[np.float64]:
        """[band], from low to high."""
        return self.corners_hz()[1:-1]

    def widths_hz(self) -> NDArray[np.float64]:
        """[band], half the distance between the centres on either side."""
        corners = self.corners_hz()
        return (corners[2:] - corners[:-2]) / 2


def steps_of(n_rows: int, n_samples: int, hop: int, encoder: str) -> int:
    """Steps of a clip; what is no waveform, or is shorter than a step, is refused by the encoder's name."""
    if n_rows != 1:
        raise InputError(
            f"{encoder} reads samples [1, sample]; it is given a picture of {n_rows} x {n_samples}. "
            "Choose the front end 'waveform'."
        )
    if n_samples < hop:
        raise InputError(f"{encoder} needs clips of at least a hop of {hop} samples; got {n_samples}.")
    check_n_steps(n_samples // hop)
    return n_samples // hop


def checked_samples(waveform: Tensor, hop: int, encoder: str) -> Tensor:
    """[batch, 1, sample] -> [batch, sample] within whole steps; samples beyond [-1, 1] are refused."""
    check_axes("waveform", waveform, "batch", "row", "sample")
    n_steps = steps_of(waveform.shape[1], waveform.shape[2], hop, encoder)
    check_finite("waveform", waveform)
    samples = waveform[:, 0, : n_steps * hop]
    if samples.numel() and float(samples.abs().max()) > 1:
        raise ValueError(
            f"waveform must lie in [-1, 1]; got a magnitude of {float(samples.abs().max()):.4g}. "
            "Choose relative_to = 'clip-maximum' in the front end 'waveform'."
        )
    return samples


def check_hop(hop: int) -> None:
    """Refuse less than a sample, and more than a minute at the highest rate."""
    if not 1 <= hop <= 60 * HIGHEST_SAMPLE_RATE_HZ:
        raise InputError(f"hop must be 1 to {60 * HIGHEST_SAMPLE_RATE_HZ} samples; got {hop}.")


def check_levels(levels_db: tuple[float, ...]) -> None:
    """Refuse no level, levels of 0 dB and more, and levels that do not fall."""
    if not levels_db or max(levels_db) >= 0 or any(later >= level for level, later in pairwise(levels_db)):
        raise InputError(f"levels_db must fall from below 0, as in (-20, -32); got {levels_db}.")
