# classical_baselines/augment/mixing.py
"""Mixing clips in pairs, with the labels mixed alike.

mixup (Zhang et al., ICLR 2018): x = l x1 + (1 - l) x2 and y = l y1 + (1 - l) y2, with l ~ Beta(alpha, alpha)
for each clip and the partner drawn by a permutation of the batch. The labels stay soft: a loss that rounds
them or takes their largest makes a mix of two classes one of them, silently, so hard labels are refused here.
"""

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError


def mixup(intensity: Tensor, soft_targets: Tensor, alpha: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """[batch, mel, frame] and the class shares [batch, class] of each clip -> both, mixed; alpha = 0 mixes nothing."""
    if not alpha >= 0:
        raise InputError(f"mixup's alpha must be 0 (off) or greater; got {alpha}.")
    check_soft_targets(soft_targets)
    if alpha == 0:
        return intensity, soft_targets
    n_clips = len(intensity)
    partner = torch.randperm(n_clips, generator=generator).to(intensity.device)
    # torch draws no Beta from a generator of the caller; a NumPy generator seeded by it does.
    seed = int(torch.randint(2**62, (), generator=generator))
    drawn = torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, n_clips)).to(intensity.device)
    share = drawn.to(intensity.dtype)[:, None, None]
    target_share = drawn.to(soft_targets.dtype)[:, None]
    mixed = torch.lerp(intensity[partner], intensity, share)
    return mixed, torch.lerp(soft_targets[partner], soft_targets, target_share)


def check_soft_targets(soft_targets: Tensor) -> None:
    """Refuse labels that cannot be shared between classes."""
    if soft_targets.dim() != 2 or not soft_targets.is_floating_point():
        raise ValueError(
            "soft_targets must be floating-point class shares [batch, class]; got "
            f"{soft_targets.dtype} of shape {list(soft_targets.shape)}. Class indices? Use one_hot(...).float() first."
        )
