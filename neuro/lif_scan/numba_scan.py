# neuro/lif_scan/numba_scan.py
"""The LIF recurrences compiled for the CPU: each step's neurons in the order in which they lie in memory.

    currents   [step, ...]   ->   spikes   [step, ...]

For finite currents the arithmetic is that of `torch_scan`; what it saves is the traffic. All steps of some thousand
neurons pass through the cache before the next thousand are begun, and nothing is kept but the membrane potentials. The
axes after the first may lie in any order in memory (channels last, say); the spikes lie as the currents do. Neurons
are shared out among torch's threads, which changes no bit.
"""

from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from neuro.lif_scan.threads import shared_out
from neuro.neuron import CubaNeuron, LifNeuron

NEURONS_AT_ONCE = 2048  # x 8 steps x 3 arrays x 4 bytes: 200 kB, within a second-level cache


# Neurons are counted by unsigned integers: a signed index could count from the end, and asking each time costs the
# loop its vectors.
@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _lif_forward(
    currents: NDArray[Any],
    beta: Any,
    threshold: Any,
    potentials: NDArray[Any],
    spikes: NDArray[Any],
    first_neuron: int,
    end_neuron: int,
) -> None:
    n_steps = len(currents)
    silent = currents.dtype.type(0)
    fired = currents.dtype.type(1)
    for first in range(first_neuron, end_neuron, NEURONS_AT_ONCE):
        end = min(end_neuron, first + NEURONS_AT_ONCE)
        for neuron in range(np.uint64(first), np.uint64(end)):
            potentials[0, neuron] = currents[0, neuron]
            spikes[0, neuron] = fired if currents[0, neuron] > threshold else silent
        for step in range(1, n_steps):
            for neuron in range(np.uint64(first), np.uint64(end)):
                before = potentials[step - 1, neuron]
                potential = currents[step, neuron] + (beta * before if before <= threshold else silent)
                potentials[step, neuron] = potential
                spikes[step, neuron] = fired if potential > threshold else silent


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _lif_backward(
    potentials: NDArray[Any],
    gradients: NDArray[Any],
    beta: Any,
    threshold: Any,
    slope: Any,
    result: NDArray[Any],
    first_neuron: int,
    end_neuron: int,
) -> None:
    last = len(potentials) - 1
    one, nothing = potentials.dtype.type(1), potentials.dtype.type(0)
    for first in range(first_neuron, end_neuron, NEURONS_AT_ONCE):
        end = min(end_neuron, first + NEURONS_AT_ONCE)
        for neuron in range(np.uint64(first), np.uint64(end)):
            width = one + slope * abs(potentials[last, neuron] - threshold)
            result[last, neuron] = nothing + gradients[last, neuron] / (width * width)
        for back in range(1, last + 1):
            step = last - back
            for neuron in range(np.uint64(first), np.uint64(end)):
                distance = potentials[step, neuron] - threshold
                width = one + slope * abs(distance)
                later = beta * result[step + 1, neuron] if distance <= 0 else nothing
                result[step, neuron] = later + gradients[step, neuron] / (width * width)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _cuba_forward(
    currents: NDArray[Any],
    alpha: Any,
    beta: Any,
    threshold: Any,
    potentials: NDArray[Any],
    spikes: NDArray[Any],
    first_neuron: int,
    end_neuron: int,
) -> None:
    n_steps = len(currents)
    silent = currents.dtype.type(0)
    fired = currents.dtype.type(1)
    synaptic = np.empty(NEURONS_AT_ONCE, dtype=currents.dtype)
    for first in range(first_neuron, end_neuron, NEURONS_AT_ONCE):
        width = min(end_neuron - first, NEURONS_AT_ONCE)
        offset = np.uint64(first)
        for place in range(np.uint64(width)):
            neuron = offset + place
            synaptic[place] = currents[0, neuron]
            potentials[0, neuron] = currents[0, neuron]
            spikes[0, neuron] = fired if currents[0, neuron] > threshold else silent
        for step in range(1, n_steps):
            for place in range(np.uint64(width)):
                neuron = offset + place
                before = potentials[step - 1, neuron]
                current = currents[step, neuron] + alpha * synaptic[place]
                potential = current + (beta * before if before <= threshold else silent)
                synaptic[place] = current
                potentials[step, neuron] = potential
                spikes[step, neuron] = fired if potential > threshold else silent


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _cuba_backward(
    potentials: NDArray[Any],
    gradients: NDArray[Any],
    alpha: Any,
    beta: Any,
    threshold: Any,
    slope: Any,
    result: NDArray[Any],
    first_neuron: int,
    end_neuron: int,
) -> None:
    last = len(potentials) - 1
    one, nothing = potentials.dtype.type(1), potentials.dtype.type(0)
    later = np.empty(NEURONS_AT_ONCE, dtype=potentials.dtype)  # of the potential; that of the current is the result
    for first in range(first_neuron, end_neuron, NEURONS_AT_ONCE):
        width = min(end_neuron - first, NEURONS_AT_ONCE)
        offset = np.uint64(first)
        for place in range(np.uint64(width)):
            slowness = one + slope * abs(potentials[last, offset + place] - threshold)
            later[place] = gradients[last, offset + place] / (slowness * slowness)
            result[last, offset + place] = later[place]
        for back in range(1, last + 1):
            step = last - back
            for place in range(np.uint64(width)):
                neuron = offset + place
                distance = potentials[step, neuron] - threshold
                slowness = one + slope * abs(distance)
                surrogate = one / (slowness * slowness)
                kept = (one if distance <= 0 else nothing) - potentials[step, neuron] * surrogate
                later[place] = beta * kept * later[place] + gradients[step, neuron] * surrogate
                result[step, neuron] = later[place] + alpha * result[step + 1, neuron]


class _Scan(torch.autograd.Function):
    """Either recurrence; `decays` are (beta,) of LIF or (alpha, beta) of CUBA neurons."""

    @staticmethod
    def forward(ctx: Any, currents: Tensor, decays: tuple[float, ...], threshold: float, slope: float) -> Tensor:
        order = _order_in_memory(currents)
        flat, shape = _flat(currents, order)
        potentials, spikes = torch.empty_like(flat), torch.empty_like(flat)
        real = flat.numpy().dtype.type
        constants = (*map(real, decays), real(threshold))
        forward = _lif_forward if len(decays) == 1 else _cuba_forward
        if flat.numel():
            arrays = flat.numpy(), *constants, potentials.numpy(), spikes.numpy()
            shared_out(lambda first, end: forward(*arrays, first, end), flat.shape[1], len(flat))
        ctx.save_for_backward(potentials)
        ctx.order, ctx.shape, ctx.constants = order, shape, (*constants, real(slope))
        return _as_before(spikes, shape, order)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (potentials,) = ctx.saved_tensors
        result = torch.empty_like(potentials)
        arriving, _ = _flat(gradients, ctx.order)
        backward = _lif_backward if len(ctx.constants) == 3 else _cuba_backward
        if result.numel():
            arrays = potentials.numpy(), arriving.numpy(), *ctx.constants, result.numpy()
            shared_out(lambda first, end: backward(*arrays, first, end), result.shape[1], len(result))
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
    spikes: Tensor = _Scan.apply(currents, (neuron.chip_beta,), neuron.threshold, neuron.surrogate_slope)
    return spikes


def cuba_scan(currents: Tensor, neuron: CubaNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of current-based `neuron`, floats of 32 or 64 bits on the CPU."""
    decays = neuron.chip_alpha, neuron.chip_beta
    spikes: Tensor = _Scan.apply(currents, decays, neuron.threshold, neuron.surrogate_slope)
    return spikes
