# classical_baselines/front_ends/compiled_mel.py
"""The powers and levels of `mel`, compiled: eight frames abreast through every step, one clip after the other.

Each of eight frames has a lane of the processor's vectors (`lanes`), and no step moves a value from one lane to
another. What is at work stays in the first-level cache. With N = n_fft, h = hop, M = N / 2, the window w, and x_t[i]
sample i of frame t, zero outside the clip:

    phases    y[r, u] = x_0[u h + r], so that x_t[i] = y[i mod h, t + i div h]: neighbours in t lie side by side
    window    z_j = w[2j] x_t[2j] + i w[2j+1] x_t[2j+1]
    fourier   Z_k = M-point transform of z: decimation in time, in place, radix 4, with a last pass of radix 2 where M
              is no power of 4; z is written in the order that leaves Z in its own
    spectrum  2 X_k = E + O, 2 X_{M-k}* = E - O, with E = Z_k + Z_{M-k}*, O = -i (Z_k - Z_{M-k}*) exp(-2 pi i k / N)
    mel       sum of F[m, k] |X_k|^2 over the bins that triangle m has. The dense product of `mel` multiplies by zeros
              for the most part: with 64 bands on 257 bins, 514 of 16,448 weights are not zero
    level     10 log10 2 (log2 P - log2 r); for P = 2^e f with 1/sqrt 2 <= f < sqrt 2, and a = (f - 1) / (f + 1),
              log2 P = e + 2 / ln 2 (a + a^3/3 + a^5/5 + a^7/7 + a^9/9): |a| < 0.172, the rest is below 2e-9

(Transforms: Oppenheim & Schafer, Discrete-Time Signal Processing, 3rd ed., 2010, chapter 9. Real samples by a complex
transform of half the length: Press et al., Numerical Recipes, 3rd ed., 2007, section 12.3.)

Numbers are 32-bit floats, as in the torch engine, summed in another order. What a clip gives depends neither on its
batch nor on the number of threads: those that torch is given take clips of their own. There is no gradient; who learns
through the spectrogram takes "torch". The first call compiles, for some seconds; later processes load what numba kept
of it beside this file, in the user's cache folder, or where NUMBA_CACHE_DIR says.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import isfinite, log, log10
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import n_centred_frames
from classical_baselines.front_ends.lanes import N_LANES, load, store
from classical_baselines.harness.choices import InputError

_ROW = 2 * N_LANES  # a complex value of each lane: real parts, then imaginary parts
_QUARTER = np.float32(0.25)
_DECIBELS_PER_OCTAVE = np.float32(10 * log10(2))
_TWO_OVER_LN_2 = np.float32(2 / log(2))
_MANTISSA_BITS = np.int32(23)
_SQRT_HALF = np.float32(0.5**0.5).view(np.int32)  # the bits of it
_FRAMED_SAMPLES_WORTH_A_THREAD = 2**20  # about a millisecond

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


def compiled_mel_power(waveforms: Tensor, filters: Tensor, n_fft: int, hop: int) -> Tensor:
    """[batch, sample], float32 on the CPU, and triangles [mel, bin] -> [batch, mel, frame]."""
    if waveforms.device.type != "cpu" or waveforms.dtype != torch.float32 or waveforms.requires_grad:
        raise InputError(
            'engine = "compiled" takes 32-bit floats in the CPU\'s memory and gives no gradient; got '
            f"{waveforms.dtype} on {waveforms.device}{' with a gradient' if waveforms.requires_grad else ''}. "
            'Choose engine = "torch".'
        )
    n_clips, n_samples = waveforms.shape
    n_frames = n_centred_frames(n_samples, hop)
    samples = waveforms.contiguous().numpy()
    order, cosines, sines = _sample_order(n_fft), *_turns(n_fft)
    window = torch.hann_window(n_fft, dtype=torch.float64).float().numpy()[order]
    bands = _bands(filters)
    mel = np.empty((n_clips, len(filters), n_frames), dtype=np.float32)

    def some(first: int, end: int) -> None:
        _mel_powers(samples[first:end], hop, order, window, cosines, sines, *bands, mel[first:end])

    _shared_out(some, n_clips, n_frames * n_fft)
    if mel.size and not isfinite(mel.max()):
        raise InputError(
            "Waveforms are so large that their power overflows 32-bit floats. Scale them to within -1 and 1."
        )
    return torch.from_numpy(mel)


def compiled_relative_level(power: Tensor, reference: Tensor, top_db: float, smallest: float) -> Tensor:
    """10 log10(power / reference) in [-top_db, 0], written over the power [batch, mel, frame]; reference [batch, 1, 1].

    Powers of at most `smallest` are the floor, whatever the reference.
    """
    powers, references = power.flatten(start_dim=1).numpy(), reference.flatten().numpy()

    def some(first: int, end: int) -> None:
        _levels(powers[first:end], references[first:end], np.float32(top_db), np.float32(smallest))

    _shared_out(some, *powers.shape)
    return power


def _shared_out(work: Callable[[int, int], None], n_clips: int, n_per_clip: int) -> None:
    """work(first, end) over all clips, by as many of torch's threads as have enough to do."""
    n_threads = max(1, min(torch.get_num_threads(), n_clips, n_clips * n_per_clip // _FRAMED_SAMPLES_WORTH_A_THREAD))
    if n_threads == 1:
        return work(0, n_clips)
    limits = [n_clips * part // n_threads for part in range(n_threads + 1)]
    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(work, limits[:-1], limits[1:]))
    return None


@lru_cache(maxsize=8)
def _turns(n_fft: int) -> tuple[Floats, Floats]:
    """cos and sin of 2 pi k / n_fft for k < n_fft."""
    angle = 2 * np.pi * np.arange(n_fft) / n_fft
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


@lru_cache(maxsize=8)
def _sample_order(n_fft: int) -> Integers:
    """The order in which the samples of a frame enter the transform, even and odd ones in turn as parts of one value.

    >>> _sample_order(16).tolist()
    [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15]
    """
    n_points = n_fft // 2
    values = np.zeros(1, dtype=np.int64)
    while 4 * len(values) <= n_points:
        values = np.concatenate([4 * values + first for first in range(4)])
    if len(values) < n_points:
        values = np.concatenate([2 * values, 2 * values + 1])
    return np.stack([2 * values, 2 * values + 1], axis=1).ravel()


def _bands(filters: Tensor) -> tuple[Integers, Integers, Floats]:
    """The first bin of each triangle, the one after its last, and its weights from the first on: [mel, longest]."""
    nonzero = filters.numpy() != 0
    starts = nonzero.argmax(axis=1)
    ends = nonzero.shape[1] - nonzero[:, ::-1].argmax(axis=1)
    weights = np.zeros((len(filters), int((ends - starts).max())), dtype=np.float32)
    for band, (start, end) in enumerate(zip(starts, ends, strict=True)):
        weights[band, : end - start] = filters[band, start:end].numpy()
    return starts.astype(np.int64), ends.astype(np.int64), weights


_OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "nnan"}}


def _inner(function: Callable[..., Any]) -> Any:
    """The function compiled as a part of those that call it."""
    return numba.njit(**_OPTIONS)(function)


def _compiled(function: Callable[..., Any]) -> Any:
    """The function compiled at its first call and kept on disk, or compiled in every process where no folder takes it.

    Numba compiles anew where this file changed, and looks at no other: what is compiled stands here, but for `lanes`.
    """
    try:
        return numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:
        return numba.njit(**_OPTIONS)(function)


@_inner
def _octaves(power: Any) -> Any:
    """log2 of a power: the whole number next to it, and the rest."""
    bits = np.float32(power).view(np.int32)
    octave = (bits - _SQRT_HALF) >> _MANTISSA_BITS
    fraction = np.int32(bits - (octave << _MANTISSA_BITS)).view(np.float32)
    a = (fraction - np.float32(1)) / (fraction + np.float32(1))
    square = a * a
    series = np.float32(1 / 7) + square * np.float32(1 / 9)
    series = np.float32(1 / 5) + square * series
    series = np.float32(1 / 3) + square * series
    return np.float32(octave), _TWO_OVER_LN_2 * (a + a * square * series)


@_inner
def _turned(real: Any, imaginary: Any, cosine: Any, sine: Any) -> Any:
    """A complex number of each lane times cosine - i sine."""
    return real * cosine + imaginary * sine, imaginary * cosine - real * sine


@_inner
def _phases(samples: Floats, hop: int, half: int, width: int, phases: Floats) -> None:
    """y[r, u] = samples[u hop + r - half]; what lies outside the clip is left as it is, zero."""
    n_phases = len(phases) // width
    for u in range(width):
        origin = u * hop - half
        for r in range(max(0, -origin), min(n_phases, len(samples) - origin)):
            # Unsigned, since a signed index may count from the end, which would be asked for each sample.
            phases[np.uintp(r * width + u)] = samples[np.uintp(origin + r)]


@_inner
def _windowed(phases: Floats, origins: Integers, first_frame: int, window: Floats, z: Floats) -> None:
    """z of the eight frames from `first_frame` on, where each value's origin is told for frame 0."""
    for i in range(len(window)):
        store(z, i * N_LANES, load(phases, origins[i] + first_frame) * window[i])


@_inner
def _quarters(z: Floats, n_points: int, quarter: int, cosines: Floats, sines: Floats) -> None:
    """A pass of radix 4: each four transforms of `quarter` points that follow each other become one."""
    apart, step = quarter * _ROW, n_points // (2 * quarter)  # in a table of 2 n_points angles
    for j in range(quarter):
        cosine_1, cosine_2, cosine_3 = cosines[step * j], cosines[2 * step * j], cosines[3 * step * j]
        sine_1, sine_2, sine_3 = sines[step * j], sines[2 * step * j], sines[3 * step * j]
        for first in range(j * _ROW, n_points * _ROW, 4 * apart):
            second, third, fourth = first + apart, first + 2 * apart, first + 3 * apart
            a, a_i = load(z, first), load(z, first + N_LANES)
            b, b_i = _turned(load(z, second), load(z, second + N_LANES), cosine_1, sine_1)
            c, c_i = _turned(load(z, third), load(z, third + N_LANES), cosine_2, sine_2)
            d, d_i = _turned(load(z, fourth), load(z, fourth + N_LANES), cosine_3, sine_3)
            store(z, first, (a + c) + (b + d))
            store(z, first + N_LANES, (a_i + c_i) + (b_i + d_i))
            store(z, second, (a - c) + (b_i - d_i))
            store(z, second + N_LANES, (a_i - c_i) - (b - d))
            store(z, third, (a + c) - (b + d))
            store(z, third + N_LANES, (a_i + c_i) - (b_i + d_i))
            store(z, fourth, (a - c) - (b_i - d_i))
            store(z, fourth + N_LANES, (a_i - c_i) + (b - d))


@_inner
def _halves(z: Floats, n_points: int, cosines: Floats, sines: Floats) -> None:
    """The pass of radix 2 that makes one transform of two."""
    for j in range(n_points // 2):
        first, second = j * _ROW, (j + n_points // 2) * _ROW
        a, a_i = load(z, first), load(z, first + N_LANES)
        b, b_i = _turned(load(z, second), load(z, second + N_LANES), cosines[2 * j], sines[2 * j])
        store(z, first, a + b)
        store(z, first + N_LANES, a_i + b_i)
        store(z, second, a - b)
        store(z, second + N_LANES, a_i - b_i)


@_inner
def _powers(z: Floats, n_points: int, cosines: Floats, sines: Floats) -> None:
    """|X|^2 from Z, in the places of the real parts; that of the last bin in a row of its own after them."""
    real, imaginary = load(z, 0), load(z, N_LANES)
    store(z, 0, (real + imaginary) * (real + imaginary))
    store(z, n_points * _ROW, (real - imaginary) * (real - imaginary))
    for k in range(1, n_points // 2 + 1):
        low, high = k * _ROW, (n_points - k) * _ROW
        a, a_i, b, b_i = load(z, low), load(z, low + N_LANES), load(z, high), load(z, high + N_LANES)
        odd, odd_i = _turned(a_i + b_i, b - a, cosines[k], sines[k])
        real, imaginary = (a + b) + odd, (a_i - b_i) + odd_i
        store(z, low, (real * real + imaginary * imaginary) * _QUARTER)
        real, imaginary = (a + b) - odd, (a_i - b_i) - odd_i
        store(z, high, (real * real + imaginary * imaginary) * _QUARTER)


@_inner
def _band_sums(
    z: Floats, starts: Integers, ends: Integers, weights: Floats, first: int, n_here: int, mel: Floats
) -> None:
    """Triangles times powers: write mel [mel, frame] from frame `first` on, so many frames as are here."""
    n_frames = mel.shape[1]
    flat, spare = mel.reshape(-1), len(z) - N_LANES  # the end of the row that the power of the last bin begins
    for band in range(len(starts)):
        total = load(z, starts[band] * _ROW) * weights[band, 0]
        for j in range(1, ends[band] - starts[band]):
            total = total + load(z, (starts[band] + j) * _ROW) * weights[band, j]
        if n_here == N_LANES:
            store(flat, band * n_frames + first, total)
        else:
            store(z, spare, total)
            for lane in range(n_here):
                flat[band * n_frames + first + lane] = z[spare + lane]


@_compiled
def _mel_powers(
    samples: Floats,
    hop: int,
    order: Integers,
    window: Floats,
    cosines: Floats,
    sines: Floats,
    starts: Integers,
    ends: Integers,
    weights: Floats,
    mel: Floats,
) -> None:
    """Write mel [clip, mel, frame] of samples [clip, sample]; `window` has the order in which samples enter z."""
    n_fft, n_frames = len(window), mel.shape[2]
    n_points = n_fft // 2
    width = n_frames + N_LANES + (n_fft - 1) // hop
    phases = np.zeros(min(hop, n_fft) * width, dtype=np.float32)
    origins = order % hop * width + order // hop
    z = np.zeros((n_points + 1) * _ROW, dtype=np.float32)
    for clip in range(len(samples)):
        _phases(samples[clip], hop, n_points, width, phases)
        for first in range(0, n_frames, N_LANES):
            _windowed(phases, origins, first, window, z)
            quarter = 1
            while 4 * quarter <= n_points:
                _quarters(z, n_points, quarter, cosines, sines)
                quarter *= 4
            if quarter < n_points:
                _halves(z, n_points, cosines, sines)
            _powers(z, n_points, cosines, sines)
            _band_sums(z, starts, ends, weights, first, min(N_LANES, n_frames - first), mel[clip])


@_compiled
def _levels(powers: Floats, references: Floats, top_db: Any, smallest: Any) -> None:
    """The levels [clip, value] over the powers."""
    for clip in range(len(powers)):
        octave, rest = _octaves(max(references[clip], smallest))
        for i in range(powers.shape[1]):
            power = powers[clip, i]
            own_octave, own_rest = _octaves(max(power, smallest))
            level = _DECIBELS_PER_OCTAVE * ((own_octave - octave) + (own_rest - rest))
            powers[clip, i] = -top_db if power <= smallest else min(max(level, -top_db), np.float32(0))
