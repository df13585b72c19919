# classical_baselines/augment/rand_masking.py
"""RandMasking: each clip loses a random number of masks of random kinds, and may lose more as the training goes on.

    progress      share of the epochs that are done when this one ends, in (0, 1]
    number        n ~ U{0 .. ceil(progress n_masks)} for each clip: the schedule, linear in the epochs
    kind          of each mask, evenly: a stretch of bands, a stretch of frames, or the block where both meet
    extent        a stretch is ~ U{0 .. max(1, floor(width n))} of an axis' n positions long and lies anywhere along it
    fill          of each mask, evenly: silence (0), or the mean of the clip's own picture before any mask

Masks are laid one after another. After RandMasking Augment (Han, Matuszewski, Sikorski, Sung & Cho, ICASSP 2023),
which draws kind and number at random under a schedule that grows, as RandAugment does; of that paper the abstract
alone was read, so the kinds, the fills, the linear schedule and every distribution above are ours.
"""

from math import ceil

import torch
from torch import Tensor

from classical_baselines.augment.spectrogram import hidden
from classical_baselines.harness.choices import InputError

N_KINDS = 3  # bands, frames, blocks


def most_masks_at(progress: float, n_masks: int) -> int:
    """The most masks that a clip may lose at this point of the training.

    >>> [most_masks_at(epoch / 5, 3) for epoch in (1, 2, 3, 4, 5)]
    [1, 2, 2, 3, 3]
    """
    if not 0 < progress <= 1:
        raise InputError(f"progress must lie above 0 and up to 1, the end of the training; got {progress}.")
    return min(n_masks, ceil(round(progress * n_masks, 9)))  # 0.2 * 5 and the like are whole numbers


def rand_masked(intensity: Tensor, n_masks: int, width: float, progress: float, generator: torch.Generator) -> Tensor:
    """[batch, mel, frame] -> the same with up to `n_masks` masks per clip, as many as `progress` allows."""
    n_clips, n_mels, n_frames = intensity.shape
    most = most_masks_at(progress, n_masks)
    n_of_clip = torch.randint(0, most + 1, (n_clips,), generator=generator)
    mean = intensity.mean(dim=(1, 2), keepdim=True)
    widest_mels, widest_frames = (max(1, int(width * n)) for n in (n_mels, n_frames))
    for number in range(most):
        kind = torch.randint(N_KINDS, (n_clips, 1), generator=generator)
        is_mean = torch.randint(2, (n_clips, 1, 1), generator=generator).to(intensity)
        mels = hidden(n_mels, widest_mels, n_clips, generator) | (kind == 1)  # frames: all bands of them
        frames = hidden(n_frames, widest_frames, n_clips, generator) | (kind == 0)  # bands: all frames of them
        mask = mels[:, :, None] & frames[:, None, :] & (number < n_of_clip)[:, None, None]
        intensity = torch.where(mask.to(intensity.device), is_mean * mean, intensity)
    return intensity
