# classical_baselines/data/copy_synthesis/linear_prediction.py
"""LPC vocoder: an all-pole filter per frame, driven by pulses at the pitch where it is voiced and by noise elsewhere.

    sum_k a_k r[|i - k|] = r[i]        i = 1 ... order: the autocorrelation method, r of the frame under a Hann window
    gain^2 = r[0] - sum_k a_k r[k]     the power that the excitation must have

Order 2 + rate / 1 kHz (a rule of thumb; Markel & Gray, Linear Prediction of Speech, 1976, treat the choice), frames of
30 ms every 10 ms (ours). The excitation has power 1 and runs on through the frames; each frame of it, under a Hann
window of twice the hop, goes through its own filter, and what comes out, with 30 ms of decay, is added up.

Reference: Atal & Hanauer, Speech analysis and synthesis by linear prediction of the speech wave, JASA 50 (1971),
637-655.
"""

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from classical_baselines.data.copy_synthesis.attack import Floats
from classical_baselines.data.copy_synthesis.pitch import held_over, pitch_track
from classical_baselines.data.copy_synthesis.short_time import hann, overlap_added

FRAME_SECONDS = 0.03
HOP_SECONDS = 0.01
DECAY_SECONDS = 0.03
WHITENING = 1e-9  # of r[0], added to it: -90 dB, below the noise of 16 bits, so that the equations can be solved


def linear_prediction_copy(samples: Floats, rate_hz: int, draw: np.random.Generator) -> Floats:
    """The sound, said again by pulses and noise through the filters of its frames."""
    hop = round(HOP_SECONDS * rate_hz)
    track = pitch_track(samples, rate_hz, hop)
    source = excitation(*held_over(track, len(samples), hop), rate_hz, draw)
    n_window, n_decay = 2 * round(FRAME_SECONDS * rate_hz / 2), round(DECAY_SECONDS * rate_hz)
    analysed = _frames(samples, n_window, hop, len(track)) * hann(n_window)
    driven = _frames(source, 2 * hop, hop, len(track)) * hann(2 * hop)
    said = []
    for frame, drive in zip(analysed, driven, strict=True):
        coefficients, gain = predictor(frame, order_at(rate_hz))
        power = gain / np.sqrt(np.sum(hann(n_window) ** 2))  # of a sample, the window taken out
        said.append(lfilter([power], np.concatenate([[1.0], -coefficients]), np.pad(drive, (0, n_decay))))
    return overlap_added(np.array(said), hop)[hop : hop + len(samples)]


def order_at(rate_hz: int) -> int:
    """Poles of the filter.

    >>> order_at(8000), order_at(16000)
    (10, 18)
    """
    return 2 + round(rate_hz / 1000)


def predictor(frame: Floats, order: int) -> tuple[Floats, float]:
    """Coefficients a_1 ... a_order of x[n] ~ sum a_k x[n - k], and the gain; zeros for a frame of silence."""
    r = np.array([frame[: len(frame) - lag] @ frame[lag:] for lag in range(order + 1)])
    if r[0] <= 0:
        return np.zeros(order), 0.0
    r[0] *= 1 + WHITENING
    coefficients = solve_toeplitz(r[:-1], r[1:])
    return coefficients, float(np.sqrt(max(r[0] - coefficients @ r[1:], 0)))


def excitation(pitch_hz: Floats, voicing: Floats, rate_hz: int, draw: np.random.Generator) -> Floats:
    """[sample], of power 1: one pulse of sqrt(period) per period where voiced, Gaussian noise elsewhere."""
    noise = draw.standard_normal(len(pitch_hz))
    cycles = np.cumsum(pitch_hz * voicing / rate_hz)
    begins = np.diff(np.floor(cycles), prepend=0) > 0
    pulses = np.where(begins, np.sqrt(rate_hz / np.maximum(pitch_hz, 1)), 0)
    return np.where(voicing > 0, pulses, noise)


def _frames(samples: Floats, n_window: int, hop: int, n_frames: int) -> Floats:
    """[frame, sample] around samples 0, hop, 2 hop ..., zeros outside the sound."""
    padded = np.pad(samples, (n_window // 2, n_window // 2 + hop))
    return np.lib.stride_tricks.sliding_window_view(padded, n_window)[::hop][:n_frames]
