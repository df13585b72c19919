# classical_baselines/data/copy_synthesis/harmonic_plus_noise.py
"""Harmonics plus noise: sines at multiples of the pitch below 3 kHz, shaped noise above and wherever there is no pitch.

    E_t[f]   smooth magnitude of frame t: exp of the log magnitude, its cepstrum kept below 2 ms
    voiced   sum_k 2 E_t[k f0] sqrt(f0 / (rate sum w^2)) cos(phase_k), for k f0 < 3 kHz, where
             phase_k = 2 pi (k * integral of f0 + a draw)
    noise    white noise whose spectra are multiplied by E_t / sqrt(sum w^2), of which voiced frames keep what is above
             3 kHz

Noise of power 1 under a Hann window w has spectra of sqrt(sum w^2), so E_t^2 / sum w^2 is a power per sample, of which
f0 of the rate / 2 falls to each harmonic: both parts have the power that the envelope says. Frames of 32 ms every 8 ms;
the harmonics' amplitudes are lines between frames.

References: Stylianou, Applying the harmonic plus noise model in concatenative speech synthesis, IEEE Transactions on
Speech and Audio Processing 9(1), 2001, 21-29: two bands parted by a maximum voiced frequency, here a constant of ours,
three quarters of the band at 8 kHz; Oppenheim, Speech analysis-synthesis system based on homomorphic filtering, JASA 45
(1969), 458-465: the cepstral envelope.
"""

import numpy as np

from classical_baselines.data.copy_synthesis.attack import Floats
from classical_baselines.data.copy_synthesis.pitch import held_over, pitch_track
from classical_baselines.data.copy_synthesis.short_time import ShortTime, hann

WINDOW_SECONDS = 0.032
HOPS_PER_WINDOW = 4
CEPSTRUM_SECONDS = 0.002  # below the shortest period, 2.5 ms at 400 Hz
MOST_VOICED_HZ = 3000.0
_FLOOR = 1e-7  # of a spectrum's largest magnitude: -140 dB


def harmonic_plus_noise_copy(samples: Floats, rate_hz: int, draw: np.random.Generator) -> Floats:
    """The sound from its pitch and its smooth spectrum alone."""
    hop = round(WINDOW_SECONDS * rate_hz / HOPS_PER_WINDOW)
    transform = ShortTime(HOPS_PER_WINDOW * hop, hop, 2 * HOPS_PER_WINDOW * hop)
    window = hann(transform.n_window)
    envelopes = smooth_magnitudes(np.abs(transform.forward(samples)), rate_hz)
    track = pitch_track(samples, rate_hz, hop)
    pitch_hz, voicing = held_over(track, len(samples), hop)
    hertz = np.arange(envelopes.shape[1]) * rate_hz / transform.n_fft
    shaping = envelopes / np.sqrt(np.sum(window**2))
    shaping[(track > 0)[:, None] & (hertz < MOST_VOICED_HZ)[None]] = 0
    noise = transform.forward(draw.standard_normal(len(samples)))
    made = transform.backward(noise * shaping, len(samples))
    if not voicing.any():
        return made
    return made + _harmonics(
        2 * envelopes / np.sqrt(rate_hz * np.sum(window**2)), pitch_hz, voicing, rate_hz, hop, draw
    )


def smooth_magnitudes(magnitudes: Floats, rate_hz: int) -> Floats:
    """[frame, bin] -> [frame, bin] without what repeats in frequency, as harmonics do."""
    n_fft = 2 * (magnitudes.shape[1] - 1)
    floor = max(_FLOOR * magnitudes.max(initial=0.0), np.finfo(float).tiny)
    cepstra = np.fft.irfft(np.log(np.maximum(magnitudes, floor)), n_fft)
    quefrency = np.minimum(np.arange(n_fft), n_fft - np.arange(n_fft)) / rate_hz
    kept = np.where(quefrency < CEPSTRUM_SECONDS, cepstra, 0)
    smooth: Floats = np.exp(np.fft.rfft(kept, n_fft).real)
    # The mean of a logarithm lies below the logarithm of the mean: each frame keeps its own energy.
    energy = np.sum(magnitudes**2, axis=1) / np.maximum(np.sum(smooth**2, axis=1), np.finfo(float).tiny)
    return smooth * np.sqrt(energy)[:, None]


def _harmonics(
    amplitudes: Floats, pitch_hz: Floats, voicing: Floats, rate_hz: int, hop: int, draw: np.random.Generator
) -> Floats:
    """The voiced part [sample], from amplitudes of sines per root of the pitch in Hz [frame, bin]."""
    n_bins = amplitudes.shape[1]
    cycles = np.cumsum(pitch_hz) / rate_hz
    frame = np.arange(len(pitch_hz)) / hop
    before = np.minimum(frame.astype(int), len(amplitudes) - 2)
    fades = np.convolve(np.pad(voicing, hop // 2, mode="edge"), np.ones(hop) / hop, mode="valid")[: len(voicing)]
    made = np.zeros(len(pitch_hz))
    highest = min(MOST_VOICED_HZ, rate_hz / 2)
    for number in range(1, int(highest / pitch_hz[voicing > 0].min()) + 1):
        offset = draw.uniform()
        place = np.minimum(number * pitch_hz / (rate_hz / 2), 1) * (n_bins - 1)
        bins = np.minimum(place.astype(int), n_bins - 2)
        along, between = place - bins, np.clip(frame - before, 0, 1)
        here, following = (
            (1 - along) * amplitudes[rows, bins] + along * amplitudes[rows, bins + 1] for rows in (before, before + 1)
        )
        amplitude = ((1 - between) * here + between * following) * (number * pitch_hz < highest)
        made += amplitude * np.sqrt(pitch_hz) * fades * np.cos(2 * np.pi * (number * cycles + offset))
    return made
