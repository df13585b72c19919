# classical_baselines/front_ends/compiled_mel.py
"""The mel powers of `mel`, in tiles that stay in the cache, and with one compiled pass from spectrum to bands.

    tile     so many clips that their frames, windowed, and the spectrum of these fill about the second-level cache
    bands    M[m] = sum of w[j] |X[start[m] + j]|^2 over the bins of triangle m, its zeros left out

A triangle touches few bins, so that the dense product of `mel` multiplies by zeros for the most part: with 64 bands and
257 bins 514 of 16,448 weights are not zero. The sums differ from those of the dense product in order alone, by a few
units in the last place of a 32-bit float. There is no gradient here: who learns through the spectrogram takes "torch".
"""

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import n_centred_frames
from classical_baselines.harness.choices import InputError

_FRAMED_SAMPLES_IN_TILE = 2**17  # 512 KiB of 32-bit floats
_FRAMES_AT_ONCE = 8  # 32-bit floats in a vector of 256 bits

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
    n_in_tile = min(n_clips, max(1, _FRAMED_SAMPLES_IN_TILE // (n_frames * n_fft)))
    starts, ends, weights = _bands(filters)
    window = torch.hann_window(n_fft, dtype=torch.float64).float()
    padded = waveforms.new_zeros(n_in_tile, n_samples + n_fft // 2 * 2)
    frames = waveforms.new_empty(n_in_tile, n_frames, n_fft)
    mel = np.empty((n_clips, len(filters), n_frames), dtype=np.float32)
    for first in range(0, n_clips, n_in_tile):
        n_here = min(n_in_tile, n_clips - first)
        padded[:n_here, n_fft // 2 : n_fft // 2 + n_samples] = waveforms[first : first + n_here]
        torch.mul(padded[:n_here].unfold(-1, n_fft, hop), window, out=frames[:n_here])
        spectrum = torch.view_as_real(torch.fft.rfft(frames[:n_here])).numpy()
        _into_bands(spectrum, starts, ends, weights, mel[first : first + n_here])
    return torch.from_numpy(mel)


def _bands(filters: Tensor) -> tuple[Integers, Integers, Floats]:
    """The first bin of each triangle, the one after its last, and its weights from the first on: [mel, longest]."""
    nonzero = filters.numpy() != 0
    starts = nonzero.argmax(axis=1)
    ends = nonzero.shape[1] - nonzero[:, ::-1].argmax(axis=1)
    weights = np.zeros((len(filters), int((ends - starts).max())), dtype=np.float32)
    for band, (start, end) in enumerate(zip(starts, ends, strict=True)):
        weights[band, : end - start] = filters[band, start:end].numpy()
    return starts.astype(np.int64), ends.astype(np.int64), weights


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator]
def _into_bands(spectrum: Floats, starts: Integers, ends: Integers, weights: Floats, mel: Floats) -> None:
    """Write [clip, mel, frame] of a spectrum [clip, frame, bin, 2]; as many frames at once as a vector holds."""
    n_clips, n_frames, n_bins, _ = spectrum.shape
    power = np.empty((n_bins, _FRAMES_AT_ONCE), dtype=np.float32)
    total = np.empty(_FRAMES_AT_ONCE, dtype=np.float32)
    for clip in range(n_clips):
        for first in range(0, n_frames, _FRAMES_AT_ONCE):
            n_here = min(_FRAMES_AT_ONCE, n_frames - first)
            for frame in range(n_here):
                values = spectrum[clip, first + frame]
                for k in range(n_bins):
                    power[k, frame] = values[k, 0] * values[k, 0] + values[k, 1] * values[k, 1]
            for band in range(len(starts)):
                start = starts[band]
                total[:] = 0
                for j in range(ends[band] - start):
                    weight = weights[band, j]
                    for frame in range(_FRAMES_AT_ONCE):
                        total[frame] += weight * power[start + j, frame]
                for frame in range(n_here):
                    mel[clip, band, first + frame] = total[frame]
