"""From a recording to what two ears hear of it.

    loudest(x, n)   the n neighbouring samples with the most energy, of both ears together where there are two
    heard_ear       loudest(x, 1 s) convolved with the response of the ear; of both, loudest again: the length of a clip
    level           one factor for both ears: their common RMS becomes -26 dB of full scale, less where peaks would clip
    clip            triangular dither of +-1 step to each ear on its own, rounded to 16 bits

Levels of the sets of responses differ by 27 dB, and the one factor takes that away; a factor for each ear would take
away the level difference that tells the direction. The dither is the noise of two microphones: without it, what a
resampling filter leaves above the band of a recording at 8 kHz would tell delays that no ear could hear.

Sources: Blauert, Spatial Hearing (1997), section 2.1 (the sound at an ear is the source convolved with the response
from there); ITU-T P.56 (2011), speech at -26 dBov; Lipshitz, Wannamaker & Vanderkooy, J. Audio Eng. Soc. 40 (1992),
355-375 (triangular dither).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from classical_baselines.data.copy_synthesis.making import MOST_PEAK, MOST_RMS, STEP

Floats = NDArray[np.float64]
SOURCE_SECONDS = 1.0  # of a recording that sounds: longer than a clip, so that echoes of what came before are in it


def loudest(samples: Floats, n_samples: int) -> Floats:
    """[.., sample]: the n_samples that hold the most energy, the first of them where several do; all of a shorter one.

    >>> loudest(np.array([[1.0, 0, 0, 2, 0], [0, 0, 3, 0, 0]]), 2).tolist()
    [[0.0, 2.0], [3.0, 0.0]]
    """
    if samples.shape[-1] <= n_samples:
        return samples
    energy = np.cumsum(np.pad(np.square(samples).reshape(-1, samples.shape[-1]).sum(axis=0), (1, 0)))
    first = int(np.argmax(energy[n_samples:] - energy[:-n_samples]))
    return samples[..., first : first + n_samples]


def at_both_ears(samples: Floats, ir: Floats) -> Floats:
    """[sample] through responses [ear, tap] -> [ear, sample + tap - 1]."""
    return np.asarray(fftconvolve(samples[None], ir, axes=-1))


def levelled(both: Floats) -> Floats:
    """[ear, sample] at a common RMS of MOST_RMS, or below it where a peak would clip; silence stays silent."""
    rms = float(np.sqrt(np.mean(both**2)))
    factor = MOST_RMS / rms if rms > 0 else 1.0
    peak = factor * float(np.abs(both).max())
    return both * (factor * MOST_PEAK / peak if peak > MOST_PEAK else factor)


def recorded(both: Floats, draw: np.random.Generator) -> Floats:
    """[ear, sample] rounded to 16 bits under triangular dither."""
    dither = draw.uniform(-0.5, 0.5, both.shape) + draw.uniform(-0.5, 0.5, both.shape)
    return np.clip(np.round(both / STEP + dither), -32768, 32767) * STEP


def heard(samples: Floats, ir: Floats, n_samples: int, sample_rate_hz: int, draw: np.random.Generator) -> Floats:
    """A recording [sample] as a clip [ear, n_samples at most]."""
    source = loudest(samples, round(SOURCE_SECONDS * sample_rate_hz))
    return recorded(levelled(loudest(at_both_ears(source, ir), n_samples)), draw)
