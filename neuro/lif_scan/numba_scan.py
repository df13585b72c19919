# neuro/lif_scan/numba_scan.py
"""The LIF recurrence compiled for the CPU: each step's neurons in the order in which they lie in memory.

    currents   [step, ...]   ->   spikes   [step, ...]

For finite currents the arithmetic is that of `torch_scan`; what it saves is the traffic. All steps of some thousand
neurons pass through the cache before the next thousand are begun, and nothing is kept but the membrane potentials. The
axes after the first may lie in any order in memory (channels last, say); the spikes lie as the currents do.
"""

from typing import Any

import numba
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from neuro.neuron import LifNeuron

NEURONS_AT_ONCE = 2048  # x 8 steps x 3 arrays x 4 bytes: 200 kB, within a second-level cache


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _forward(
    currents: NDArray[Any],
    beta: Any,
    threshold: Any,
    potentials: NDArray[Any],
    spikes: NDArray[Any],
) -> None:
    n_steps, n_neurons = currents.shape
    silent = currents.dtype.type(0)
    fired = currents.dtype.type(1)
    for first in range(0, n_neurons, NEURONS_AT_ONCE):
        end = min(n_neurons, first + NEURONS_AT_ONCE)
        for neuron in range(first, end):
            potentials[0, neuron] = currents[0, neuron]
            spikes[0, neuron] = fired if currents[0, neuron] > threshold else silent
        for step in range(1, n_steps):
            for neuron in range(first, end):
                before = potentials[step - 1, neuron]
                potential = currents[step, neuron] + (beta * before if before <= threshold else silent)
                potentials[step, neuron] = potential
                spikes[step, neuron] = fired if potential > threshold else silent


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _backward(
    potentials: NDArray[Any],
    gradients: NDArray[Any],
    beta: Any,
    threshold: Any,
    slope: Any,
    result: NDArray[Any],
) -> None:
    n_steps, n_neurons = potentials.shape
    one, nothing = potentials.dtype.type(1), potentials.dtype.type(0)
    for first in range(0, n_neurons, NEURONS_AT_ONCE):
        end = min(n_neurons, first + NEURONS_AT_ONCE)
        for back in range(n_steps):
            step = n_steps - 1 - back
            for neuron in range(first, end):
                distance = potentials[step, neuron] - threshold
                width = one + slope * abs(distance)
                later = nothing
                if back > 0 and distance <= 0:
                    later = beta * result[step + 1, neuron]
                result[step, neuron] = later + gradients[step, neuron] / (width * width)


class _LifScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, currents: Tensor, beta: float, threshold: float, slope: float) -> Tensor:
        order = _order_in_memory(currents)
        flat, shape = _flat(currents, order)
        potentials, spikes = torch.empty_like(flat), torch.empty_like(flat)
        real = flat.numpy().dtype.type
        if flat.numel():
            _forward(flat.numpy(), real(beta), real(threshold), potentials.numpy(), spikes.numpy())
        ctx.save_for_backward(potentials)
        ctx.order, ctx.shape, ctx.constants = order, shape, (real(beta), real(threshold), real(slope))
        return _as_before(spikes, shape, order)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (potentials,) = ctx.saved_tensors
        result = torch.empty_like(potentials)
        arriving, _ = _flat(gradients, ctx.order)
        if result.numel():
            _backward(potentials.numpy(), arriving.numpy(), *ctx.constants, result.numpy())
        return _as_before(result, ctx.shape, ctx.order), None, None, None


def _order_in_memory(currents: Tensor) -> tuple[int, ...]:
    """The axes after the first, from the one that moves slowest in memory to the fastest."""
    strides = currents.stride()
    return (0, *sorted(range(1, currents.dim()), key=lambda axis: -strides[axis]))


def _flat(values: Tensor, order: tuple[int, ...]) -> tuple[Tensor, torch.Size]:
    """[step, neuron] in the given order, and the shape in that order; copied only where it lies otherwise."""
    ordered = values.detach().permute(order).contiguous()
    return ordered.view(len(ordered), -1), ordered.shape


def _as_before(flat: Tensor, shape: torch.Size, order: tuple[int, ...]) -> Tensor:
    """The values with their own axes again; a view."""
    return flat.view(shape).permute([order.index(axis) for axis in range(len(order))])


def lif_scan(currents: Tensor, neuron: LifNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of `neuron` driven by currents [step, ...], floats of 32 or 64 bits on the CPU."""
    spikes: Tensor = _LifScan.apply(currents, neuron.chip_beta, neuron.threshold, neuron.surrogate_slope)
    return spikes
