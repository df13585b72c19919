# quantum/engine/overlaps.py
"""Squared overlaps |<v|x>|**2 of unit states: fidelities of pure states, and the kernel of every linear readout."""

import torch
from torch import Tensor


def squared_overlaps(states: Tensor, others: Tensor) -> Tensor:
    """Of each with each: [batch, amplitude] and [other, amplitude] -> [batch, other]."""
    return (states @ others.mH).abs().square()


def squared_overlaps_by_row(states: Tensor, others: Tensor) -> Tensor:
    """Of each with its own: two times [batch, amplitude] -> [batch]."""
    return (states.conj() * others).sum(1).abs().square()


def real_values(states: Tensor) -> Tensor:
    """[batch, value]: amplitudes; of complex ones the real parts, then the imaginary ones."""
    return torch.cat([states.real, states.imag], 1) if states.is_complex() else states


def squared_overlaps_of_values(values: Tensor, others: Tensor, is_complex: bool) -> Tensor:
    """Of each with each, of states as `real_values` has them: a buffer of weights holds no complex number."""
    if not is_complex:
        return squared_overlaps(values, others)
    half = values.shape[1] // 2
    turned = torch.cat([values[:, half:], -values[:, :half]], 1)
    return squared_overlaps(values, others) + squared_overlaps(turned, others)
