# classical_baselines/augment/specmix.py
"""SpecMix: bands of frequency and of time are taken from another clip, and the labels are mixed by area.

    M         [clip, mel, frame]   1 where a clip keeps its own picture, 0 within any of its bands
    x         M x1 + (1 - M) x2    the partner x2 drawn by a permutation of the batch
    y         l y1 + (1 - l) y2    l = mean of M, the area that the clip keeps, counted after bands overlap

For each clip and each axis the number of bands is ~ U{0 .. k}; each is ~ U{0 .. floor(width n)} of the axis' n
positions wide and lies anywhere along it. Unlike CutMix, no rectangle is cut: a band runs through the whole picture.

Reference: Kim, Han & Ko, Interspeech 2021, arXiv 2108.03020 (bands of both axes, labels by area). That number, width
and place are drawn evenly, for each clip anew, is ours.
"""

import torch
from torch import Tensor

from classical_baselines.augment.mixing import check_soft_targets
from classical_baselines.augment.spectrogram import hidden
from classical_baselines.harness.choices import InputError


def specmix(
    intensity: Tensor, soft_targets: Tensor, most_bands: int, width: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """[batch, mel, frame] and the class shares [batch, class] of each clip -> both, mixed; no bands mix nothing."""
    if most_bands < 0 or not 0 < width <= 1:
        raise InputError(
            f"SpecMix takes 0 bands or more, of a width above 0 and up to 1, the whole axis; got {most_bands} bands of "
            f"width {width}."
        )
    check_soft_targets(soft_targets)
    if most_bands == 0:
        return intensity, soft_targets
    n_clips, n_mels, n_frames = intensity.shape
    partner = torch.randperm(n_clips, generator=generator).to(intensity.device)
    mels = within_bands(n_mels, most_bands, int(width * n_mels), n_clips, generator).to(intensity.device)
    frames = within_bands(n_frames, most_bands, int(width * n_frames), n_clips, generator).to(intensity.device)
    taken = mels[:, :, None] | frames[:, None, :]
    kept_area = 1 - taken.to(torch.float64).mean(dim=(1, 2)).to(soft_targets.dtype)[:, None]
    return torch.where(taken, intensity[partner], intensity), torch.lerp(soft_targets[partner], soft_targets, kept_area)


def within_bands(n_positions: int, most_bands: int, widest: int, n_clips: int, generator: torch.Generator) -> Tensor:
    """[clip, position], True within any of U{0..most_bands} stretches per clip, each U{0..widest} wide."""
    n_bands = torch.randint(0, most_bands + 1, (n_clips, 1), generator=generator)
    inside = torch.zeros(n_clips, n_positions, dtype=torch.bool)
    for number in range(most_bands):
        inside |= hidden(n_positions, widest, n_clips, generator) & (number < n_bands)
    return inside
