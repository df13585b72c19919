# neuro/loihi/emulator.py
"""Batched emulation of a `LoihiNetwork`, equal to Lava's fixed-point model in every bit.

Two facts make it fast and keep it exact. A product of integers in float32 is exact while every partial sum stays below
2^24: weights are at most 254, and networks whose sums could leave 24 bits with sign, where Lava's convolution wraps,
are refused. And trunc(v * k / 4096) is exact in float64, as |v| * 4096 < 2^35 < 2^53. So all steps of a layer are one
product, and only the recurrence runs step by step, over all clips and neurons at once.
"""

import numpy as np
import torch
from torch import Tensor

from neuro.loihi.contracts import FRACTION_BITS, MEMBRANE_LIMIT, LoihiLayer, LoihiNetwork, NotMappableError, SpikeRecord
from neuro.neuron import DECAY_STEPS

WRAP = 2**23


@torch.no_grad()
def emulate(network: LoihiNetwork, input_spikes: Tensor) -> SpikeRecord:
    """Run input spikes [step, clip, channel] (graded: integers 0 to 255) through the network."""
    spikes, every, active = input_spikes, [], []
    potentials = torch.zeros(0)
    for layer in network.layers:
        inputs = synaptic_input(layer, spikes)
        reached = neurons_reached(layer, spikes).numpy()
        spikes, potentials = lif_integers(layer, inputs)
        every.append(spikes.bool().numpy())
        active.append(reached)
    return SpikeRecord(
        input_spikes=input_spikes.numpy(),
        spikes=tuple(every),
        inputs_active=tuple(active),
        readout_potentials=potentials.numpy().astype(np.int64),
    )


def synaptic_input(layer: LoihiLayer, spikes: Tensor) -> Tensor:
    """The integer input a [step, clip, neuron] of spikes [step, clip, channel]."""
    largest = float(np.abs(layer.weights).reshape(len(layer.weights), -1).sum(axis=1).max())
    peak = float(spikes.max()) if spikes.numel() else 0.0
    if largest * peak >= WRAP:
        raise NotMappableError(
            f"a step may bring a neuron up to {largest * peak:.0f}; synaptic input has 24 bits with sign, "
            f"up to {WRAP - 1}. Use fewer or smaller weights."
        )
    n_steps, n_clips = spikes.shape[:2]
    weights = torch.from_numpy(layer.weights).float()
    flat = spikes.float().reshape(n_steps * n_clips, *layer.input_grid)
    if layer.kind == "convolution":
        inputs = torch.nn.functional.conv2d(flat, weights, stride=layer.stride, padding=layer.padding)
        inputs = torch.round(inputs)  # a fast convolution algorithm may leave 1e-4; the sum is an integer
    else:
        inputs = flat @ weights.T
    return inputs.reshape(n_steps, n_clips, layer.n_neurons)


def neurons_reached(layer: LoihiLayer, spikes: Tensor) -> Tensor:
    """[step, clip, neuron]: whether any spike of the step meets the neuron, even where the sum cancels to 0."""
    n_steps, n_clips = spikes.shape[:2]
    fired = spikes != 0
    if layer.kind == "dense":
        return fired.any(dim=2, keepdim=True).expand(n_steps, n_clips, layer.n_neurons)
    # A kernel's window holds a spike where the largest value under it, over all maps, is 1.
    anywhere = fired.reshape(n_steps * n_clips, *layer.input_grid).any(dim=1, keepdim=True).float()
    window = layer.weights.shape[2:]
    under = torch.nn.functional.max_pool2d(anywhere, (window[0], window[1]), layer.stride, layer.padding)
    return (under > 0).expand(-1, layer.output_grid[0], -1, -1).reshape(n_steps, n_clips, layer.n_neurons)


def lif_integers(layer: LoihiLayer, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """(spikes [step, clip, neuron], membrane potentials [clip, neuron] at the end) of one layer."""
    keep = (DECAY_STEPS - layer.decay) / DECAY_STEPS
    threshold = float(layer.threshold << FRACTION_BITS)
    bias = torch.from_numpy(layer.bias).double()
    if layer.kind == "convolution":
        bias = bias.repeat_interleave(layer.n_neurons // len(bias))
    potential = torch.zeros(inputs.shape[1:], dtype=torch.float64)
    spikes = torch.empty(inputs.shape, dtype=torch.float32)
    for step, arriving in enumerate(inputs):
        current = wrapped(arriving.double() * 2**FRACTION_BITS)
        potential = (torch.trunc(potential * keep) + current + bias).clamp_(-MEMBRANE_LIMIT, MEMBRANE_LIMIT)
        fired = potential > threshold
        potential = potential * ~fired
        spikes[step] = fired
    return spikes, potential


def wrapped(current: Tensor) -> Tensor:
    """Lava's 24-bit current: one subtraction, no modulo; +2^23 is kept and -2^23 becomes +2^23."""
    return current - 2.0 * WRAP * (current > WRAP) + 2.0 * WRAP * (current <= -WRAP)
