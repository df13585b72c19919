# classical_baselines/front_ends/mel.py
"""Log-mel spectrogram: the picture of a sound that every system of a study shares.

A frame t holds the n_fft samples around sample t * hop (zeros outside the clip), weighted by a periodic
Hann window w. With X = rfft(w * x), triangles F and a reference power r:

    power   P[k, t] = |X[k, t]|^2                              [batch, bin, frame]
    mel     M[m, t] = sum_k F[m, k] P[k, t]                    [batch, mel, frame]
    level   L[m, t] = 10 log10(M[m, t] / r)                    decibels, limited to [-top_db, 0]

r is the clip's own maximum of M ("clip-maximum": a change of gain changes nothing), or the power that a
sine of full scale puts into its own bin, (sum(w) / 2)^2 ("fixed": loudness stays visible, and what is
louder is limited to 0). What lies beyond a clip's own end counts as silence, and silence is -top_db.
Then, where the options say so, silence around the utterance is cut off by the power sum_m M[m, t] of its frames
(`endpoints`), and the picture is stretched (`stretching`) or cut or filled to a number of frames.

Mel scales: HTK, 2595 log10(1 + f / 700) (Young et al., The HTK Book, 2006, section 5.4); Slaney, linear up
to 1 kHz and logarithmic above (Slaney, Auditory Toolbox, Interval technical report 1998-010). The norm
"slaney" divides each triangle by half its width in hertz.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import log, log10
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.endpoints import trimmed, trimming_operations
from classical_baselines.front_ends.front_end_operations import (
    SAMPLE_BYTES,
    count_fourier,
    count_hann_window,
    count_mel,
    count_power,
    n_centred_frames,
    n_weights_used,
)
from classical_baselines.front_ends.stretching import stretched, stretching_operations
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError, UnknownChoiceError
from classical_baselines.harness.operations import OperationCounts

MEL_SCALES = ("htk", "slaney")
MEL_NORMS = ("none", "slaney")
REFERENCES = ("clip-maximum", "fixed")
ENGINES = ("torch", "compiled")

# Slaney's scale: 15 steps of 66.7 Hz up to 1 kHz, then 27 steps for each factor of 6.4.
_SLANEY_LINEAR_HZ = 200 / 3
_SLANEY_BREAK_HZ = 1000.0
_SLANEY_BREAK_MEL = 15.0
_SLANEY_LOG_STEP = log(6.4) / 27

# Far below the power of one 16-bit step in one bin (about 1e-9), far above the smallest 32-bit float.
_SMALLEST_POWER = 1e-30

# Clips are taken in portions of about this many framed samples (1 MiB as floats): memory stays flat, the cache warm.
_FRAMED_SAMPLES_AT_ONCE = 2**18

# Limits of the options, far above what a study needs: beyond them a typing error fills the memory or the disk.
LARGEST_N_FFT = 2**16
LARGEST_HOP = 2**16
LARGEST_N_MELS = 1024
LARGEST_DECIBELS = 1000.0
MOST_FRAMES = 10_000  # of a picture that is cut, filled or stretched
MOST_FRAMED_SAMPLES = 2**27  # of one clip: 60 s at 192 kHz fit with a hop of n_fft / 8


def hz_to_mel(frequency_hz: float, mel_scale: str) -> float:
    """Mel of a frequency.

    >>> round(hz_to_mel(1000.0, "htk")), hz_to_mel(1000.0, "slaney")
    (1000, 15.0)
    """
    if mel_scale == "htk":
        return 2595 * log10(1 + frequency_hz / 700)
    if frequency_hz < _SLANEY_BREAK_HZ:
        return frequency_hz / _SLANEY_LINEAR_HZ
    return _SLANEY_BREAK_MEL + log(frequency_hz / _SLANEY_BREAK_HZ) / _SLANEY_LOG_STEP


def mel_to_hz(mel: Tensor, mel_scale: str) -> Tensor:
    """Frequencies in hertz of values on the mel scale."""
    if mel_scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    logarithmic = _SLANEY_BREAK_HZ * torch.exp(_SLANEY_LOG_STEP * (mel - _SLANEY_BREAK_MEL))
    return torch.where(mel < _SLANEY_BREAK_MEL, mel * _SLANEY_LINEAR_HZ, logarithmic)


@lru_cache(maxsize=32)
def mel_filter_bank(
    sample_rate_hz: int,
    n_fft: int,
    n_mels: int,
    low_hz: float = 0.0,
    high_hz: float | None = None,
    mel_scale: str = "htk",
    mel_norm: str = "none",
) -> Tensor:
    """Triangles [mel, bin], float64, with corners at equal distances in mel. It is shared: do not write into it."""
    nyquist_hz = sample_rate_hz / 2
    high_hz = nyquist_hz if high_hz is None else high_hz
    if not 0 <= low_hz < high_hz <= nyquist_hz:
        raise InputError(
            f"low_hz and high_hz must satisfy 0 <= low_hz < high_hz <= {nyquist_hz:g} (half of {sample_rate_hz} Hz); "
            f"got {low_hz:g} and {high_hz:g}."
        )
    corners_mel = torch.linspace(
        hz_to_mel(low_hz, mel_scale), hz_to_mel(high_hz, mel_scale), n_mels + 2, dtype=torch.float64
    )
    corners_hz = mel_to_hz(corners_mel, mel_scale)
    bins_hz = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * sample_rate_hz / n_fft
    widths_hz = corners_hz.diff()[:, None]
    rising = (bins_hz - corners_hz[:-2, None]) / widths_hz[:-1]
    falling = (corners_hz[2:, None] - bins_hz) / widths_hz[1:]
    triangles = torch.minimum(rising, falling).clamp_min(0)
    empty = (triangles.sum(dim=1) == 0).nonzero().flatten().tolist()
    if empty:
        low, high = float(corners_hz[empty[0]]), float(corners_hz[empty[0] + 2])
        raise InputError(
            f"Mel band {empty[0]} ({low:.0f} to {high:.0f} Hz) holds no Fourier bin: they are "
            f"{sample_rate_hz / n_fft:.1f} Hz apart. Choose fewer n_mels than {n_mels} or a larger n_fft than {n_fft}."
        )
    if mel_norm == "slaney":
        triangles = triangles * (2 / (corners_hz[2:] - corners_hz[:-2]))[:, None]
    return triangles


def check_window(n_samples: int, n_fft: int, hop: int) -> None:
    """Refuse a clip shorter than one frame, and so many frames that one clip fills the memory."""
    if n_samples < n_fft:
        raise InputError(
            f"A clip of {n_samples} samples is shorter than one frame of n_fft = {n_fft}. "
            "Choose longer clip_seconds or a smaller n_fft."
        )
    n_framed = n_centred_frames(n_samples, hop) * n_fft
    if n_framed > MOST_FRAMED_SAMPLES:
        raise InputError(
            f"n_fft = {n_fft} at a hop of {hop} makes {n_framed:,} framed samples of one clip; at most "
            f"{MOST_FRAMED_SAMPLES:,} are allowed. Choose a larger hop or a smaller n_fft."
        )


def silent_beyond_end(waveforms: Tensor, n_samples: Tensor) -> Tensor:
    """[batch, sample] with zeros from each clip's own length on; the very same where every clip fills the window."""
    if bool((n_samples >= waveforms.shape[-1]).all()):
        return waveforms
    sample = torch.arange(waveforms.shape[-1], device=waveforms.device)
    return waveforms * (sample < n_samples.to(waveforms.device)[:, None])


def power_spectrogram(waveforms: Tensor, n_fft: int, hop: int) -> Tensor:
    """[batch, sample] -> |X|^2 of centred, zero-padded, Hann-windowed frames: [batch, frame, bin].

    The bin is the last axis, as the Fourier transform leaves it in memory.
    """
    window = torch.hann_window(n_fft, dtype=torch.float64).to(waveforms)
    padded = torch.nn.functional.pad(waveforms, (n_fft // 2, n_fft // 2))
    spectrum = torch.fft.rfft(padded.unfold(-1, n_fft, hop) * window)
    return spectrum.real.square() + spectrum.imag.square()


def mel_power(waveforms: Tensor, filters: Tensor, n_fft: int, hop: int) -> Tensor:
    """[batch, sample] and triangles [mel, bin] -> [batch, mel, frame], in portions that bound the memory."""
    weights = filters.to(waveforms).T
    per_clip = n_centred_frames(waveforms.shape[-1], hop) * n_fft
    portions = waveforms.split(max(1, _FRAMED_SAMPLES_AT_ONCE // per_clip))
    return torch.cat([(power_spectrogram(part, n_fft, hop) @ weights).transpose(1, 2) for part in portions])


def relative_level(power: Tensor, reference: Tensor, top_db: float) -> Tensor:
    """10 log10(power / reference), limited to [-top_db, 0]; no power at all is the floor, whatever the reference."""
    silent = power <= _SMALLEST_POWER  # without this a clip of zeros would be its own maximum
    level = power.clamp_min(_SMALLEST_POWER).log10()
    level.sub_(reference.clamp_min(_SMALLEST_POWER).log10()).mul_(10)  # in place: a copy costs as much as a logarithm
    return level.clamp_(-top_db, 0).masked_fill_(silent, -top_db)


@dataclass(frozen=True)
class LogMel:
    """Options of a log-mel spectrogram; calling it turns waveforms into decibels in [-top_db, 0]."""

    n_fft: int = 256  # samples per frame, a power of two
    hop: int = 128  # samples between frames
    n_mels: int = 32
    mel_scale: Literal["htk", "slaney"] = "htk"
    mel_norm: Literal["none", "slaney"] = "none"
    low_hz: float = 60.0
    high_hz: float | None = None  # None: half the sample rate
    top_db: float = 50.0  # the floor lies this far below the reference
    relative_to: Literal["clip-maximum", "fixed"] = "clip-maximum"
    trim_below_db: float | None = None  # silence around an utterance: so far below its loudest frame; None: kept
    stretch_to_frames: int | None = None  # the clip's own frames, stretched to so many; None: at their own tempo
    keep_frames: int | None = None  # the first so many frames, or as many filled with silence; None: the window
    engine: Literal["torch", "compiled"] = "torch"  # any device and gradients, or the CPU alone and faster
    gives: ClassVar[Literal["decibels"]] = "decibels"

    def __post_init__(self) -> None:
        if not 4 <= self.n_fft <= LARGEST_N_FFT or self.n_fft & (self.n_fft - 1):
            raise InputError(f"n_fft must be a power of two from 4 to {LARGEST_N_FFT}; got {self.n_fft}.")
        for name, most in (("hop", LARGEST_HOP), ("n_mels", LARGEST_N_MELS), ("top_db", LARGEST_DECIBELS)):
            if not 0 < getattr(self, name) <= most:
                raise InputError(f"{name} must be greater than 0 and at most {most:.9g}; got {getattr(self, name)}.")
        if self.trim_below_db is not None and not 0 < self.trim_below_db <= LARGEST_DECIBELS:
            raise InputError(
                f"trim_below_db must be greater than 0 and at most {LARGEST_DECIBELS:g}, or left out; "
                f"got {self.trim_below_db}."
            )
        for name in ("stretch_to_frames", "keep_frames"):
            if getattr(self, name) is not None and not 2 <= getattr(self, name) <= MOST_FRAMES:
                raise InputError(f"{name} must lie in 2 to {MOST_FRAMES}, or be left out; got {getattr(self, name)}.")
        if self.stretch_to_frames is not None and self.keep_frames is not None:
            raise InputError("stretch_to_frames and keep_frames both say how wide the picture is. Give one of them.")
        for name, allowed in (
            ("mel_scale", MEL_SCALES),
            ("mel_norm", MEL_NORMS),
            ("relative_to", REFERENCES),
            ("engine", ENGINES),
        ):
            if getattr(self, name) not in allowed:
                raise UnknownChoiceError(
                    f"No {name} is called {getattr(self, name)!r}. Choose one of: {', '.join(allowed)}."
                )

    def filters(self, sample_rate_hz: int) -> Tensor:
        """The triangles [mel, bin] for this sample rate."""
        return mel_filter_bank(
            sample_rate_hz, self.n_fft, self.n_mels, self.low_hz, self.high_hz, self.mel_scale, self.mel_norm
        )

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> decibels [batch, mel, frame]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        check_window(waveforms.shape[-1], self.n_fft, self.hop)
        mel = self._power(silent_beyond_end(waveforms, n_samples), self.filters(sample_rate_hz))
        if self.relative_to == "clip-maximum":
            reference = mel.amax(dim=(1, 2), keepdim=True)
        else:
            reference = mel.new_full((len(mel), 1, 1), (self.n_fft / 4) ** 2)  # a periodic Hann window sums to n_fft/2
        power_of_frames = None if self.trim_below_db is None else mel.sum(dim=1)
        levels = self._levels(mel, reference)
        n_own_frames = (1 + n_samples // self.hop).clamp_max(levels.shape[2]).to(levels.device)
        if self.trim_below_db is not None and power_of_frames is not None:
            levels, n_own_frames = trimmed(levels, power_of_frames, n_own_frames, self.trim_below_db, -self.top_db)
        if self.stretch_to_frames is not None:
            return stretched(levels, n_own_frames, self.stretch_to_frames)
        if self.keep_frames is None:
            return levels
        return torch.nn.functional.pad(levels, (0, self.keep_frames - levels.shape[2]), value=-self.top_db)

    def _power(self, waveforms: Tensor, filters: Tensor) -> Tensor:
        if self.engine == "torch":
            return mel_power(waveforms, filters, self.n_fft, self.hop)
        from classical_baselines.front_ends.compiled_mel import compiled_mel_power

        return compiled_mel_power(waveforms, filters, self.n_fft, self.hop)

    def _levels(self, mel: Tensor, reference: Tensor) -> Tensor:
        if self.engine == "torch":
            return relative_level(mel, reference, self.top_db)
        from classical_baselines.front_ends.compiled_mel import compiled_relative_level

        return compiled_relative_level(mel, reference, self.top_db, _SMALLEST_POWER)

    def _sample_bytes(self) -> int:
        return SAMPLE_BYTES

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window, layers window, fourier, power, mel, level, trim and stretch."""
        n_frames = n_centred_frames(n_samples, self.hop)
        n_nonzero = n_weights_used(self.filters(sample_rate_hz))
        n_cells = self.n_mels * n_frames
        # Per cell: a lower limit and a logarithm; times 10; the maximum so far; minus it; the floor. A fixed
        # reference spares the maximum and needs an upper limit instead.
        level = OperationCounts.of(
            "front_end",
            "level",
            transcendental_fp32=n_cells,
            multiply_fp32=n_cells,
            compare_fp32=3 * n_cells,
            add_fp32=n_cells,
            # Two passes, each reads and writes a cell: the logarithm with the maximum, then what needs the maximum.
            sram_bytes=2 * (4 + 4) * n_cells,
        )
        shaping = OperationCounts()
        if self.trim_below_db is not None:
            shaping += trimming_operations(self.n_mels, n_frames)
        if self.stretch_to_frames is not None:
            shaping += stretching_operations(self.n_mels, self.stretch_to_frames)
        return (
            shaping
            + count_hann_window(self.n_fft, n_frames, self._sample_bytes())
            + count_fourier(self.n_fft, n_frames)
            + count_power(self.n_fft, n_frames)
            + count_mel(n_nonzero, self.n_mels, n_frames)
            + level
        )
