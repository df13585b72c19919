# classical_baselines/harness/pooling.py
"""Mean-pooling of a picture before it is encoded, as an option of the encoders of every paradigm.

    pooled[m, f] = mean of picture[m * a : (m + 1) * a, f * b : (f + 1) * b]        for pool = (a, b)

Rows and columns that fill no whole window are left out. A mean costs its additions and one multiplication.
"""

from torch import Tensor
from torch.nn.functional import avg_pool2d

from classical_baselines.harness.checks import check_axes, check_unit_interval
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

Pool = tuple[int, int]  # (mel, frame)


def check_pool(pool: Pool) -> None:
    """Refuse anything but two factors >= 1."""
    if len(pool) != 2 or min(pool) < 1:
        raise InputError(f"pool must be two factors >= 1, (mel, frame); got {pool}.")


def mean_pooled(picture: Tensor, pool: Pool) -> Tensor:
    """[batch, mel, frame] -> [batch, mel // pool[0], frame // pool[1]]."""
    check_axes("picture", picture, "batch", "mel", "frame")
    pooled_grid(picture.shape[1], picture.shape[2], pool)
    return picture if pool == (1, 1) else avg_pool2d(picture[:, None], pool)[:, 0]


def pooled_intensity(intensity: Tensor, pool: Pool) -> Tensor:
    """Check that [batch, mel, frame] lies in [0, 1] and give it back, mean-pooled, within the same limits."""
    check_unit_interval("intensity", intensity)
    # A mean of ones may come out one rounding step above 1.
    return mean_pooled(intensity, pool).clamp(0, 1)


def pooled_grid(n_mels: int, n_frames: int, pool: Pool) -> tuple[int, int]:
    """(mel, frame) after pooling; a picture smaller than one window is refused."""
    grid = n_mels // pool[0], n_frames // pool[1]
    if min(grid) < 1:
        raise InputError(f"pool {pool} is larger than the picture {(n_mels, n_frames)}. Pool less.")
    return grid


def pool_operations(n_mels: int, n_frames: int, pool: Pool) -> OperationCounts:
    """Counts of stage `encoder`, layer `pool`, for one clip."""
    if pool == (1, 1):
        return OperationCounts()
    n_means = (n_mels // pool[0]) * (n_frames // pool[1])
    n_added = pool[0] * pool[1] - 1
    return OperationCounts.of("encoder", "pool", add_fp32=n_means * n_added, multiply_fp32=n_means)
