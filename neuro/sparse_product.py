# neuro/sparse_product.py
"""A linear layer whose input is mostly zero: work for what is there, none for what is not.

    currents[row] = bias + sum over the inputs i of the row that are not 0 of spikes[row, i] * weight[:, i]

    spikes   [..., channel]   ->   currents   [..., neuron]

A spike adds the row of the transposed weights that leaves it; in the gradient of the weights it adds the neurons'
gradients to that row, some steps at a time, so that they stay in the cache. The gradient of the spikes meets every
synapse whether it carried a spike or not, and is a dense product; where nothing needs it (a first layer), it is not
formed. Sums run over the inputs in their order, four at a time: the result differs from that of the dense product by
rounding, and does not depend on the number of threads. Above about one input in five a dense product is faster.
"""

from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from neuro.lif_scan.threads import shared_out

ROWS_AT_ONCE = 128  # x 512 neurons x 4 bytes: 256 kB of gradients, within a second-level cache
NARROW = 64  # neurons; the weight gradient of fewer is a dense product, whose cost falls with them


@numba.njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def _currents(
    spikes: NDArray[Any],
    leaving: NDArray[Any],
    bias: NDArray[Any],
    currents: NDArray[Any],
    first_row: int,
    end_row: int,
) -> None:
    """Currents [row, neuron]: bias, and what rows of `spikes` send through `leaving` [channel, neuron]."""
    n_channels, n_neurons = leaving.shape
    there = np.empty(n_channels + 1, dtype=np.int64)
    for row in range(first_row, end_row):
        n_there = 0
        for channel in range(n_channels):
            there[n_there] = channel
            n_there += spikes[row, channel] != 0
        for neuron in range(n_neurons):
            currents[row, neuron] = bias[neuron]
        in_fours = n_there - n_there % 4
        for number in range(0, in_fours, 4):
            a, b, c, d = there[number], there[number + 1], there[number + 2], there[number + 3]
            of_a, of_b, of_c, of_d = spikes[row, a], spikes[row, b], spikes[row, c], spikes[row, d]
            for neuron in range(n_neurons):
                currents[row, neuron] += (of_a * leaving[a, neuron] + of_b * leaving[b, neuron]) + (
                    of_c * leaving[c, neuron] + of_d * leaving[d, neuron]
                )
        for number in range(in_fours, n_there):
            a = there[number]
            of_a = spikes[row, a]
            for neuron in range(n_neurons):
                currents[row, neuron] += of_a * leaving[a, neuron]


@numba.njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def _weight_gradient(
    spikes: NDArray[Any], gradients: NDArray[Any], leaving: NDArray[Any], first_channel: int, end_channel: int
) -> None:
    """Add to `leaving` [channel, neuron] the gradients [row, neuron] of the rows in which the channel was not 0."""
    n_rows, n_neurons = gradients.shape
    n_channels = end_channel - first_channel
    rows = np.empty((n_channels, ROWS_AT_ONCE), dtype=np.int64)
    n_there = np.zeros(n_channels, dtype=np.int64)
    for first in range(0, n_rows, ROWS_AT_ONCE):
        n_there[:] = 0
        for row in range(first, min(n_rows, first + ROWS_AT_ONCE)):
            for place in range(n_channels):
                if spikes[row, first_channel + place] != 0:
                    rows[place, n_there[place]] = row
                    n_there[place] += 1
        for place in range(n_channels):
            channel = first_channel + place
            in_fours = n_there[place] - n_there[place] % 4
            for number in range(0, in_fours, 4):
                a, b = rows[place, number], rows[place, number + 1]
                c, d = rows[place, number + 2], rows[place, number + 3]
                of_a, of_b, of_c, of_d = spikes[a, channel], spikes[b, channel], spikes[c, channel], spikes[d, channel]
                for neuron in range(n_neurons):
                    leaving[channel, neuron] += (of_a * gradients[a, neuron] + of_b * gradients[b, neuron]) + (
                        of_c * gradients[c, neuron] + of_d * gradients[d, neuron]
                    )
            for number in range(in_fours, n_there[place]):
                a = rows[place, number]
                of_a = spikes[a, channel]
                for neuron in range(n_neurons):
                    leaving[channel, neuron] += of_a * gradients[a, neuron]


class _SparseLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, spikes: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        flat = spikes.detach().reshape(-1, spikes.shape[-1]).contiguous()
        leaving = weight.detach().t().contiguous()
        first = flat.new_zeros(len(weight)) if bias is None else bias.detach()
        currents = flat.new_empty(len(flat), len(weight))
        arrays = flat.numpy(), leaving.numpy(), first.numpy(), currents.numpy()
        shared_out(lambda first, end: _currents(*arrays, first, end), len(flat), flat.shape[1])
        ctx.save_for_backward(flat, weight)
        ctx.shape = spikes.shape
        return currents.view(*spikes.shape[:-1], len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        spikes, weight = ctx.saved_tensors
        arriving = gradients.reshape(-1, len(weight)).contiguous()
        of_spikes = (arriving @ weight).view(ctx.shape) if ctx.needs_input_grad[0] else None
        of_weight = _gradient_of_weight(spikes, arriving) if ctx.needs_input_grad[1] else None
        of_bias = arriving.sum(0) if ctx.needs_input_grad[2] else None
        return of_spikes, of_weight, of_bias


def _gradient_of_weight(spikes: Tensor, arriving: Tensor) -> Tensor:
    n_channels, n_neurons = spikes.shape[1], arriving.shape[1]
    if n_neurons < NARROW:
        return arriving.t() @ spikes
    leaving = arriving.new_zeros(n_channels, n_neurons)
    arrays = spikes.numpy(), arriving.numpy(), leaving.numpy()
    shared_out(lambda first, end: _weight_gradient(*arrays, first, end), n_channels, len(spikes))
    return leaving.t().contiguous()


def sparse_linear(spikes: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Currents [..., neuron] of spikes [..., channel] through weight [neuron, channel], as `linear` gives them.

    Floats of 32 or 64 bits on the CPU; elsewhere the product is dense.
    """
    if spikes.device.type != "cpu" or spikes.dtype not in {torch.float32, torch.float64}:
        return torch.nn.functional.linear(spikes, weight, bias)
    currents: Tensor = _SparseLinear.apply(spikes, weight, bias)
    return currents
