# classical_baselines/data/landmarks.py
"""Spectral fingerprints of clips, by which recordings of the same sound are found without comparing all pairs.

    spectrum    power of Hann frames of 32 ms, every 8 ms, of the sound at 8 kHz
    peak        a time and frequency no weaker than any within 24 ms and 94 Hz of it; the strongest of a clip are kept
    landmark    a peak and one of those that follow it within half a second: (bin, later bin, frames between)

A gain moves no peak, and a shift moves all of them alike, so that two cuts of one recording share landmarks at one
distance in time: `votes` counts, for every two clips, those at the distance that most of them agree on. Peaks fall on
whole frames, so that frames between may differ by one, and distances too. Landmarks that more than `COMMONEST` others
share tell nothing and are passed over.

Reference: A. Wang, "An industrial-strength audio search algorithm", ISMIR 2003; the numbers are ours.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
N_FFT, HOP = 256, 64
REACH_FRAMES, REACH_BINS = 3, 3
PEAKS_PER_SECOND = 40
LONGEST_FRAMES = 63  # between the peaks of a landmark
N_FOLLOWING = 6  # later peaks that a peak is joined with
QUIETEST = 1e-6  # of the strongest power of the clip: what is below is no peak
COMMONEST = 400

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Landmarks:
    """The landmarks of many clips, end to end."""

    clip: Integers  # [landmark]
    key: Integers  # [landmark]: both bins and the frames between, in one number
    frame: Integers  # [landmark]: of its first peak


@dataclass(frozen=True, eq=False)
class Votes:
    """Pairs of clips that share landmarks at one distance."""

    first: Integers  # [pair] clip
    second: Integers  # [pair] clip, of a larger number
    n: Integers  # [pair] landmarks that agree


def landmarks_of(samples: NDArray[np.float32], clip: int) -> Landmarks:
    """The landmarks of one clip [sample] at 8 kHz."""
    from scipy.ndimage import maximum_filter

    if len(samples) < N_FFT:
        samples = np.pad(samples, (0, N_FFT - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(N_FFT + 1)[:-1], axis=1)) ** 2  # [frame, bin]
    near = maximum_filter(power, size=(2 * REACH_FRAMES + 1, 2 * REACH_BINS + 1), mode="constant")
    at_frame, at_bin = np.nonzero((power == near) & (power > QUIETEST * power.max()))
    n_kept = max(8, round(PEAKS_PER_SECOND * len(samples) / RATE_HZ))
    kept = np.sort(np.argsort(-power[at_frame, at_bin], kind="stable")[:n_kept])  # in order of time
    at_frame, at_bin = at_frame[kept], at_bin[kept]
    keys, firsts = [], []
    for step in range(1, N_FOLLOWING + 1):
        between = at_frame[step:] - at_frame[:-step]
        inside = (between > 0) & (between <= LONGEST_FRAMES)
        keys.append(landmark_key(at_bin[:-step], at_bin[step:], between)[inside])
        firsts.append(at_frame[:-step][inside])
    key = np.concatenate(keys)
    return Landmarks(np.full(len(key), clip), key, np.concatenate(firsts))


def landmark_key(first_bin: Integers, later_bin: Integers, between: Integers) -> Integers:
    """One number for each (bin, later bin, frames between); neighbours in the last follow each other."""
    return (first_bin * (N_FFT // 2 + 1) + later_bin) * (LONGEST_FRAMES + 2) + between


def votes(found: Landmarks, n_clips: int, fewest: int) -> Votes:
    """The pairs of clips of which at least `fewest` landmarks agree on a distance."""
    order = np.argsort(found.key, kind="stable")
    key, clip, frame = found.key[order], found.clip[order], found.frame[order]
    n_frames = int(frame.max(initial=0)) + 1
    codes: list[Any] = []
    for difference in (-1, 0, 1):  # of the frames between
        low = np.searchsorted(key, key + difference, side="left")
        count = np.searchsorted(key, key + difference, side="right") - low
        count[count > COMMONEST] = 0
        here = np.repeat(np.arange(len(key)), count)
        there = np.repeat(low - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
        ordered = clip[here] < clip[there]
        here, there = here[ordered], there[ordered]
        pair = clip[here] * n_clips + clip[there]
        codes.append(pair * (2 * n_frames + 2) + (frame[here] - frame[there] + n_frames))
    code, n = np.unique(np.concatenate(codes), return_counts=True)
    follows = np.append(code[1:] == code[:-1] + 1, False)  # the next distance of the same pair, with landmarks too
    n = n + np.where(follows, np.append(n[1:], 0), 0)
    pair = code // (2 * n_frames + 2)
    starts = np.append(0, np.flatnonzero(np.diff(pair)) + 1) if len(pair) else np.zeros(0, dtype=np.int64)
    best = np.maximum.reduceat(n, starts) if len(pair) else n
    pair = pair[starts]
    enough = best >= fewest
    return Votes(pair[enough] // n_clips, pair[enough] % n_clips, best[enough])
