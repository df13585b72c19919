# neuro/encoders/pooling.py
"""Mean-pooling of the intensity picture before it is encoded, as an option of every encoder.

    pooled[m, f] = mean of intensity[m * a : (m + 1) * a, f * b : (f + 1) * b]        for pool = (a, b)

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


def check_n_steps(n_steps: int, least: int = 1) -> None:
    """Refuse fewer simulation steps than the code needs."""
    if n_steps < least:
        raise InputError(f"n_steps must be at least {least}; got {n_steps}.")


def pooled_intensity(intensity: Tensor, pool: Pool) -> Tensor:
    """Check [batch, mel, frame] and give it back, mean-pooled."""
    check_axes("intensity", intensity, "batch", "mel", "frame")
    check_unit_interval("intensity", intensity)
    if pool == (1, 1):
        return intensity
    if intensity.shape[1] < pool[0] or intensity.shape[2] < pool[1]:
        raise InputError(f"pool {pool} is larger than the picture {tuple(intensity.shape[1:])}. Pool less.")
    # A mean of ones may come out one rounding step above 1.
    return avg_pool2d(intensity[:, None], pool)[:, 0].clamp(0, 1)


def pooled_grid(n_mels: int, n_frames: int, pool: Pool) -> tuple[int, int]:
    """(mel, frame) after pooling."""
    return n_mels // pool[0], n_frames // pool[1]


def pool_operations(n_mels: int, n_frames: int, pool: Pool) -> OperationCounts:
    """Counts of stage `encoder`, layer `pool`, for one clip."""
    if pool == (1, 1):
        return OperationCounts()
    n_means = (n_mels // pool[0]) * (n_frames // pool[1])
    n_added = pool[0] * pool[1] - 1
    return OperationCounts.of("encoder", "pool", add_fp32=n_means * n_added, multiply_fp32=n_means)
