# neuro/lif_scan/triton_scan.py
"""The LIF recurrences as one kernel on a GPU: a program takes some neurons through all steps, their state in registers.

    currents   [step, ...]   ->   spikes   [step, ...]

Each current is read once and each potential and spike written once, where a loop of torch's operations would launch
several kernels a step. Nothing is kept but the membrane potentials; the equations are those of `torch_scan`. Without
a GPU, triton's interpreter (environment variable TRITON_INTERPRET=1 before this module is imported) runs the same
kernels on the CPU, slowly: that is how they are tested. The kernels name no type of Python's: triton compiles
annotations too, and knows `constexpr` alone. Triton hands constants over as floats of 32 bits, so currents
of 64 bits are left to torch.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from neuro.neuron import CubaNeuron, LifNeuron

NEURONS_AT_ONCE = 128  # a program's; few, so that small layers too fill the GPU


@triton.jit  # type: ignore[untyped-decorator]
def _forward(  # type: ignore[no-untyped-def]
    currents,
    potentials,
    spikes,
    n_steps,
    n_neurons,
    alpha,
    beta,
    threshold,
    is_cuba: tl.constexpr,
    block: tl.constexpr,
):
    neuron = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    exists = neuron < n_neurons
    carried = tl.zeros((block,), dtype=currents.dtype.element_ty)
    synaptic = tl.zeros((block,), dtype=currents.dtype.element_ty)
    place = neuron
    for _ in range(n_steps):
        current = tl.load(currents + place, mask=exists, other=0.0)
        if is_cuba:
            synaptic = (current + alpha * synaptic).to(currents.dtype.element_ty)
            current = synaptic
        potential = (current + beta * carried).to(currents.dtype.element_ty)
        fires = potential > threshold
        tl.store(potentials + place, potential, mask=exists)
        tl.store(spikes + place, fires.to(currents.dtype.element_ty), mask=exists)
        carried = tl.where(fires, 0.0, potential).to(currents.dtype.element_ty)
        place += n_neurons


@triton.jit  # type: ignore[untyped-decorator]
def _backward(  # type: ignore[no-untyped-def]
    potentials,
    gradients,
    result,
    n_steps,
    n_neurons,
    last_step,
    alpha,
    beta,
    threshold,
    slope,
    is_cuba: tl.constexpr,
    block: tl.constexpr,
):
    neuron = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    exists = neuron < n_neurons
    later = tl.zeros((block,), dtype=potentials.dtype.element_ty)
    synaptic = tl.zeros((block,), dtype=potentials.dtype.element_ty)
    place = neuron + last_step
    for _ in range(n_steps):
        potential = tl.load(potentials + place, mask=exists, other=0.0)
        gradient = tl.load(gradients + place, mask=exists, other=0.0)
        slowness = 1 + slope * tl.abs(potential - threshold)
        surrogate = 1 / (slowness * slowness)
        kept = tl.where(potential > threshold, 0.0, 1.0)
        if is_cuba:
            kept -= potential * surrogate
        later = (beta * kept * later + gradient * surrogate).to(potentials.dtype.element_ty)
        if is_cuba:
            synaptic = (later + alpha * synaptic).to(potentials.dtype.element_ty)
            tl.store(result + place, synaptic, mask=exists)
        else:
            tl.store(result + place, later, mask=exists)
        place -= n_neurons


class _Scan(torch.autograd.Function):
    """Either recurrence; `alpha` is None for LIF neurons."""

    @staticmethod
    def forward(ctx: Any, currents: Tensor, alpha: float | None, beta: float, threshold: float, slope: float) -> Tensor:
        currents = currents.detach().contiguous()
        potentials, spikes = torch.empty_like(currents), torch.empty_like(currents)
        n_steps, n_neurons = len(currents), currents[0].numel()
        constants = (alpha or 0.0, beta, threshold)
        if currents.numel():
            grid = (triton.cdiv(n_neurons, NEURONS_AT_ONCE),)
            _forward[grid](
                currents, potentials, spikes, n_steps, n_neurons, *constants, alpha is not None, NEURONS_AT_ONCE
            )
        ctx.save_for_backward(potentials)
        ctx.constants, ctx.is_cuba = (*constants, slope), alpha is not None
        return spikes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (potentials,) = ctx.saved_tensors
        result = torch.empty_like(potentials)
        n_steps, n_neurons = len(potentials), potentials[0].numel()
        if result.numel():
            grid = (triton.cdiv(n_neurons, NEURONS_AT_ONCE),)
            arrays = potentials, gradients.contiguous(), result
            last_step = (n_steps - 1) * n_neurons
            _backward[grid](*arrays, n_steps, n_neurons, last_step, *ctx.constants, ctx.is_cuba, NEURONS_AT_ONCE)
        return result, None, None, None, None


def lif_scan(currents: Tensor, neuron: LifNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of `neuron` driven by currents [step, ...], floats of 32 bits."""
    spikes: Tensor = _Scan.apply(currents, None, neuron.chip_beta, neuron.threshold, neuron.surrogate_slope)
    return spikes


def cuba_scan(currents: Tensor, neuron: CubaNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of current-based `neuron` driven by currents [step, ...]."""
    constants = neuron.chip_alpha, neuron.chip_beta, neuron.threshold, neuron.surrogate_slope
    spikes: Tensor = _Scan.apply(currents, *constants)
    return spikes
