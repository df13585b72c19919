# classical_baselines/front_ends/endpoints.py
"""Where an utterance begins and ends: silence around it is cut off, so that it starts in the first frame.

    frame_power   [batch, frame]        of which the first n_own_frames are the clip's own
    first, last   [batch]               the outermost own frames of power >= 10^(-below_db / 10) that of the loudest

Recordings of one word differ in how much silence they keep around it, which is the habit of whoever cut them. After
Rabiner & Sambur, Bell System Technical Journal 54(2), 1975, 297-315, who set two limits from the silence and the peak
of summed magnitudes and move the ends by zero crossings: here there is one limit, on power, and no second step. A clip
of silence keeps all its own frames.
"""

import torch
from torch import Tensor

from classical_baselines.harness.operations import OperationCounts


def endpoints(frame_power: Tensor, n_own_frames: Tensor, below_db: float) -> tuple[Tensor, Tensor]:
    """(first, last) frame of each utterance, [batch] each."""
    frame = torch.arange(frame_power.shape[1], device=frame_power.device)
    own = frame < n_own_frames[:, None]
    power = frame_power.masked_fill(~own, 0)
    spoken = own & (power >= power.amax(dim=1, keepdim=True) * 10 ** (-below_db / 10))
    first = spoken.int().argmax(dim=1)
    last = frame_power.shape[1] - 1 - spoken.flip(1).int().argmax(dim=1)
    return first, last


def trimmed(
    levels: Tensor, frame_power: Tensor, n_own_frames: Tensor, below_db: float, silence: float
) -> tuple[Tensor, Tensor]:
    """[batch, mel, frame] with each utterance moved to the start and `silence` behind it, and its number of frames."""
    first, last = endpoints(frame_power, n_own_frames, below_db)
    n_frames = last - first + 1
    frame = torch.arange(levels.shape[2], device=levels.device)
    source = (frame + first[:, None]).clamp_max(levels.shape[2] - 1)
    moved = levels.gather(2, source[:, None].expand_as(levels))
    return moved.masked_fill((frame >= n_frames[:, None])[:, None], silence), n_frames


def trimming_operations(n_mels: int, n_frames: int) -> OperationCounts:
    """Per frame a sum over the bands, the maximum so far and the comparison with it; each element moved once: as many
    frames as the window has, though fewer may be kept."""
    n = n_mels * n_frames
    return OperationCounts.of(
        "front_end",
        "trim",
        add_fp32=(n_mels - 1) * n_frames,
        compare_fp32=2 * n_frames,
        multiply_fp32=1,
        sram_bytes=4 * n + 8 * n_frames + 8 * n,
    )
