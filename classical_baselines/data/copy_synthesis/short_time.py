# classical_baselines/data/copy_synthesis/short_time.py
"""Short-time Fourier transform and the signal that fits one best.

Frame t holds the samples around t * hop (zeros outside the sound) under a periodic Hann window w. The inverse is the
least-squares one (Griffin & Lim, section 2):

    x[n] = sum_t w[n - t hop] y_t[n - t hop] / sum_t w[n - t hop]^2

which gives x back where the frames y_t are those of x, and the nearest signal where they are those of none.

    samples   [sample]
    spectra   [frame, bin]     complex, n_frames = 1 + ceil(n_samples / hop), bins 0 to n_fft / 2

Reference: Griffin & Lim, Signal estimation from modified short-time Fourier transform, IEEE TASSP 32(2), 1984.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.copy_synthesis.attack import Floats

Spectra = NDArray[np.complex128]


@dataclass(frozen=True)
class ShortTime:
    """The sizes of a transform, in samples."""

    n_window: int  # even
    hop: int  # at most half of the window
    n_fft: int  # at least n_window

    def forward(self, samples: Floats) -> Spectra:
        """The transform of a sound."""
        n_frames = 1 + -(-len(samples) // self.hop)
        padded = np.zeros((n_frames - 1) * self.hop + self.n_window)
        padded[self.n_window // 2 : self.n_window // 2 + len(samples)] = samples
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.n_window)[:: self.hop]
        return np.fft.rfft(frames * self._window(), self.n_fft)

    def backward(self, spectra: Spectra, n_samples: int) -> Floats:
        """The sound that fits the spectra best, in the sense of least squares."""
        window = self._window()
        frames = np.fft.irfft(spectra, self.n_fft)[:, : self.n_window] * window
        summed, weights = (overlap_added(each, self.hop) for each in (frames, np.broadcast_to(window**2, frames.shape)))
        made = np.zeros(n_samples)
        own = slice(self.n_window // 2, self.n_window // 2 + n_samples)
        made[: len(summed[own])] = (summed / np.maximum(weights, 1e-8))[own]
        return made

    def _window(self) -> Floats:
        return hann(self.n_window)


def hann(n_samples: int) -> Floats:
    """The periodic Hann window: shifted by half its length, it adds up to 1."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_samples) / n_samples)


def overlap_added(frames: Floats, hop: int) -> Floats:
    """Frames [frame, sample] added up, each `hop` samples after the one before.

    >>> overlap_added(np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]), hop=2).tolist()
    [1.0, 1.0, 3.0, 2.0, 2.0]
    """
    n_frames, n_window = frames.shape
    summed = np.zeros((n_frames - 1) * hop + n_window)
    for number, frame in enumerate(frames):
        summed[number * hop : number * hop + n_window] += frame
    return summed
