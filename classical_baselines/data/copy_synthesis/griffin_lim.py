# classical_baselines/data/copy_synthesis/griffin_lim.py
"""Griffin-Lim from a mel spectrogram: magnitudes are kept in 80 bands, and phases are sought that fit them.

    M = F |X|                   mel magnitudes, 80 HTK triangles F from 0 Hz to half the rate
    A = max(F^+ M, 0)           magnitudes again, by the pseudo-inverse
    c_i = P(t_i-1),  t_i = c_i + momentum (c_i - c_i-1)     P: magnitudes A, then the spectra of the nearest signal

Window 50 ms, hop 12.5 ms, 80 bands, 50 iterations: Wang et al., Tacotron: towards end-to-end speech synthesis,
Interspeech 2017, where a network makes the linear magnitudes of the bands. The transform is the power of two that holds
the window. Momentum 0.99: Perraudin, Balazs & Soendergaard, A fast Griffin-Lim algorithm, WASPAA 2013, and librosa's
default. The first phases are drawn evenly.
"""

from functools import lru_cache

import numpy as np

from classical_baselines.data.copy_synthesis.attack import Floats
from classical_baselines.data.copy_synthesis.short_time import ShortTime, Spectra

WINDOW_SECONDS = 0.05
HOP_SECONDS = 0.0125
N_MELS = 80
N_ITERATIONS = 50
MOMENTUM = 0.99


def griffin_lim_copy(samples: Floats, rate_hz: int, draw: np.random.Generator) -> Floats:
    """The sound whose mel spectrogram is that of `samples`, nearly."""
    transform = transform_at(rate_hz)
    filters, inverse = _filters(rate_hz, transform.n_fft)
    mels = np.abs(transform.forward(samples)) @ filters.T
    magnitudes = np.maximum(mels @ inverse.T, 0)
    phases = draw.uniform(-np.pi, np.pi, magnitudes.shape)
    return signal_of(magnitudes, phases, transform, len(samples))


def transform_at(rate_hz: int) -> ShortTime:
    """The transform whose magnitudes are kept."""
    n_window = 2 * round(WINDOW_SECONDS * rate_hz / 2)
    return ShortTime(n_window, round(HOP_SECONDS * rate_hz), 1 << (n_window - 1).bit_length())


def signal_of(
    magnitudes: Floats, phases: Floats, transform: ShortTime, n_samples: int, n_iterations: int = N_ITERATIONS
) -> Floats:
    """The signal that fast Griffin-Lim finds for magnitudes [frame, bin] from first phases."""
    tried: Spectra = magnitudes * np.exp(1j * phases)
    before: Spectra = np.zeros_like(tried)
    for _ in range(n_iterations):
        fitted = transform.forward(transform.backward(_with(magnitudes, tried), n_samples))
        tried = fitted + MOMENTUM * (fitted - before)
        before = fitted
    return transform.backward(_with(magnitudes, tried), n_samples)


def _with(magnitudes: Floats, spectra: Spectra) -> Spectra:
    """The spectra with other magnitudes; a bin of none has phase 0."""
    absolute = np.abs(spectra)
    directions: Spectra = np.where(absolute > 0, spectra / np.where(absolute > 0, absolute, 1), 1).astype(np.complex128)
    return magnitudes * directions


@lru_cache(maxsize=4)
def _filters(rate_hz: int, n_fft: int) -> tuple[Floats, Floats]:
    """Triangles [mel, bin] and their pseudo-inverse [bin, mel]."""
    filters = mel_triangles(rate_hz, n_fft, N_MELS)
    inverse: Floats = np.linalg.pinv(filters).astype(np.float64)
    return filters, inverse


def mel_triangles(rate_hz: int, n_fft: int, n_mels: int) -> Floats:
    """[mel, bin]: triangles of height 1 whose corners are even in HTK's mel, 2595 log10(1 + f / 700)."""
    corners = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + rate_hz / 2 / 700), n_mels + 2) / 2595) - 1)
    hertz = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    rising = (hertz - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - hertz) / np.diff(corners)[1:, None]
    return np.maximum(0, np.minimum(rising, falling))
