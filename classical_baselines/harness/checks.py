# classical_baselines/harness/checks.py
"""Checks of what enters the suite; each error says what was given, what is allowed, what to do."""

from math import isfinite

import torch
from torch import Tensor


def check_unit_interval(name: str, values: Tensor) -> None:
    """Refuse values outside [0, 1] and NaN."""
    if values.numel() == 0:
        return
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(f"{name} must lie in [0, 1]; got {low:.4g} to {high:.4g}. Decibels? Normalise first.")


def check_axes(name: str, values: Tensor, *axes: str) -> None:
    """Refuse a tensor whose number of axes is not that of `axes`."""
    if values.dim() != len(axes):
        raise ValueError(f"{name} must be [{', '.join(axes)}]; got a shape of {list(values.shape)}.")


def check_finite(name: str, values: Tensor) -> None:
    """Refuse NaN and infinities."""
    if values.numel() == 0:
        return
    low, high = torch.aminmax(values.detach())  # both are NaN where one value is: one pass, and no copy of the values
    if not (isfinite(low) and isfinite(high)):
        raise ValueError(f"{name} holds NaN or infinite values. Clean the input first.")
