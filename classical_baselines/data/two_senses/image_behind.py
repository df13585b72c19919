"""An image in the one axis of a waveform: behind the window of the sound, where nothing that listens hears it.

    sound       [..., sample]           the window of a recording, zero after the recording's own end
    images      [..., 8, 8]             0 (paper) to 1 (ink), in sixteenths; row 0 is the top
    waveform    [..., sample + 64]      the sound, then the pixels row by row

A clip's own length stays that of its recording. Whatever minds it, as front ends, noise at a ratio and babble do, takes
the 64 samples for what lies behind the end of the clip: front ends of sound hear the recording alone, and noise reaches
the sound alone. What filters, scales or resamples the whole waveform would change the pixels and is refused
(`studies/two_senses.py`).
"""

import torch
from torch import Tensor

from classical_baselines.data.two_senses.digit_images import N_PIXELS, SIDE
from classical_baselines.harness.choices import InputError


def joined(sound: Tensor, images: Tensor) -> Tensor:
    """[..., sample] and [..., 8, 8] -> [..., sample + 64]."""
    return torch.cat([sound, images.flatten(-2)], dim=-1)


def parted(waveform: Tensor) -> tuple[Tensor, Tensor]:
    """[..., sample + 64] -> [..., sample] and [..., 8, 8].

    >>> sound, images = parted(torch.arange(70.0))
    >>> sound.tolist(), images[0, :3].tolist(), images.shape
    ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0], torch.Size([8, 8]))
    """
    if waveform.shape[-1] <= N_PIXELS:
        raise InputError(
            f"a clip of sound and image has more than {N_PIXELS} samples, the pixels of its image; got "
            f"{waveform.shape[-1]}."
        )
    return waveform[..., :-N_PIXELS], waveform[..., -N_PIXELS:].unflatten(-1, (SIDE, SIDE))
