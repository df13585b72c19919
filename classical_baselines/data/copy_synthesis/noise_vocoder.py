# classical_baselines/data/copy_synthesis/noise_vocoder.py
"""Noise vocoder: the sound's envelopes in 24 bands, each carried by noise of its band: a whisper, hoarse where a band
holds one harmonic alone.

    band b     Butterworth band-pass of order 3, run forward and backward; edges even in ERB numbers, 60 Hz to 0.98 of
               half the rate, the last one open upwards
    envelope   half-wave rectified, then a Butterworth low-pass of order 2 at 160 Hz, forward and backward
    sum_b      envelope_b * noise_b, each band at the energy that it had

References: Shannon, Zeng, Kamath, Wygonski & Ekelid, Speech recognition with primarily temporal cues, Science 270
(1995), 303-304 (rectifier and 160 Hz; it has one to four bands, and 24 are ours, for a spectrum near speech's own);
Glasberg & Moore, Derivation of auditory filter shapes from notched-noise data, Hearing Research 47 (1990), 103-138 (ERB
numbers).
"""

import math
from itertools import pairwise

import numpy as np
from scipy.signal import butter, sosfiltfilt

from classical_baselines.data.copy_synthesis.attack import Floats

N_BANDS = 24
LOWEST_HZ = 60.0
HIGHEST_OF_HALF_RATE = 0.98
BAND_ORDER = 3
ENVELOPE_HZ = 160.0
ENVELOPE_ORDER = 2


def noise_vocoder_copy(samples: Floats, rate_hz: int, draw: np.random.Generator) -> Floats:
    """The sound, whispered by noise in bands."""
    noise = draw.standard_normal(len(samples))
    smoothing = butter(ENVELOPE_ORDER, ENVELOPE_HZ, fs=rate_hz, output="sos")
    edges = band_edges(rate_hz)
    made = np.zeros(len(samples))
    for number, (low, high) in enumerate(pairwise(edges), start=1):
        kind, corner = ("highpass", low) if number == N_BANDS else ("bandpass", (low, high))
        band = butter(BAND_ORDER, corner, btype=kind, fs=rate_hz, output="sos")
        own = _filtered(band, samples)
        envelope = np.maximum(_filtered(smoothing, np.maximum(own, 0)), 0)
        carried = envelope * _filtered(band, noise)
        energy = np.sum(carried**2)
        made += carried * np.sqrt(np.sum(own**2) / energy) if energy > 0 else 0
    return made


def band_edges(rate_hz: int) -> Floats:
    """[N_BANDS + 1] in Hz: even in 21.4 log10(1 + 0.00437 f)."""
    highest = HIGHEST_OF_HALF_RATE * rate_hz / 2
    first, last = (21.4 * math.log10(1 + 0.00437 * hertz) for hertz in (LOWEST_HZ, highest))
    numbers = np.linspace(first, last, N_BANDS + 1)
    return np.asarray((10 ** (numbers / 21.4) - 1) / 0.00437)


def _filtered(sections: Floats, samples: Floats) -> Floats:
    return np.asarray(sosfiltfilt(sections, samples, padlen=min(len(samples) - 1, 3 * (2 * len(sections) + 1))))
