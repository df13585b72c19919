"""Spectra of both ears, and the phase between them: what the front ends of two ears share.

    waveforms   [batch, 2 sample]              left and right take turns (`data/binaural/ears.py`)
    left, right [batch, frame, bin]            centred frames of an ear under a periodic Hann window
    power       |L|^2, |R|^2
    phase       conj(L) R / (|L| |R|)          of the bins whose |L|^2 + |R|^2 is above 10^(-floor_db / 10) of the
                                               clip's largest; 0 of the others
    onset       m[t] = max(P[t], kept m[t-1]),  w[t] = max(0, 1 - m[t-1] / P[t]),  P = |L|^2 + |R|^2, m[-1] = 0
    sums        C_k, the phases of a bin over the frames, each frame once, or by its onset w

    g(tau) = sum_k w_k Re(C_k e^(2 pi i f_k tau))

is the generalised cross-correlation by phase alone, under weights w of the bins: a sound that comes to the right ear
tau seconds after the left, as from the left it does, gathers at tau. Phases of weak bins are those of noise, and as
long as any other, so they are left out.

In a room echoes have phases too, and they come later than what comes straight from the source. A frame counts by its
onset: by how much its power rises above what the bin had before, which is forgotten by a factor `kept` a frame, 1/e in
`onset_seconds`. What decays or goes on counts nothing. So it is the front of a sound that is listened to, in the manner
of the precedence effect.

References: Knapp & Carter, IEEE TASSP 24(4), 1976, 320-327 (the phase transform); Wallach, Newman & Rosenzweig, Am. J.
Psychol. 62 (1949), 315-336 (the first of several sounds decides the direction); Wilson & Darrell, IEEE TASLP 14(6),
2006, 2156-2164 (weights in the manner of the precedence effect, learnt there).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, pi

import torch
from torch import Tensor

from classical_baselines.data.binaural.ears import N_EARS, parted
from classical_baselines.front_ends.front_end_operations import (
    FLOAT_BYTES,
    count_fourier,
    count_hann_window,
    count_power,
    n_centred_frames,
)
from classical_baselines.front_ends.mel import LARGEST_DECIBELS, check_window, silent_beyond_end
from classical_baselines.front_ends.stft import analysis_window, check_analysis, portions, windowed_spectrum
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

SMALLEST_POWER = 1e-30
LONGEST_DELAY_SECONDS = 0.01  # of a lag: ten times what a head takes
MOST_LAGS = 4097
LONGEST_ONSET_SECONDS = 1.0


@dataclass(frozen=True)
class BothEars:
    """Spectra [batch, frame, bin] of a part of the clips."""

    left: Tensor
    right: Tensor

    @property
    def powers(self) -> tuple[Tensor, Tensor]:
        """|L|^2 and |R|^2."""
        return tuple(one.real.square() + one.imag.square() for one in (self.left, self.right))  # type: ignore[return-value]

    def phase_sums(self, floor_db: float, kept: float | None = None) -> Tensor:
        """C, complex [batch, bin]; by onsets where `kept` is given."""
        left, right = self.powers
        both = left + right
        heard = both > both.amax(dim=(1, 2), keepdim=True) * 10 ** (-floor_db / 10)
        phase = self.left.conj() * self.right * (left * right).clamp_min(SMALLEST_POWER).rsqrt()
        if kept is not None:
            phase = phase * onset_weights(both, kept)
        return phase.masked_fill(~heard, 0).sum(dim=1)


def onset_weights(power: Tensor, kept: float) -> Tensor:
    """w [batch, frame, bin] of powers [batch, frame, bin], 0 to 1.

    >>> onset_weights(torch.tensor([[[4.0], [8.0], [4.0], [16.0]]]), 0.5).flatten().tolist()
    [1.0, 0.5, 0.0, 0.75]
    """
    weights = torch.empty_like(power)
    before = torch.zeros_like(power[:, 0])
    for frame in range(power.shape[1]):
        now = power[:, frame]
        weights[:, frame] = (1 - before / now.clamp_min(SMALLEST_POWER)).clamp_min(0)
        before = torch.maximum(now, kept * before)
    return weights


def kept_of(onset_seconds: float, hop: int, ear_rate_hz: float) -> float | None:
    """The factor a frame; None where every frame counts alike.

    >>> kept_of(0.0, 64, 16000.0), round(kept_of(0.02, 64, 16000.0), 4)
    (None, 0.8187)
    """
    return exp(-hop / (ear_rate_hz * onset_seconds)) if onset_seconds else None


def spectra_of_ears(waveforms: Tensor, n_samples: Tensor, n_fft: int, hop: int) -> Iterator[BothEars]:
    """[batch, 2 sample] with each clip's own length, in portions that bound the memory."""
    check_axes("waveforms", waveforms, "batch", "sample")
    check_finite("waveforms", waveforms)
    both = parted(silent_beyond_end(waveforms, n_samples))
    check_window(both.shape[-1], n_fft, hop)
    window = analysis_window("hann", n_fft, n_fft)
    for part in portions(both.flatten(1), n_fft, hop):
        ears = windowed_spectrum(part.unflatten(1, (N_EARS, -1)).flatten(0, 1), window, hop)
        left, right = ears.unflatten(0, (-1, N_EARS)).unbind(1)
        yield BothEars(left, right)


def check_onset(onset_seconds: float) -> None:
    """Refuse a memory that is no time, or outlasts a room."""
    if not 0 <= onset_seconds <= LONGEST_ONSET_SECONDS:
        raise InputError(
            f"onset_seconds must be 0 (all frames alike) to {LONGEST_ONSET_SECONDS:g}; got {onset_seconds}."
        )


def check_ears(n_fft: int, hop: int, floor_db: float, longest_seconds: float, n_lags: int, least_lags: int) -> None:
    """Refuse frames, floors and lags that cannot be."""
    check_analysis(n_fft, None, hop)
    if not 0 < floor_db <= LARGEST_DECIBELS:
        raise InputError(f"floor_db must be greater than 0 and at most {LARGEST_DECIBELS:g}; got {floor_db}.")
    if not 0 < longest_seconds <= LONGEST_DELAY_SECONDS:
        raise InputError(
            f"longest_seconds must be above 0 and at most {LONGEST_DELAY_SECONDS:g}; got {longest_seconds}."
        )
    if not least_lags <= n_lags <= MOST_LAGS or n_lags % 2 == 0:
        raise InputError(
            f"n_lags must be odd, so that no delay is one of them, and {least_lags} to {MOST_LAGS}; got {n_lags}."
        )


def lags_seconds(longest_seconds: float, n_lags: int) -> Tensor:
    """[lag], from right to left, evenly."""
    return torch.linspace(-longest_seconds, longest_seconds, n_lags, dtype=torch.float64)


def correlation(sums: Tensor, weights: Tensor, lags: Tensor, ear_rate_hz: float, n_fft: int) -> Tensor:
    """g [batch, band, lag] of C [batch, bin] under weights [band, bin] at lags [lag] in seconds."""
    frequency = torch.arange(sums.shape[-1], dtype=torch.float64) * ear_rate_hz / n_fft
    angle = 2 * pi * frequency[:, None] * lags
    weighted = sums.unsqueeze(1) * weights.to(sums.real)
    return weighted.real @ angle.cos().to(sums.real) - weighted.imag @ angle.sin().to(sums.real)


def count_spectra(n_samples: int, n_fft: int, hop: int) -> tuple[OperationCounts, int]:
    """Windows, transforms and powers of both ears of a clip of so many samples of both, and the frames of an ear."""
    n_frames = n_centred_frames(n_samples // N_EARS, hop)
    n_both = N_EARS * n_frames
    return (
        count_hann_window(n_fft, n_both) + count_fourier(n_fft, n_both) + count_power(n_fft, n_both),
        n_frames,
    )


def count_phases(n_fft: int, n_frames: int, by_onsets: bool = False) -> OperationCounts:
    """Per bin and frame: the sum of both powers and the largest so far; in a second pass the sum and the comparison
    with a share of it, a complex product, the product of the powers held above 0, the inverse of its root, two products
    by that, two sums; all without branches. Of a bin the two sums are written once.

    An onset adds the power held above 0, a division by it, a difference from 1 held above 0, its product with the
    inverse of the root, and the product and the comparison that the next frame is held against.
    """
    n_bins = n_fft // 2 + 1
    n_all = n_bins * n_frames
    n_onsets = n_all if by_onsets else 0
    return OperationCounts.of(
        "front_end",
        "phase",
        add_fp32=(1 + 1 + 2) * n_all + n_onsets,
        compare_fp32=(1 + 1 + 1) * n_all + 3 * n_onsets,
        multiply_fp32=(2 + 1 + 2) * n_all + 1 + 2 * n_onsets,
        mac_fp32=2 * n_all,
        transcendental_fp32=n_all + n_onsets,
        sram_bytes=FLOAT_BYTES * ((2 + 2 + 4) * n_all + 2 * n_bins),
    )


def count_correlation(n_weights: int, n_lags: int) -> OperationCounts:
    """Per weight and lag two products into the sum, of a bin's real and imaginary part with the table's."""
    return OperationCounts.of(
        "front_end",
        "lags",
        mac_fp32=2 * n_weights * n_lags,
        sram_bytes=4 * FLOAT_BYTES * n_weights * n_lags,
    )
