# neuro/lif_scan/adaptive_scan.py
"""The recurrence of LIF neurons whose threshold rises with what they fire and sinks back.

    v[t] = beta * (1 - s[t-1]) * v[t-1] + x[t]
    a[t] = rho * a[t-1] + (1 - rho) * s[t-1]
    s[t] = 1 where v[t] > threshold + kappa * a[t]

    currents   [step, ...]   ->   spikes   [step, ...]

With g[t] the gradient that arrives at s[t] and sigma' the surrogate derivative at v[t] - threshold - kappa * a[t],

    ds[t] = g[t] + (1 - rho) * da[t+1]         dv[t] = ds[t] * sigma' + beta * (1 - s[t]) * dv[t+1]
    da[t] = rho * da[t+1] - kappa * ds[t] * sigma'          dx = dv

Compiled for floats of 32 and 64 bits on the CPU, step by step in torch elsewhere; kept are the distances from the
threshold alone. Reference: Bellec et al., NeurIPS 2018 (arXiv 1803.09574), LSNN; here with reset to zero.
"""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from classical_baselines.harness.choices import InputError
from neuro.lif_scan.threads import shared_out
from neuro.neuron import LifNeuron

NEURONS_AT_ONCE = 2048


@dataclass(frozen=True)
class AdaptiveNeuron(LifNeuron):
    """A LIF neuron that tires."""

    rho: float = 0.95  # share of the adaptation that a step leaves
    kappa: float = 1.0  # by how much the threshold of a neuron that always fires would rise

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.rho < 1:
            raise InputError(f"rho must be at least 0 and below 1, the share of the adaptation left; got {self.rho}.")
        if self.kappa < 0:
            raise InputError(f"kappa must be 0 (no adaptation) or greater; got {self.kappa}.")


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _forward(
    currents: NDArray[Any],
    beta: Any,
    threshold: Any,
    rho: Any,
    kappa: Any,
    distances: NDArray[Any],
    first_neuron: int,
    end_neuron: int,
) -> None:
    nothing, one = currents.dtype.type(0), currents.dtype.type(1)
    carried = np.empty(NEURONS_AT_ONCE, dtype=currents.dtype)
    tired = np.empty(NEURONS_AT_ONCE, dtype=currents.dtype)
    for first in range(first_neuron, end_neuron, NEURONS_AT_ONCE):
        width = min(end_neuron - first, NEURONS_AT_ONCE)
        offset = np.uint64(first)
        carried[:] = nothing
        tired[:] = nothing
        for step in range(len(currents)):
            for place in range(np.uint64(width)):
                potential = currents[step, offset + place] + beta * carried[place]
                distance = potential - threshold - kappa * tired[place]
                fires = distance > nothing
                carried[place] = nothing if fires else potential
                tired[place] = rho * tired[place] + ((one - rho) if fires else nothing)
                distances[step, offset + place] = distance


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _backward(
    distances: NDArray[Any],
    gradients: NDArray[Any],
    beta: Any,
    rho: Any,
    kappa: Any,
    slope: Any,
    result: NDArray[Any],
    first_neuron: int,
    end_neuron: int,
) -> None:
    nothing, one = distances.dtype.type(0), distances.dtype.type(1)
    later = np.empty(NEURONS_AT_ONCE, dtype=distances.dtype)
    tired = np.empty(NEURONS_AT_ONCE, dtype=distances.dtype)
    for first in range(first_neuron, end_neuron, NEURONS_AT_ONCE):
        width = min(end_neuron - first, NEURONS_AT_ONCE)
        offset = np.uint64(first)
        later[:] = nothing
        tired[:] = nothing
        for back in range(len(distances)):
            step = len(distances) - 1 - back
            for place in range(np.uint64(width)):
                distance = distances[step, offset + place]
                slowness = one + slope * abs(distance)
                of_spike = gradients[step, offset + place] + (one - rho) * tired[place]
                through = of_spike / (slowness * slowness)
                later[place] = through + (beta * later[place] if distance <= nothing else nothing)
                tired[place] = rho * tired[place] - kappa * through
                result[step, offset + place] = later[place]


class _AdaptiveScan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, currents: Tensor, beta: float, threshold: float, rho: float, kappa: float, slope: float
    ) -> Tensor:
        flat = currents.detach().contiguous().view(len(currents), -1)
        distances = torch.empty_like(flat)
        if _is_compiled_for(flat):
            real = flat.numpy().dtype.type
            arrays = flat.numpy(), *map(real, (beta, threshold, rho, kappa)), distances.numpy()
            shared_out(lambda first, end: _forward(*arrays, first, end), flat.shape[1], len(flat))
        else:
            carried, tired = torch.zeros_like(flat[0]), torch.zeros_like(flat[0])
            for step, current in enumerate(flat):
                potential = current + beta * carried
                distances[step] = potential - threshold - kappa * tired
                fired = (distances[step] > 0).to(flat.dtype)
                carried, tired = potential * (1 - fired), rho * tired + (1 - rho) * fired
        ctx.save_for_backward(distances)
        ctx.constants, ctx.shape = (beta, rho, kappa, slope), currents.shape
        return (distances > 0).to(currents.dtype).view(currents.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        (distances,) = ctx.saved_tensors
        beta, rho, kappa, slope = ctx.constants
        arriving = gradients.contiguous().view(distances.shape)
        result = torch.empty_like(distances)
        if _is_compiled_for(distances):
            real = distances.numpy().dtype.type
            constants = map(real, (beta, rho, kappa, slope))
            arrays = distances.numpy(), arriving.numpy(), *constants, result.numpy()
            shared_out(lambda first, end: _backward(*arrays, first, end), result.shape[1], len(result))
        else:
            later, tired = torch.zeros_like(distances[0]), torch.zeros_like(distances[0])
            for step in range(len(distances) - 1, -1, -1):
                through = (arriving[step] + (1 - rho) * tired) / (1 + slope * distances[step].abs()) ** 2
                later = through + beta * later * (distances[step] <= 0)
                tired = rho * tired - kappa * through
                result[step] = later
        return result.view(ctx.shape), None, None, None, None, None


def _is_compiled_for(values: Tensor) -> bool:
    return values.device.type == "cpu" and values.dtype in {torch.float32, torch.float64}


def adaptive_scan(currents: Tensor, neuron: AdaptiveNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of `neuron` driven by currents [step, ...]."""
    constants = neuron.chip_beta, neuron.threshold, neuron.rho, neuron.kappa, neuron.surrogate_slope
    spikes: Tensor = _AdaptiveScan.apply(currents, *constants)
    return spikes
