# classical_baselines/augment/pitch.py
"""Pitch shift at the clip's own tempo: stretched by a phase vocoder, then resampled back to its length.

    ratio     r = 2^(semitones / 12)
    X         [batch, bin, frame]      STFT, periodic Hann window of n_fft samples, hop H = n_fft / 4, centred
    Y[k, j]   magnitude: linear between the frames around j / r; phase: of X[k, 0], then for each step the advance
              of X from frame floor(j / r) to the next one
    y         inverse STFT of Y: the clip, r times as long; resampled by 1 / r it has its length back, and its
              frequencies times r

n_fft is the power of 2 next to 64 ms. A ratio is taken as a fraction of whole numbers up to 40, as a speed is: 1 to 2
cents off.

References: Flanagan & Golden, Bell System Technical Journal 45 (1966), 1493-1509; Laroche & Dolson, IEEE Transactions
on Speech and Audio Processing 7(3) (1999), 323-332.
"""

from fractions import Fraction
from math import log2, pi

import torch
from torch import Tensor

from classical_baselines.augment import MOST_SEMITONES
from classical_baselines.augment.waveform import LARGEST_RATIO_TERM, resampled_into
from classical_baselines.front_ends.mel import silent_beyond_end
from classical_baselines.harness.choices import InputError

WINDOW_SECONDS = 0.064  # long enough to part the partials of a low voice


def pitch_shifted(waveforms: Tensor, n_samples: Tensor, semitones: float, sample_rate_hz: int) -> Tensor:
    """[batch, sample] with lengths [batch] -> the same clips, so many semitones higher, as long as before."""
    if not abs(semitones) <= MOST_SEMITONES:
        raise InputError(f"A pitch shift must lie within {MOST_SEMITONES:g} semitones either way; got {semitones}.")
    ratio = Fraction(2 ** (semitones / 12)).limit_denominator(LARGEST_RATIO_TERM)
    if ratio == 1:
        return silent_beyond_end(waveforms, n_samples)
    n_window = waveforms.shape[-1]
    n_fft = 2 ** max(4, round(log2(WINDOW_SECONDS * sample_rate_hz)))
    longer = stretched(silent_beyond_end(waveforms, n_samples), float(ratio), n_fft)
    # `ratio` more samples are played in the time of one.
    return silent_beyond_end(resampled_into(n_window, longer, ratio.denominator, ratio.numerator), n_samples)


def stretched(waveforms: Tensor, ratio: float, n_fft: int) -> Tensor:
    """[batch, sample] -> [batch, round(ratio * sample)]: slower where the ratio is above 1, at the same pitch."""
    hop = n_fft // 4
    window = torch.hann_window(n_fft, dtype=torch.float64).to(waveforms)
    spectrum = torch.stft(waveforms, n_fft, hop, window=window, pad_mode="constant", return_complex=True)
    slower = phase_vocoder(spectrum, ratio)
    return torch.istft(slower, n_fft, hop, window=window, length=round(ratio * waveforms.shape[-1]))


def phase_vocoder(spectrum: Tensor, ratio: float) -> Tensor:
    """[batch, bin, frame] -> the same with ratio times as many frames, as far apart as before.

    Since they are, an advance needs no unwrapping: whole turns change nothing.
    """
    n_frames = spectrum.shape[-1]
    # One frame of silence beyond the last, whose neighbour it is.
    padded = torch.nn.functional.pad(spectrum, (0, 2))
    magnitude, phase = padded.abs(), padded.angle()
    position = torch.arange(0, n_frames, 1 / ratio, dtype=torch.float64)
    before = position.long()
    share = (position - before).to(magnitude)
    interpolated = torch.lerp(magnitude[..., before], magnitude[..., before + 1], share)
    advance = (phase[..., before + 1] - phase[..., before]).to(torch.float64)
    # The phase of a frame is that of the first one and of all advances before it.
    start = phase[..., :1].to(torch.float64)
    accumulated = torch.cat([start, start + advance[..., :-1].cumsum(dim=-1)], dim=-1)
    return torch.polar(interpolated, (accumulated % (2 * pi)).to(magnitude))
