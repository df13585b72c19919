# classical_baselines/data/copy_synthesis/making.py
"""From a recording to a clip of the set, bona fide or copied, so that no plain number tells which it is.

    speech(x)       mean taken out, and what is below 80 Hz (Butterworth of order 4, forward and backward)
    levelled(x)     speech(x), turned down where its RMS is above -26 dB of full scale; never turned up
    copy            speech(attack(levelled(x))), at the RMS of levelled(x)
    recorded(y)     triangular dither of +-1 step added, rounded to 16 bits

A bona fide clip is recorded(levelled(x)), a spoof recorded(copy): equally long, of one RMS, mean and sample format. The
dither puts the same noise into the silence of both, so that digital silence at an end is in neither; the room above -26
dB lets a copy of another crest stay below full scale, and what is turned down but never up has no steps coarser than 16
bits, which would mark a recording. Recordings of speech hold next to nothing below 80 Hz, where an all-pole envelope
and noise in bands do: without the high-pass that alone tells those two in nine clips of ten. A copy that still passes
full scale is turned down until it does not.

Sources: speech at -26 dBov is the custom of tests by ITU-T (tools of G.191, level by P.56); Lipshitz, Wannamaker &
Vanderkooy, Quantization and dither: a theoretical survey, J. Audio Eng. Soc. 40 (1992), 355-375: triangular dither of
two steps.
"""

import numpy as np
from scipy.signal import butter, sosfiltfilt

from classical_baselines.data.copy_synthesis.attack import SHORTEST_SECONDS, Attack, Floats

MOST_RMS = 10 ** (-26 / 20)
LOWEST_HZ = 80.0
HIGH_PASS_ORDER = 4
STEP = 2.0**-15
MOST_PEAK = 1 - 4 * STEP  # room for the dither


def speech_band(samples: Floats, rate_hz: int) -> Floats:
    """Without its mean, and without what is below LOWEST_HZ."""
    sections = butter(HIGH_PASS_ORDER, LOWEST_HZ, btype="highpass", fs=rate_hz, output="sos")
    n_padded = min(len(samples) - 1, round(2 * rate_hz / LOWEST_HZ))
    passed = sosfiltfilt(sections, samples - samples.mean(), padlen=n_padded)
    return np.asarray(passed - passed.mean())


def levelled(samples: Floats, rate_hz: int) -> Floats:
    """In the band of speech, and no louder than MOST_RMS."""
    centred = speech_band(samples, rate_hz)
    rms = root_mean_square(centred)
    return np.asarray(_below_full_scale(centred * (MOST_RMS / rms if rms > MOST_RMS else 1.0)))


def copy_of(samples: Floats, attack: Attack, rate_hz: int, draw: np.random.Generator) -> Floats:
    """A levelled recording [sample] after an attack, at its own RMS; a shorter one is filled with zeros meanwhile."""
    fewest = int(np.ceil(SHORTEST_SECONDS * rate_hz))
    given = np.pad(samples, (0, max(0, fewest - len(samples))))
    made = speech_band(attack(given, rate_hz, draw)[: len(samples)], rate_hz)
    rms = root_mean_square(made)
    return _below_full_scale(made * (root_mean_square(samples) / rms)) if rms > 0 else made


def recorded(samples: Floats, draw: np.random.Generator) -> Floats:
    """Rounded to steps of 2^-15, under triangular dither."""
    dither = draw.uniform(-0.5, 0.5, len(samples)) + draw.uniform(-0.5, 0.5, len(samples))
    return np.clip(np.round(samples / STEP + dither), -32768, 32767) * STEP


def root_mean_square(samples: Floats) -> float:
    """Of [sample], of full scale."""
    return float(np.sqrt(np.mean(samples**2)))


def _below_full_scale(samples: Floats) -> Floats:
    peak = float(np.abs(samples).max())
    return samples * (MOST_PEAK / peak) if peak > MOST_PEAK else samples
