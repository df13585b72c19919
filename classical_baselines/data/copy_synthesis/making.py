# classical_baselines/data/copy_synthesis/making.py
"""From a recording to a clip of the set, bona fide or copied, so that plain numbers tell little of which it is.

    levelled(x)     mean taken out, turned down where its RMS is above -26 dB of full scale; never turned up
    extended(x)     x with 0.1 s of its own mirror image at either end
    speech(x)       what lies between 80 Hz and 95 % of half the rate (Butterworth of order 8 at either limit, forward
                    and backward)
    finished(x)     speech(x), the mirrored ends cut off again, faded in and out over 20 ms (raised cosine)
    copy            finished(attack(extended(levelled(x)))), at the RMS and with the sign of skewness of
                    finished(extended(levelled(x)))
    recorded(y)     triangular dither of +-1 step added, rounded to 16 bits

A spoof is recorded(copy), and a bona fide clip the same with an attack that changes nothing: equally long, of one RMS
and sample format, filtered once, after the attack, and cut off alike. A filter before the attack would mark bona fide
clips, as a vocoder fills what was taken out. The dither puts the same noise into the silence of both, so that digital
silence at an end is in neither; the room above -26 dB lets a copy of another crest stay below full scale, and what is
turned down but never up has no steps coarser than 16 bits, which would mark a recording. Recordings of speech hold next
to nothing below 80 Hz, and little beside half the rate where they were resampled; an all-pole envelope and noise in
bands fill both. A vocoder that meets a hard end answers it in its own way: without the mirrored ends the levels of the
first and last 30 ms tell four clips of five of some. It also smears an end, and a wave that is cut off hard where it is
loud has a mean: left in, it tells seven clips of ten of one vocoder, and taken out, so does the pedestal in its place.
Hence the fade, and no mean after it. Pulses are of one sign and the voice has that of its microphone, so each copy has
the polarity of its recording. A copy that still passes full scale is turned down until it does not.

Sources: speech at -26 dBov is the custom of tests by ITU-T (tools of G.191, level by P.56); Lipshitz, Wannamaker &
Vanderkooy, Quantization and dither: a theoretical survey, J. Audio Eng. Soc. 40 (1992), 355-375: triangular dither of
two steps.
"""

import numpy as np
from scipy.signal import butter, sosfiltfilt

from classical_baselines.data.copy_synthesis.attack import Attack, Floats

MOST_RMS = 10 ** (-26 / 20)
LOWEST_HZ = 80.0
HIGHEST_OF_HALF_RATE = 0.95
BAND_ORDER = 8
END_SECONDS = 0.1  # ours: longer than any frame of an attack reaches, and than the shortest sound that one works on
FADE_SECONDS = 0.02  # ours: longer than a period of the voice
STEP = 2.0**-15
MOST_PEAK = 1 - 4 * STEP  # room for the dither


def speech_band(samples: Floats, rate_hz: int) -> Floats:
    """Without what is below LOWEST_HZ or beside half the rate."""
    limits = LOWEST_HZ, HIGHEST_OF_HALF_RATE * rate_hz / 2
    sections = butter(BAND_ORDER, limits, btype="bandpass", fs=rate_hz, output="sos")
    n_padded = min(len(samples) - 1, round(2 * rate_hz / LOWEST_HZ))
    return np.asarray(sosfiltfilt(sections, samples, padlen=n_padded))


def faded(samples: Floats, rate_hz: int) -> Floats:
    """In and out by halves of a raised cosine over FADE_SECONDS, or half of a clip that is shorter than both."""
    n_fade = min(round(FADE_SECONDS * rate_hz), len(samples) // 2)
    rise = np.sin(np.pi * (np.arange(n_fade) + 0.5) / (2 * n_fade)) ** 2
    middle = np.ones(len(samples) - 2 * n_fade)
    return samples * np.concatenate([rise, middle, rise[::-1]])


def levelled(samples: Floats) -> Floats:
    """Without its mean, and no louder than MOST_RMS."""
    centred = samples - samples.mean()
    rms = root_mean_square(centred)
    return _below_full_scale(centred * (MOST_RMS / rms if rms > MOST_RMS else 1.0))


def unchanged(samples: Floats, rate_hz: int, draw: np.random.Generator) -> Floats:
    """The attack of a bona fide clip."""
    del rate_hz, draw
    return samples


def copy_of(samples: Floats, attack: Attack, rate_hz: int, draw: np.random.Generator) -> Floats:
    """A levelled recording [sample] after an attack, at the RMS that the recording has in the band of speech."""
    n_end = round(END_SECONDS * rate_hz)
    own = slice(n_end, n_end + len(samples))
    given = np.pad(samples, n_end, mode="reflect")

    def finished(sound: Floats) -> Floats:
        return faded(speech_band(sound, rate_hz)[own], rate_hz)

    original, made = finished(given), finished(attack(given, rate_hz, draw))
    if np.mean(original**3) * np.mean(made**3) < 0:
        made = -made
    rms = root_mean_square(made)
    return _below_full_scale(made * (root_mean_square(original) / rms)) if rms > 0 else made


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
