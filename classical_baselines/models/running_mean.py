# classical_baselines/models/running_mean.py
"""The mean of all frames so far, after each frame: from it a causal network may decide at any time."""

import torch
from torch import Tensor


def running_mean(values: Tensor, axis: int) -> Tensor:
    """Means over the places 0 to t of an axis, for every t.

    >>> running_mean(torch.tensor([2.0, 4.0, 0.0]), axis=0).tolist()
    [2.0, 3.0, 2.0]
    """
    n = values.shape[axis]
    so_far = torch.arange(1, n + 1, dtype=values.dtype, device=values.device)
    return values.cumsum(axis) / so_far.reshape([n if i == axis else 1 for i in range(values.dim())])
