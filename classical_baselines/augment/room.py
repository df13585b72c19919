# classical_baselines/augment/room.py
"""Reverberation: each clip is convolved with the response of a room that nobody built.

    h[0] = 1                                        the direct sound
    h[n] = g w[n] 10^(-3 n / (RT60 f_s))            w Gaussian; 60 dB down after RT60 seconds, and cut off there
    g                                               such that the energy of h[0] is DRR dB above that of the rest
    y    = c (x * h)                                c such that the mean power over the clip's own length is kept

The reverberation of the last sound goes on after a clip's own end, as far as the window reaches. The tail is Polack's
statistical model (doctoral thesis, Université du Maine, 1988; as in Jot, Cerveau & Warusfel, AES 103, 1997): diffuse
from the first sample on, without the early reflections of a room of a given shape. DRR ~ U[0, 12] dB is our choice: a
talker within arm's reach to one across a furnished room.
"""

import torch
from torch import Tensor

from classical_baselines.front_ends.mel import silent_beyond_end

DIRECT_TO_REVERBERANT_DB = (0.0, 12.0)


def room_responses(
    rt60_seconds: Tensor, direct_to_reverberant_db: Tensor, sample_rate_hz: int, generator: torch.Generator
) -> Tensor:
    """[batch] of each -> responses [batch, sample], as long as the longest of them, zero beyond each one's RT60."""
    n_own = (rt60_seconds * sample_rate_hz).ceil().long().clamp_min(2)
    sample = torch.arange(int(n_own.max()))
    decay = 10 ** (-3 * sample / (rt60_seconds[:, None] * sample_rate_hz))
    tail = torch.randn(len(n_own), len(sample), generator=generator) * decay * (sample < n_own[:, None])
    tail[:, 0] = 0
    energy = tail.square().sum(dim=1, keepdim=True)
    responses = tail * (10 ** (-direct_to_reverberant_db[:, None] / 10) / energy).sqrt()
    responses[:, 0] = 1
    return responses


def reverberated(waveforms: Tensor, n_samples: Tensor, responses: Tensor) -> tuple[Tensor, Tensor]:
    """[batch, sample] with lengths, convolved with [batch, sample] -> both, in a window of the same length."""
    n_window = waveforms.shape[-1]
    dry = silent_beyond_end(waveforms, n_samples)
    n_fourier = 1 << (n_window + responses.shape[-1] - 2).bit_length()  # at least the length of the convolution
    product = torch.fft.rfft(dry, n_fourier) * torch.fft.rfft(responses.to(dry), n_fourier)
    lengths = (n_samples + responses.shape[-1] - 1).clamp_max(n_window)
    wet = silent_beyond_end(torch.fft.irfft(product, n_fourier)[..., :n_window], lengths)
    power = silent_beyond_end(wet, n_samples).square().sum(dim=-1, keepdim=True)
    tiny = torch.finfo(wet.dtype).tiny
    return wet * (dry.square().sum(dim=-1, keepdim=True) / power.clamp_min(tiny)).sqrt(), lengths
