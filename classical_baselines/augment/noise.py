# classical_baselines/augment/noise.py
"""Noise to add to clips: white, pink, and babble made of other clips.

    white     independent Gaussian samples
    pink      white noise whose spectrum is divided by sqrt(f), without its mean: power falls by 3.01 dB per octave
    babble    the sum of 5 other clips of those at hand, each of the same mean power over its own length, repeated
              without a gap from a random sample on

    noise     [batch, sample]     the whole window, of no particular level: `waveform.added_at_snr` sets it

Clips for babble are those that the caller hands over; training hands over training clips alone. Five talkers are our
choice: enough that no word of one is understood, few enough that it still sounds like speech.
"""

import torch
from torch import Tensor

from classical_baselines.front_ends.mel import silent_beyond_end
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.streamed_rows import Rows

KINDS = ("white", "pink", "babble")
N_TALKERS = 5


def white_noise(n_clips: int, n_samples: int, generator: torch.Generator) -> Tensor:
    """[batch, sample] of unit variance."""
    return torch.randn(n_clips, n_samples, generator=generator)


def pink_noise(n_clips: int, n_samples: int, generator: torch.Generator) -> Tensor:
    """[batch, sample] whose power in each octave is the same."""
    spectrum = torch.fft.rfft(white_noise(n_clips, n_samples, generator))
    weight = torch.arange(spectrum.shape[-1], dtype=torch.float64).clamp_min(1).rsqrt()
    weight[0] = 0
    return torch.fft.irfft(spectrum * weight.to(torch.float32), n_samples)


def babble(pool: Rows, n_samples: Tensor, rows: Tensor, generator: torch.Generator) -> Tensor:
    """Babble for the clips `rows` of the pool [clip, sample] with lengths [clip]; no clip is a talker behind itself."""
    n_pool, n_window = pool.shape
    if n_pool < 2:
        raise InputError("Babble is made of other training clips, and there is one alone. Choose white or pink noise.")
    noise = torch.zeros(len(rows), n_window, dtype=pool.dtype, device=pool.device)
    position = torch.arange(n_window)
    for _ in range(N_TALKERS):
        talker = torch.randint(n_pool - 1, (len(rows),), generator=generator)
        talker += talker >= rows  # any clip but the row itself
        length = n_samples[talker].clamp_min(1)[:, None]
        first = (torch.rand((len(rows), 1), generator=generator) * length).long()
        words = silent_beyond_end(pool[talker], n_samples[talker])
        power = words.square().sum(dim=1, keepdim=True) / length
        repeated = words.gather(1, (position + first) % length)
        noise += repeated / power.clamp_min(torch.finfo(noise.dtype).tiny).sqrt()
    return noise


def noise_of(kind: str, pool: Rows, n_samples: Tensor, rows: Tensor, generator: torch.Generator) -> Tensor:
    """Noise [batch, sample] of one kind for the clips `rows` of the pool."""
    if kind == "babble":
        return babble(pool, n_samples, rows, generator)
    make = pink_noise if kind == "pink" else white_noise
    return make(len(rows), pool.shape[1], generator).to(pool.device, pool.dtype)
