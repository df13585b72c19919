"""The median plane of a head, told from its impulse responses alone: where no ear hears first.

    tau(azimuth)   the lag of the right ear at which the responses of both ears, below `HIGHEST_HZ`, correlate most
    crossing       where tau passes zero within `REACH_DEG` of ahead, and of behind where the set has positions there;
                   straight between neighbouring positions, and the nearest where there are several
    turn           the mean of how far the crossings lie counter-clockwise of 0 and of 180 degrees: -5 where the head
                   looked 5 degrees to the right of where azimuths were counted from

Azimuth is counted from the median plane of the head, and who is measured may sit turned. A turn moves both crossings
one way. A head that sat beside the centre, or a delay that one ear has over the other, moves them apart: their mean has
none of it, but where the front half alone was measured it cannot be told from a turn. No clip and no system is heard.

Sources: Blauert, Spatial Hearing (1997), section 1.3 (directions count from the median plane); Andreopoulou & Katz, J.
Acoust. Soc. Am. 142 (2017), 588-598 (delays are told from responses below 3 kHz).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from classical_baselines.harness.choices import InputError

HIGHEST_HZ = 3000.0
REACH_DEG = 30.0  # off ahead and behind: more than a head that was told to look ahead will be turned
FINER = 16  # lags a sample, of 16 kHz 4 microseconds or half a degree; a parabola through the peak is finer yet
LONGEST_SECONDS = 0.001
Floats = NDArray[np.float64]


def turn_of(ir: Floats, azimuth_deg: Floats, sample_rate_hz: int, name: str) -> float:
    """Degrees, counter-clockwise, of responses [position, ear, tap]; `name` is for the message of an InputError."""
    turns = []
    for centre, ahead in ((0.0, True), (180.0, False)):
        off = (azimuth_deg - centre + 180) % 360 - 180
        order = np.argsort(off)
        near = order[np.abs(off[order]) <= REACH_DEG]
        if len(near) < 2 and not ahead:
            continue
        delay = delays_of(ir[near], sample_rate_hz) * (1 if ahead else -1)
        found = _crossings(off[near], delay)
        if not len(found):
            raise InputError(
                f"{name}: the delay between the ears passes zero nowhere within {REACH_DEG:g} degrees of "
                f"{centre:g}, so the median plane of the head cannot be told. The left ear must come first in ir, and "
                "azimuths must count counter-clockwise."
            )
        turns.append(found[np.argmin(np.abs(found))])
    return float(np.mean(turns))


def delays_of(ir: Floats, sample_rate_hz: int) -> Floats:
    """Seconds by which the right ear of responses [position, ear, tap] hears later, [position]."""
    n_padded = next_fast_len(2 * ir.shape[-1], real=True)
    spectra = rfft(ir, n_padded, axis=-1)
    across = spectra[:, 0].conj() * spectra[:, 1] * (rfftfreq(n_padded, 1 / sample_rate_hz) <= HIGHEST_HZ)
    n_lags = round(LONGEST_SECONDS * sample_rate_hz * FINER)
    around = irfft(across, FINER * n_padded, axis=-1)
    found = np.concatenate([around[:, -n_lags - 1 :], around[:, : n_lags + 2]], axis=1)  # a lag more on both sides
    peak = 1 + found[:, 1:-1].argmax(axis=1)
    before, at, after = (found[np.arange(len(found)), peak + step] for step in (-1, 0, 1))
    curved = before - 2 * at + after
    between = np.where(curved < 0, (before - after) / (2 * np.where(curved < 0, curved, 1)), 0)
    return np.asarray((peak - 1 - n_lags + between) / (sample_rate_hz * FINER))


def _crossings(off_deg: Floats, delay: Floats) -> Floats:
    """Where a delay at rising angles goes from below zero to zero or above."""
    passes = np.flatnonzero((delay[:-1] < 0) & (delay[1:] >= 0))
    share = -delay[passes] / (delay[passes + 1] - delay[passes])
    return np.asarray(off_deg[passes] + share * (off_deg[passes + 1] - off_deg[passes]))
