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

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from classical_baselines.augment import NoiseKind
from classical_baselines.front_ends.mel import silent_beyond_end
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.streamed_rows import Rows

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


# Noise that is made of draws alone, where babble is made of clips.
DRAWN: Mapping[NoiseKind, Callable[[int, int, torch.Generator], Tensor]] = {"white": white_noise, "pink": pink_noise}


def babble(pool: Rows, n_samples: Tensor, rows: Tensor, generator: torch.Generator) -> Tensor:
    """Babble for the clips `rows` of the pool [clip, sample] with lengths [clip]; no clip is a talker behind itself."""
    n_pool, n_window = pool.shape
    if n_pool < 2:
        raise InputError("Babble is made of other training clips, and there is one alone. Choose white or pink noise.")
    noise = torch.zeros(len(rows), n_window, dtype=pool.dtype, device=pool.device)
    for _ in range(N_TALKERS):
        talker = torch.randint(n_pool - 1, (len(rows),), generator=generator)
        talker += talker >= rows  # any clip but the row itself
        noise += voice_of(pool, n_samples, talker, generator)
    return noise


def voice_of(pool: Rows, n_samples: Tensor, talker: Tensor, generator: torch.Generator) -> Tensor:
    """[batch, sample]: the clips `talker` [batch] of the pool, each as it stands in babble."""
    length = n_samples[talker].clamp_min(1)[:, None]
    first = (torch.rand((len(talker), 1), generator=generator) * length).long()
    words = silent_beyond_end(pool[talker], n_samples[talker])
    power = words.square().sum(dim=1, keepdim=True) / length
    repeated = words.gather(1, (torch.arange(pool.shape[1]) + first) % length)
    return repeated / power.clamp_min(torch.finfo(words.dtype).tiny).sqrt()


def noise_of(kind: NoiseKind, pool: Rows, n_samples: Tensor, rows: Tensor, generator: torch.Generator) -> Tensor:
    """Noise [batch, sample] of one kind for the clips `rows` of the pool."""
    if kind == "babble":
        return babble(pool, n_samples, rows, generator)
    return DRAWN[kind](len(rows), pool.shape[1], generator).to(pool.device, pool.dtype)
