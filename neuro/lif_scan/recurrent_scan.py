# neuro/lif_scan/recurrent_scan.py
"""The recurrence of LIF neurons that hear each other: a spike arrives one step later, as it does on the chip.

    v[t] = beta * (1 - s[t-1]) * v[t-1] + x[t] + R s[t-1]          s[t] = 1 where v[t] > threshold

    currents   [step, batch, neuron],  R   [neuron, neuron] (to, from)   ->   spikes   [step, batch, neuron]

Forward, a spike adds its column of R; on a CPU a compiled loop takes clip after clip through all steps. Backward, with
g[t] the gradient that arrives at s[t] and sigma' the surrogate derivative,

    dv[t] = (g[t] + R^T dv[t+1]) * sigma' + beta * (1 - s[t]) * dv[t+1]        dx = dv        dR = sum dv[t+1] s[t]^T
"""

from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from neuro.lif_scan.threads import shared_out
from neuro.neuron import LifNeuron


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _forward(
    currents: NDArray[Any],
    leaving: NDArray[Any],
    beta: Any,
    threshold: Any,
    potentials: NDArray[Any],
    first_clip: int,
    end_clip: int,
) -> None:
    n_steps, _, n_neurons = currents.shape
    silent = currents.dtype.type(0)
    carried = np.empty(n_neurons, dtype=currents.dtype)
    fired = np.empty(n_neurons + 1, dtype=np.int64)
    for clip in range(first_clip, end_clip):
        carried[:] = silent
        n_fired = 0
        for step in range(n_steps):
            for neuron in range(n_neurons):
                carried[neuron] = currents[step, clip, neuron] + beta * carried[neuron]
            for number in range(n_fired):
                source = fired[number]
                for neuron in range(n_neurons):
                    carried[neuron] += leaving[source, neuron]
            n_fired = 0
            for neuron in range(n_neurons):
                potentials[step, clip, neuron] = carried[neuron]
                fired[n_fired] = neuron
                if carried[neuron] > threshold:
                    n_fired += 1
                    carried[neuron] = silent


class _RecurrentScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, currents: Tensor, recurrent: Tensor, beta: float, threshold: float, slope: float) -> Tensor:
        flat, leaving = currents.detach().contiguous(), recurrent.detach().t().contiguous()
        if flat.device.type == "cpu" and flat.dtype in {torch.float32, torch.float64}:
            potentials = torch.empty_like(flat)
            real = flat.numpy().dtype.type
            arrays = flat.numpy(), leaving.numpy(), real(beta), real(threshold), potentials.numpy()
            shared_out(lambda first, end: _forward(*arrays, first, end), flat.shape[1], len(flat) * flat.shape[2])
        else:
            potentials = _potentials(flat, leaving, beta, threshold)
        ctx.save_for_backward(potentials, recurrent)
        ctx.constants = beta, threshold, slope
        return (potentials > threshold).to(currents.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        potentials, recurrent = ctx.saved_tensors
        beta, threshold, slope = ctx.constants
        silent = (potentials <= threshold).to(potentials.dtype)
        surrogate = 1 / (1 + slope * (potentials - threshold).abs()) ** 2
        result = torch.empty_like(potentials)
        later = torch.zeros_like(potentials[0])
        for step in range(len(potentials) - 1, -1, -1):
            heard = gradients[step] + later @ recurrent
            later = heard * surrogate[step] + beta * silent[step] * later
            result[step] = later
        spikes = (1 - silent[:-1]).flatten(0, 1)
        return result, result[1:].flatten(0, 1).t() @ spikes, None, None, None


def _potentials(currents: Tensor, leaving: Tensor, beta: float, threshold: float) -> Tensor:
    """Before the reset, step by step in torch."""
    every, carried, fired = [], torch.zeros_like(currents[0]), torch.zeros_like(currents[0])
    for current in currents:
        potential = current + beta * carried + fired @ leaving
        fired = (potential > threshold).to(potential.dtype)
        carried = potential * (1 - fired)
        every.append(potential)
    return torch.stack(every)


def recurrent_scan(currents: Tensor, recurrent: Tensor, neuron: LifNeuron) -> Tensor:
    """Spikes [step, batch, neuron] of a layer driven by currents and by its own spikes of the step before."""
    constants = neuron.chip_beta, neuron.threshold, neuron.surrogate_slope
    spikes: Tensor = _RecurrentScan.apply(currents, recurrent, *constants)
    return spikes
