# neuro/loihi/engines/events.py
"""Input in numbers of any type as the engines take it: spikes as booleans, or levels as integers."""

from typing import Any

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.choices import InputError

Array = NDArray[Any]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _mark(values: Array, fired: Array) -> bool:
    """Write where values are not 0; whether any is neither 0 nor 1."""
    others = np.uint8(0)
    for n in range(len(values)):
        fired[n] = values[n] != 0
        others |= np.uint8(values[n] != 0) & np.uint8(values[n] != 1)
    return others != 0


def as_events(values: Tensor) -> Tensor:
    """[step, clip, channel]: bool where every value is 0 or 1, else int32."""
    if values.dtype is torch.bool:
        return values
    given = values.detach().contiguous()
    fired = np.empty(given.shape, np.bool_)
    if not _mark(given.numpy().reshape(-1), fired.reshape(-1)):
        return torch.from_numpy(fired)
    levels = given.to(torch.int32)
    if not torch.equal(levels.to(given.dtype), given):
        raise InputError("input to the chip must be spikes or integers; got fractions. Encode it first.")
    return levels
