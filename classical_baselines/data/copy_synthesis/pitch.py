# classical_baselines/data/copy_synthesis/pitch.py
"""Pitch and voicing of speech by the autocorrelation of each frame, divided by that of its window.

    r[l] = (autocorrelation of x w)[l] / (autocorrelation of w)[l], and over its value at lag 0
    strength of a peak = r - 0.01 log2(60 Hz * lag)       the octave cost, which favours the shorter period

A frame is voiced where its best peak between 60 and 400 Hz has r of at least 0.45 and its loudest sample is at least
0.03 of the clip's. Between samples r is interpolated by a sinc (four lags for each), then by a parabola:
without that, a period that is no whole number of samples loses to its double. Frames of 50 ms (three periods at 60
Hz), Hann.

Reference: Boersma, Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound, Proc. Institute of Phonetic Sciences Amsterdam 17 (1993), 97-110; octave cost, voicing and silence
thresholds are the standard settings of Praat. Its search for a path through the frames is left out.
"""

import numpy as np

from classical_baselines.data.copy_synthesis.attack import Floats
from classical_baselines.data.copy_synthesis.short_time import hann

LOWEST_HZ = 60.0
HIGHEST_HZ = 400.0
PERIODS_PER_FRAME = 3
OCTAVE_COST = 0.01
VOICING_THRESHOLD = 0.45
SILENCE_THRESHOLD = 0.03
LAGS_PER_SAMPLE = 4


def pitch_track(samples: Floats, rate_hz: int, hop: int) -> Floats:
    """[sample] -> [frame] in Hz, around samples 0, hop, 2 hop ... to the end; 0 where the frame is unvoiced."""
    n_window = 2 * round(PERIODS_PER_FRAME * rate_hz / LOWEST_HZ / 2)
    padded = np.pad(samples, (n_window // 2, n_window // 2 + hop))
    n_frames = 1 + -(-len(samples) // hop)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_window)[::hop][:n_frames]
    frames = frames - frames.mean(axis=1, keepdims=True)
    loudest = np.abs(samples).max(initial=0.0)
    return np.array([_pitch_of(frame, rate_hz, loudest) for frame in frames])


def _pitch_of(frame: Floats, rate_hz: int, loudest: float) -> float:
    if np.abs(frame).max() <= SILENCE_THRESHOLD * loudest:
        return 0.0
    window = hann(len(frame))
    own, of_window = _autocorrelation(frame * window), _autocorrelation(window)
    rate_hz *= LAGS_PER_SAMPLE
    shortest, longest = int(rate_hz / HIGHEST_HZ), int(np.ceil(rate_hz / LOWEST_HZ))
    lags = np.arange(shortest, longest + 1)
    ratio = (own[: longest + 2] / own[0]) / (of_window[: longest + 2] / of_window[0])
    left, here, right = ratio[lags - 1], ratio[lags], ratio[lags + 1]
    is_peak = (here >= left) & (here > right)
    if not is_peak.any():
        return 0.0
    curvature = left - 2 * here + right
    shift = np.where(is_peak, 0.5 * (left - right) / np.where(curvature < 0, curvature, -1), 0)
    height = here - 0.25 * (left - right) * shift
    strength = np.where(is_peak, height - OCTAVE_COST * np.log2(LOWEST_HZ * lags / rate_hz), -np.inf)
    best = int(np.argmax(strength))
    found = rate_hz / (lags[best] + shift[best])
    return float(found) if height[best] >= VOICING_THRESHOLD and LOWEST_HZ <= found <= HIGHEST_HZ else 0.0


def _autocorrelation(frame: Floats) -> Floats:
    """[lag], LAGS_PER_SAMPLE to a sample."""
    n_fft = 1 << (2 * len(frame) - 1).bit_length()
    n_lags = LAGS_PER_SAMPLE * n_fft
    return np.fft.irfft(np.abs(np.fft.rfft(frame, n_fft)) ** 2, n_lags)[: LAGS_PER_SAMPLE * len(frame)]


def held_over(track: Floats, n_samples: int, hop: int) -> tuple[Floats, Floats]:
    """Pitch in Hz and voicing (0 or 1), each [sample].

    The pitch is a line between voiced frames, voicing that of the nearest frame.
    """
    places = np.arange(n_samples)
    voiced = np.flatnonzero(track)
    nearest = np.minimum((places + hop // 2) // hop, len(track) - 1)
    if not len(voiced):
        return np.zeros(n_samples), np.zeros(n_samples)
    return np.interp(places, voiced * hop, track[voiced]), (track[nearest] > 0).astype(float)
