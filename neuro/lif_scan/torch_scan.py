# neuro/lif_scan/torch_scan.py
"""The LIF recurrences in plain torch: the reference engine.

    currents   [step, ...]   ->   spikes   [step, ...]

Only the membrane potentials before the reset are kept for the backward pass; the spikes are recomputed from them. With
g[t] the gradient that arrives at s[t] and sigma' the surrogate derivative at v[t] - threshold,

    LIF     dv[t] = g[t] * sigma' + beta * (1 - s[t]) * dv[t+1]                        dx[t] = dv[t]
    CUBA    dv[t] = g[t] * sigma' + beta * (1 - s[t] - v[t] * sigma') * dv[t+1]        dx[t] = dv[t] + alpha * dx[t+1]
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from neuro.neuron import CubaNeuron, LifNeuron


class _LifScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, currents: Tensor, beta: float, threshold: float, slope: float) -> Tensor:
        potentials = torch.empty_like(currents)
        carried = torch.zeros_like(currents[0])
        for step, current in enumerate(currents):
            potential = torch.add(current, carried, alpha=beta, out=potentials[step])
            carried = potential * (potential <= threshold)  # reset to zero where it fired
        ctx.save_for_backward(potentials)
        ctx.constants = beta, threshold, slope
        return (potentials > threshold).to(currents.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (potentials,) = ctx.saved_tensors
        beta, threshold, slope = ctx.constants
        result = torch.empty_like(potentials)
        later = torch.zeros_like(potentials[0])
        for step in range(len(potentials) - 1, -1, -1):
            distance = potentials[step] - threshold
            later = later * (distance <= 0) * beta + gradients[step] / (1 + slope * distance.abs()) ** 2
            result[step] = later
        return result, None, None, None


class _CubaScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, currents: Tensor, alpha: float, beta: float, threshold: float, slope: float) -> Tensor:
        potentials = torch.empty_like(currents)
        synaptic, carried = torch.zeros_like(currents[0]), torch.zeros_like(currents[0])
        for step, current in enumerate(currents):
            synaptic = torch.add(current, synaptic, alpha=alpha)
            potential = torch.add(synaptic, carried, alpha=beta, out=potentials[step])
            carried = potential * (potential <= threshold)
        ctx.save_for_backward(potentials)
        ctx.constants = alpha, beta, threshold, slope
        return (potentials > threshold).to(currents.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (potentials,) = ctx.saved_tensors
        alpha, beta, threshold, slope = ctx.constants
        result = torch.empty_like(potentials)
        later, synaptic = torch.zeros_like(potentials[0]), torch.zeros_like(potentials[0])
        for step in range(len(potentials) - 1, -1, -1):
            distance = potentials[step] - threshold
            surrogate = 1 / (1 + slope * distance.abs()) ** 2
            later = later * beta * ((distance <= 0).to(later.dtype) - potentials[step] * surrogate)
            later = later + gradients[step] * surrogate
            synaptic = later + alpha * synaptic
            result[step] = synaptic
        return result, None, None, None, None


def lif_scan(currents: Tensor, neuron: LifNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of `neuron` driven by currents [step, ...]."""
    spikes: Tensor = _LifScan.apply(currents, neuron.chip_beta, neuron.threshold, neuron.surrogate_slope)
    return spikes


def cuba_scan(currents: Tensor, neuron: CubaNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of current-based `neuron` driven by currents [step, ...]."""
    spikes: Tensor = _CubaScan.apply(
        currents, neuron.chip_alpha, neuron.chip_beta, neuron.threshold, neuron.surrogate_slope
    )
    return spikes
