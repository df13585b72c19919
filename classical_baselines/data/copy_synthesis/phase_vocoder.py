# classical_baselines/data/copy_synthesis/phase_vocoder.py
"""Phase vocoder: the sound is stretched in time by a small factor and brought back, so that its phases are a vocoder's.

Output frame t takes the place p = t * speed between frames k = floor(p) and k + 1 of the input, a = p - k:

    |Y_t| = (1 - a) |X_k| + a |X_k+1|
    arg Y_t = arg Y_t-1 + w hop + wrapped(arg X_k+1 - arg X_k - w hop)       with the place of t - 1;  arg Y_0 = arg X_0

w is the frequency of the bin in radians per sample. At speed 1 each frame is its own, phases included. Window 32
ms, hop a quarter of it (librosa's default). The factor is 1.25, or its inverse, by a draw of each clip:
ours, far enough from 1 that few phases survive, near enough that speech stays whole.

References: Flanagan & Golden, Phase vocoder, Bell System Technical Journal 45 (1966), 1493-1509; Dolson, The phase
vocoder: a tutorial, Computer Music Journal 10(4), 1986.
"""

import numpy as np

from classical_baselines.data.copy_synthesis.attack import Floats
from classical_baselines.data.copy_synthesis.short_time import ShortTime, Spectra

WINDOW_SECONDS = 0.032
HOPS_PER_WINDOW = 4
FACTOR = 1.25


def phase_vocoder_copy(samples: Floats, rate_hz: int, draw: np.random.Generator) -> Floats:
    """The sound, played faster or slower by FACTOR and back again, its pitch unchanged."""
    hop = round(WINDOW_SECONDS * rate_hz / HOPS_PER_WINDOW)
    transform = ShortTime(HOPS_PER_WINDOW * hop, hop, HOPS_PER_WINDOW * hop)
    speed = FACTOR if draw.random() < 0.5 else 1 / FACTOR
    there = stretched(samples, speed, transform)
    back = stretched(there, 1 / speed, transform)
    made = np.zeros(len(samples))
    made[: len(back)] = back[: len(samples)]
    return made


def stretched(samples: Floats, speed: float, transform: ShortTime) -> Floats:
    """The sound at another speed and the same pitch: [sample] -> [ceil(sample / speed)]."""
    n_samples = int(np.ceil(len(samples) / speed))
    n_frames = 1 + -(-n_samples // transform.hop)
    return transform.backward(at_speed(transform.forward(samples), speed, n_frames, transform), n_samples)


def at_speed(spectra: Spectra, speed: float, n_frames: int, transform: ShortTime) -> Spectra:
    """The frames [frame, bin] at places 0, speed, 2 speed ... of the input."""
    places = np.minimum(np.arange(n_frames) * speed, len(spectra) - 1)
    first = np.floor(places).astype(int)
    second = np.minimum(first + 1, len(spectra) - 1)
    part = (places - first)[:, None]
    magnitudes = (1 - part) * np.abs(spectra[first]) + part * np.abs(spectra[second])
    expected = 2 * np.pi * np.arange(spectra.shape[1]) * transform.hop / transform.n_fft
    angles = np.angle(spectra)
    excess = angles[second] - angles[first] - expected
    advance = expected + excess - 2 * np.pi * np.round(excess / (2 * np.pi))
    phases = angles[0] + np.concatenate([np.zeros((1, spectra.shape[1])), np.cumsum(advance[:-1], axis=0)])
    return magnitudes * np.exp(1j * phases)
