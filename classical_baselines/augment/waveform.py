# classical_baselines/augment/waveform.py
"""Changes of the sound itself: speed, noise at a stated ratio, position in the window.

waveforms   [batch, sample]     zero from each clip's own end on; so is what comes back
n_samples   [batch]             each clip's own length
"""

from fractions import Fraction

import torch
from scipy.signal import resample_poly
from torch import Tensor

from classical_baselines.front_ends.mel import silent_beyond_end
from classical_baselines.harness.choices import InputError

# A speed is taken as a ratio of whole numbers up to this one; 1.07 becomes 31/29, which is off by 0.1 %.
LARGEST_RATIO_TERM = 40


def speed_perturbed(waveforms: Tensor, n_samples: Tensor, speed: float) -> tuple[Tensor, Tensor]:
    """Play each clip `speed` times as fast, tempo and pitch together, in a window of the same length.

    Returns the waveforms and their new lengths, ceil(n / speed); what outgrows the window is cut off.
    """
    if not 0.25 <= speed <= 4:
        raise InputError(f"A speed must lie between 0.25 and 4, where 1 changes nothing; got {speed}.")
    stretch = Fraction(1 / speed).limit_denominator(LARGEST_RATIO_TERM)
    up, down = stretch.numerator, stretch.denominator
    n_window = waveforms.shape[-1]
    lengths = ((n_samples * up + down - 1) // down).clamp_max(n_window)
    return silent_beyond_end(resampled_into(n_window, waveforms, up, down), lengths), lengths


def resampled_into(n_window: int, waveforms: Tensor, up: int, down: int) -> Tensor:
    """[batch, sample] at up / down times the rate, cut at the end or padded with zeros: [batch, n_window]."""
    resampled = torch.from_numpy(resample_poly(waveforms.cpu().numpy(), up, down, axis=-1)).to(waveforms)
    return torch.nn.functional.pad(resampled, (0, max(0, n_window - resampled.shape[-1])))[..., :n_window]


def added_at_snr(waveforms: Tensor, noise: Tensor, n_samples: Tensor, snr_db: float | Tensor) -> Tensor:
    """Add noise n to each clip x: x + n sqrt(P_x / (P_n 10^(snr_db / 10))); a ratio for all, or for each [batch, 1].

    P_x and P_n are mean powers over the clip's own length, so that the ratio is met exactly in each clip. A
    clip of zeros stays one.
    """
    noise = silent_beyond_end(noise, n_samples)
    clip_energy = silent_beyond_end(waveforms, n_samples).square().sum(dim=-1, keepdim=True)
    noise_energy = noise.square().sum(dim=-1, keepdim=True)
    gain = (clip_energy / noise_energy.clamp_min(torch.finfo(noise.dtype).tiny) * 10 ** (-snr_db / 10)).sqrt()
    return waveforms + gain * noise


def time_shift(
    waveforms: Tensor, n_samples: Tensor, max_shift_samples: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Move each clip later or earlier by a whole number of samples, drawn evenly from [-max, max].

    Returns the waveforms and where they now end. What leaves the window is lost; what enters it is silence.
    """
    if max_shift_samples < 0:
        raise InputError(f"max_shift_samples must be 0 or more; got {max_shift_samples}.")
    n_window = waveforms.shape[-1]
    shift = torch.randint(-max_shift_samples, max_shift_samples + 1, (len(waveforms), 1), generator=generator)
    shift = shift.to(waveforms.device)
    source = torch.arange(n_window, device=waveforms.device) - shift
    inside = (source >= 0) & (source < n_window)
    moved = waveforms.gather(-1, source.clamp(0, n_window - 1)) * inside
    return moved, (n_samples + shift[:, 0].to(n_samples.device)).clamp(0, n_window)
