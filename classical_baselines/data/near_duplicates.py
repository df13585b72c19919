# classical_baselines/data/near_duplicates.py
"""Clips of a data set that hold the same recording: copies, and cuts at another offset or gain.

    candidates    pairs with enough landmarks in common (`landmarks.py`), the largest share first
    confirmed     by correlation of the samples at 8 kHz, whitened by the difference of neighbouring ones:

                      r(lag) = sum x(t) y(t + lag) / sqrt(sum x(t)^2 sum y(t + lag)^2)

                  over the t that both clips have; the lag of the largest |r|, with at least half of the shorter clip's
                  length and a quarter of its energy in common (of two of one length: of either's), and no
                  clip silent there. A pair of |r| >= MIN_CORRELATION is a near duplicate

Two utterances of a word by one speaker agree in their spectra and not in their samples. A recording that was cut,
amplified, turned over, or passed through a good codec is found; one at another speed, or with much noise, is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.landmarks import RATE_HZ, Landmarks, landmarks_of, votes
from classical_baselines.data.recordings import resampled
from classical_baselines.data.splits import Fold
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.streamed_rows import held_rows

FEWEST_VOTES, LEAST_SHARE = 6, 0.05  # landmarks that must agree: so many, and of those of the clip with fewer
MOST_CLIPS = 6000  # landmarks in common grow with the square of the clips, and are held in memory
MOST_CANDIDATES_PER_CLIP = 10  # times the clips, are correlated: the ones with most votes
# Between the most alike takes of a word by one speaker in FSDD (0.885) and Arabic Digits (0.789), and the least alike
# cuts of one background that were found in Speech Commands (0.953); nothing lies between.
MIN_CORRELATION = 0.92
FINER = 4  # lags in a sample: above 1 kHz a sound turns within one
LEAST_LENGTH, LEAST_ENERGY = 0.5, 0.25  # of the shorter clip, that both must have in common
LEAST_OF_EITHER = 1e-3  # of the energy of any clip: below it a clip is silent there, and r is rounding
TINY = np.finfo(np.float64).tiny

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DuplicatePair:
    """Two clips that hold the same recording."""

    first: int  # clip
    second: int
    correlation: float  # below 0: one is turned over
    lag_seconds: float  # how much later the shared sound comes in the second one


def near_duplicates(clips: Clips) -> list[DuplicatePair]:
    """The near duplicates of a data set, the most alike first."""
    if len(clips) > MOST_CLIPS:
        raise InputError(
            f"Near duplicates are looked for among up to {MOST_CLIPS:,} recordings; got {len(clips):,}. Search a part "
            "of the set at a time, in a folder of its own."
        )
    sounds = _at_8_khz(clips)
    found = [landmarks_of(samples, number) for number, samples in enumerate(sounds)]
    joined = Landmarks(*(np.concatenate([getattr(one, name) for one in found]) for name in ("clip", "key", "frame")))
    voted = votes(joined, len(clips), FEWEST_VOTES)
    n_landmarks = np.array([len(one.key) for one in found])
    share = voted.n / np.minimum(n_landmarks[voted.first], n_landmarks[voted.second])
    enough = np.flatnonzero(share >= LEAST_SHARE)
    likeliest = enough[np.argsort(-share[enough], kind="stable")[: MOST_CANDIDATES_PER_CLIP * len(clips)]]
    pairs = []
    for first, second in zip(voted.first[likeliest].tolist(), voted.second[likeliest].tolist(), strict=True):
        correlation, lag = best_correlation(sounds[first], sounds[second])
        if abs(correlation) >= MIN_CORRELATION:
            pairs.append(DuplicatePair(first, second, correlation, lag / RATE_HZ))
    return sorted(pairs, key=lambda pair: (-abs(pair.correlation), pair.first, pair.second))


def best_correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[float, float]:
    """The correlation of two clips [sample] of the largest size, and how many samples later the second one is."""
    x, y = (np.diff(one.astype(np.float64), prepend=one[:1]) for one in (first, second))
    lags, r = correlation_by_lag(x, y, FINER)
    best = int(np.abs(r).argmax())
    return float(np.clip(r[best], -1, 1)), float(lags[best])


def correlation_by_lag(x: Floats, y: Floats, finer: int) -> tuple[Floats, Floats]:
    """(lags, r) over all lags in steps of 1 / `finer` sample; 0 where the two have too little in common.

    Between whole lags the correlation is that of the band-limited sounds, over the energies at the whole lag below.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    n = next_fast_len(len(x) + len(y), real=True)
    cross_spectrum = np.conj(rfft(x, n)) * rfft(y, n)
    if n % 2 == 0 and finer > 1:
        cross_spectrum[-1] /= 2  # half of the sample rate, which a longer transform holds twice
    products = irfft(cross_spectrum, finer * n) * finer
    lags = np.arange(-(len(x) - 1), len(y))  # y(t + lag) against x(t)
    start, stop = np.maximum(0, -lags), np.minimum(len(x), len(y) - lags)  # the t that both have
    energy_x, energy_y = (np.append(0, np.cumsum(one**2)) for one in (x, y))
    shared_x = energy_x[stop] - energy_x[start]
    shared_y = energy_y[stop + lags] - energy_y[start + lags]
    share_x, share_y = shared_x / max(energy_x[-1], TINY), shared_y / max(energy_y[-1], TINY)
    shorter = np.maximum(share_x, share_y) if len(x) == len(y) else share_x if len(x) < len(y) else share_y
    enough = (stop - start >= LEAST_LENGTH * min(len(x), len(y))) & (shorter >= LEAST_ENERGY)
    enough &= np.minimum(share_x, share_y) >= LEAST_OF_EITHER
    norm = np.where(enough, np.sqrt(np.where(enough, shared_x * shared_y, 1)), np.inf)
    at = finer * lags[:, None] + np.arange(finer)
    return (at / finer).ravel(), (products[at % (finer * n)] / norm[:, None]).ravel()


def straddling(pairs: Sequence[DuplicatePair], folds: Sequence[Fold]) -> list[tuple[DuplicatePair, str, str, str]]:
    """The pairs that stand in two parts of a fold, each once: (pair, fold, part of the first, part of the second)."""
    found: dict[DuplicatePair, tuple[DuplicatePair, str, str, str]] = {}
    for fold in folds:
        part_of = {
            index: part
            for part, members in (("training", fold.train), ("validation", fold.validation), ("test", fold.test))
            for index in members
        }
        for pair in pairs:
            first, second = part_of.get(pair.first), part_of.get(pair.second)
            if first is not None and second is not None and first != second:
                found.setdefault(pair, (pair, fold.name, first, second))
    return sorted(found.values(), key=lambda one: -abs(one[0].correlation))


def _at_8_khz(clips: Clips) -> list[NDArray[np.float32]]:
    lengths = clips.n_samples.tolist()
    return [
        resampled(waveform[:n], clips.sample_rate_hz, RATE_HZ)
        for waveform, n in zip(held_rows(clips.waveform).numpy(), lengths, strict=True)
    ]
