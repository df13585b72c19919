# classical_baselines/front_ends/stft.py
"""Short-time Fourier spectrogram on the linear frequency axis, and the analysis window that others share.

A frame t holds n_fft samples around sample t * hop (zeros outside the clip). The window w of win_length samples stands
in its middle and is 0 around it; with X = rfft(w * x),

    power   P[k, t] = |X[k, t]|^2                              [batch, bin, frame]
    level   L[k, t] = 10 log10(P[k, t] / r)                    decibels, limited to [-top_db, 0]

r is the clip's own maximum of P, or the power (sum(w) / 2)^2 that a sine of full scale puts into its own bin. What lies
beyond a clip's own end counts as silence, and silence is -top_db.

win_length alone decides how finely time and frequency are resolved (Gabor, J. IEE 93(3), 1946, 429-457: the product of
the two spreads is at least 1 / (4 pi)); n_fft decides on how many bins the spectrum is read. A study of windows varies
win_length and keeps n_fft and hop, so that each picture has the same size.

Windows, in their periodic form: rectangular, Hann, Hamming (0.54 - 0.46 cos). The main lobe is 2, 4 and 4 times
sample_rate / win_length wide (Harris, Proc. IEEE 66(1), 1978, 51-83, table 1).
"""

from dataclasses import dataclass
from math import pi
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    count_fourier,
    count_power,
    count_window,
    n_centred_frames,
    n_weights_used,
)
from classical_baselines.front_ends.mel import (
    LARGEST_DECIBELS,
    LARGEST_HOP,
    LARGEST_N_FFT,
    REFERENCES,
    check_window,
    relative_level,
    silent_beyond_end,
)
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError, UnknownChoiceError
from classical_baselines.harness.operations import OperationCounts

WINDOWS = ("hann", "hamming", "rectangular")

# Clips are taken in portions of about this many framed samples (16 MiB as floats), so that memory stays flat.
_FRAMED_SAMPLES_AT_ONCE = 2**22


def analysis_window(kind: str, win_length: int, n_fft: int) -> Tensor:
    """A periodic window of win_length samples in the middle of n_fft, float64."""
    cosine = torch.cos(2 * pi * torch.arange(win_length, dtype=torch.float64) / win_length)
    window = {"hann": 0.5 - 0.5 * cosine, "hamming": 0.54 - 0.46 * cosine, "rectangular": torch.ones_like(cosine)}[kind]
    before = (n_fft - win_length) // 2
    return torch.nn.functional.pad(window, (before, n_fft - win_length - before))


def check_analysis(n_fft: int, win_length: int | None, hop: int) -> None:
    """Refuse a transform that is no power of two, a window that does not fit it, and a hop that leaves samples out."""
    if not 4 <= n_fft <= LARGEST_N_FFT or n_fft & (n_fft - 1):
        raise InputError(f"n_fft must be a power of two from 4 to {LARGEST_N_FFT}; got {n_fft}.")
    if win_length is not None and not 2 <= win_length <= n_fft:
        raise InputError(f"win_length must lie in 2 to n_fft = {n_fft}, or be left out; got {win_length}.")
    if not 0 < hop <= LARGEST_HOP:
        raise InputError(f"hop must be greater than 0 and at most {LARGEST_HOP}; got {hop}.")
    window = win_length or n_fft
    if hop > window:
        raise InputError(
            f"A hop of {hop} samples is longer than the window of {window}: what lies between two frames would be seen "
            "by none. Choose a hop of at most the window's length."
        )


def check_named(option: str, value: object, allowed: tuple[str, ...]) -> None:
    """Refuse a name that an option does not know."""
    if value not in allowed:
        raise UnknownChoiceError(f"No {option} is called {value!r}. Choose one of: {', '.join(allowed)}.")


def check_top_db(top_db: float) -> None:
    """Refuse a floor that is no floor."""
    if not 0 < top_db <= LARGEST_DECIBELS:
        raise InputError(f"top_db must be greater than 0 and at most {LARGEST_DECIBELS:.9g}; got {top_db}.")


def centred_frames(waveforms: Tensor, n_fft: int, hop: int) -> Tensor:
    """[batch, sample] -> [batch, frame, n_fft]: frames around samples 0, hop, ..., zeros outside the clip (a view)."""
    return torch.nn.functional.pad(waveforms, (n_fft // 2, n_fft // 2)).unfold(-1, n_fft, hop)


def windowed_spectrum(waveforms: Tensor, window: Tensor, hop: int) -> Tensor:
    """[batch, sample] -> complex [batch, frame, bin] of centred, windowed frames; n_fft is the window's length."""
    return torch.fft.rfft(centred_frames(waveforms, len(window), hop) * window.to(waveforms))


def windowed_power(waveforms: Tensor, window: Tensor, hop: int) -> Tensor:
    """|X|^2 of `windowed_spectrum`: [batch, frame, bin]."""
    spectrum = windowed_spectrum(waveforms, window, hop)
    return spectrum.real.square() + spectrum.imag.square()


def portions(waveforms: Tensor, n_fft: int, hop: int) -> tuple[Tensor, ...]:
    """The batch in parts whose frames fit in memory together."""
    per_clip = n_centred_frames(waveforms.shape[-1], hop) * n_fft
    return waveforms.split(max(1, _FRAMED_SAMPLES_AT_ONCE // per_clip))


def clip_level(power: Tensor, relative_to: str, fixed_reference: float, top_db: float) -> Tensor:
    """Decibels in [-top_db, 0] of [batch, band, frame], relative to each clip's maximum or to one fixed power."""
    if relative_to == "clip-maximum":
        reference = power.amax(dim=(1, 2), keepdim=True)
    else:
        reference = power.new_full((len(power), 1, 1), fixed_reference)
    return relative_level(power, reference, top_db)


def level_operations(n_cells: int, *, n_differences: int | None = None) -> OperationCounts:
    """Per cell a lower limit and a logarithm; times 10; the maximum so far; minus it; the floor. Two passes over
    memory: the logarithm with the maximum, then what needs the maximum. A fixed reference has an upper limit for the
    maximum. `n_differences`: from the reference, where not every cell has one."""
    return OperationCounts.of(
        "front_end",
        "level",
        transcendental_fp32=n_cells,
        multiply_fp32=n_cells,
        compare_fp32=3 * n_cells,
        add_fp32=n_cells if n_differences is None else n_differences,
        sram_bytes=2 * (4 + 4) * n_cells,
    )


@dataclass(frozen=True)
class Stft:
    """Options of a short-time Fourier spectrogram; calling it turns waveforms into decibels in [-top_db, 0]."""

    n_fft: int = 256  # samples per transform, a power of two: n_fft / 2 + 1 bins
    win_length: int | None = None  # samples that the window covers; None: n_fft
    hop: int = 128  # samples between frames
    window: Literal["hann", "hamming", "rectangular"] = "hann"
    top_db: float = 50.0  # the floor lies this far below the reference
    relative_to: Literal["clip-maximum", "fixed"] = "clip-maximum"
    gives: ClassVar[Literal["decibels"]] = "decibels"

    def __post_init__(self) -> None:
        check_analysis(self.n_fft, self.win_length, self.hop)
        check_named("window", self.window, WINDOWS)
        check_named("relative_to", self.relative_to, REFERENCES)
        check_top_db(self.top_db)

    def _window(self) -> Tensor:
        return analysis_window(self.window, self.win_length or self.n_fft, self.n_fft)

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> decibels [batch, bin, frame]."""
        del sample_rate_hz  # bins are counted in shares of it
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        check_window(waveforms.shape[-1], self.n_fft, self.hop)
        window = self._window()
        own = silent_beyond_end(waveforms, n_samples)
        power = torch.cat([windowed_power(part, window, self.hop) for part in portions(own, self.n_fft, self.hop)])
        return clip_level(power.transpose(1, 2), self.relative_to, float(window.sum() / 2) ** 2, self.top_db)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window, layers window, fourier, power and level."""
        del sample_rate_hz
        n_frames = n_centred_frames(n_samples, self.hop)
        return (
            count_window(n_weights_used(self._window()), n_frames)
            + count_fourier(self.n_fft, n_frames)
            + count_power(self.n_fft, n_frames)
            + level_operations((self.n_fft // 2 + 1) * n_frames)
        )
