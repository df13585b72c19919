# classical_baselines/front_ends/stretching.py
"""Stretch each clip's own frames to one number of frames: a slow and a quick utterance become the same picture.

    levels    [batch, mel, frame]     of which the first n_own_frames are the clip's own
    result    [batch, mel, n_frames]  frame j is read at j * (n_own_frames - 1) / (n_frames - 1), linearly interpolated

It takes the clip's own length from what it tells (tempo, duration) and gives each part of an utterance its own place.
It needs an utterance whose ends are known, as single words have them.
"""

import torch
from torch import Tensor

from classical_baselines.harness.operations import OperationCounts


def stretched(levels: Tensor, n_own_frames: Tensor, n_frames: int) -> Tensor:
    """[batch, mel, frame] and each clip's own number of frames -> [batch, mel, n_frames]."""
    last = (n_own_frames.clamp(1, levels.shape[2]) - 1).to(levels.dtype)
    place = (
        torch.arange(n_frames, dtype=levels.dtype, device=levels.device) / max(1, n_frames - 1) * last[:, None]
    )  # [batch, n_frames]
    before = place.floor().long()
    after = torch.minimum(before + 1, last.long()[:, None])
    share = (place - before)[:, None]
    n_mels = levels.shape[1]
    early, late = (levels.gather(2, index[:, None].expand(-1, n_mels, -1)) for index in (before, after))
    return early + share * (late - early)


def stretching_operations(n_mels: int, n_frames: int) -> OperationCounts:
    """Per element a difference and a multiply-accumulate; per frame its place, a multiplication and a rounding, and the
    difference of the two; once the step from one place to the next."""
    n = n_mels * n_frames
    return OperationCounts.of(
        "front_end",
        "stretch",
        add_fp32=n + n_frames,
        mac_fp32=n,
        multiply_fp32=n_frames + 1,
        compare_fp32=n_frames,
        sram_bytes=12 * n,
    )
