# neuro/loihi/engines/torch_engine.py
"""The emulator in plain torch, the reference: a layer's synapses over all steps at once, then its neurons step by step.

A product of integers in float32 is exact while every partial sum stays below 2^24: weights are at most 256, and
networks whose sums could leave 24 bits with sign are refused (`check_sums`). Everything else is int64.
"""

import numpy as np
import torch
from torch import Tensor

from neuro.loihi.contracts import LoihiLayer
from neuro.loihi.engines.layer_record import LayerRecord
from neuro.loihi.neurons.neuron import zero_state


@torch.no_grad()
def run_layer(layer: LoihiLayer, spikes: Tensor, *, potentials: bool) -> LayerRecord:
    """The layer driven by spikes [step, clip, channel]."""
    inputs = synaptic_input(layer, spikes)
    neuron, bias = layer.neuron, torch.from_numpy(layer.neuron_bias)
    state = zero_state(neuron, tuple(inputs.shape[1:]))
    sent = torch.zeros_like(inputs)
    every = torch.zeros(inputs.shape if potentials else (0,), dtype=torch.int32)
    highest = torch.zeros((), dtype=torch.int64)
    for step in range(len(inputs)):
        if layer.recurrence is not None and step:
            back = sent[step - 1].double() @ torch.from_numpy(layer.recurrence.weights).double().T
            inputs[step] += shifted(back.long(), layer.recurrence.weight_exponent)
        sent[step], state = neuron.step(state, inputs[step], bias, step)
        highest = torch.maximum(highest, torch.stack([part.abs().max() for part in state]).max())
        if potentials:
            every[step] = neuron.potential(state)
    return LayerRecord(
        spikes=sent.numpy().astype(neuron.spike_type),
        inputs_active=neurons_reached(layer, spikes, sent).numpy(),
        final_potentials=neuron.potential(state).numpy(),
        potentials=every.numpy() if potentials else None,
        largest_state=int(highest),
    )


def shifted(values: Tensor, exponent: int) -> Tensor:
    """Integers times 2^exponent, rounded down."""
    return values << exponent if exponent >= 0 else values >> -exponent


def synaptic_input(layer: LoihiLayer, spikes: Tensor) -> Tensor:
    """The integer input a [step, clip, neuron] of spikes [step, clip, channel], without what recurs."""
    weights = torch.from_numpy(layer.weights)
    if layer.kind == "convolution":
        return shifted(_convolved(layer, spikes, weights).round().long(), layer.weight_exponent)
    if layer.delays is None:
        return shifted((spikes.float() @ weights.float().T).long(), layer.weight_exponent)
    inputs = torch.zeros((*spikes.shape[:2], layer.n_neurons), dtype=torch.int64)
    for delay in np.unique(layer.delays).tolist():
        if delay < len(spikes):
            of_delay = weights.float() * torch.from_numpy(layer.delays == delay)
            sums = (spikes[: len(spikes) - delay].float() @ of_delay.T).long()
            inputs[delay:] += shifted(sums, layer.weight_exponent)
    return inputs


def _convolved(layer: LoihiLayer, spikes: Tensor, weights: Tensor) -> Tensor:
    """[step, clip, neuron], which a fast algorithm may leave 1e-4 beside the integer."""
    n_steps, n_clips = spikes.shape[:2]
    flat = spikes.float().reshape(n_steps * n_clips, *layer.input_grid)
    sums = torch.nn.functional.conv2d(flat, weights.float(), stride=layer.stride, padding=layer.padding)
    return sums.reshape(n_steps, n_clips, layer.n_neurons)


def neurons_reached(layer: LoihiLayer, spikes: Tensor, sent: Tensor | None = None) -> Tensor:
    """[step, clip, neuron]: whether any spike of the step meets the neuron, even where the sum cancels to 0."""
    n_steps, n_clips = spikes.shape[:2]
    fired = spikes != 0
    shape = (n_steps, n_clips, layer.n_neurons)
    if layer.kind == "convolution":
        # A kernel's window holds a spike where the largest value under it, over all maps, is 1.
        anywhere = fired.reshape(n_steps * n_clips, *layer.input_grid).any(dim=1, keepdim=True).float()
        anywhere = torch.nn.functional.pad(anywhere, (layer.padding,) * 4)
        window = layer.weights.shape[2:]
        under = torch.nn.functional.max_pool2d(anywhere, (window[0], window[1]), layer.stride)
        return (under > 0).expand(-1, layer.output_grid[0], -1, -1).reshape(shape)
    if layer.delays is None:
        reached = fired.any(dim=2, keepdim=True).expand(shape)
    else:
        reached = torch.zeros(shape, dtype=torch.bool)
        for delay in np.unique(layer.delays).tolist():
            if delay < n_steps:
                of_delay = torch.from_numpy(layer.delays == delay).float()
                reached[delay:] |= fired[: n_steps - delay].float() @ of_delay.T > 0
    if layer.recurrence is not None and sent is not None:
        again = torch.zeros((n_steps, n_clips, 1), dtype=torch.bool)
        again[1:] = (sent[:-1] != 0).any(dim=2, keepdim=True)
        reached = reached | again
    return reached
