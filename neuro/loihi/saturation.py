# neuro/loihi/saturation.py
"""How often the integers of a run reach the chip's limits, layer by layer.

With the synaptic input a[t] of a LIF layer (`neuro/loihi/neurons/lif.py`), of its neurons and steps the share where

    currents_wrapped     the current leaves 24 bits and comes back from the other side
    membranes_clipped    the membrane potential leaves 24 bits and is held at the limit

A clipped potential above every threshold fires, as it would have; one far below recovers sooner than it should. A
readout neuron to which either happens, or that fires, loses some of what it gathered: the emulator's notes say how many
of them did, per clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, NotMappableError, SpikeRecord
from neuro.loihi.engines.torch_engine import shifted, synaptic_input
from neuro.loihi.limits import DECAY_BITS, DECAY_UNITY, FRACTION_BITS, LARGEST_DECAY, MEMBRANE_LIMIT
from neuro.loihi.neurons.neuron import shrunk, zero_state


@dataclass(frozen=True)
class Saturation:
    """Of one layer: shares of neurons and steps."""

    currents_wrapped: float
    membranes_clipped: float


def saturation_by_layer(network: LoihiNetwork, record: SpikeRecord) -> list[Saturation]:
    """Of every layer in a run, the readout last."""
    arriving = [torch.from_numpy(spikes) for spikes in (record.input_spikes, *record.spikes[:-1])]
    sent = map(torch.from_numpy, record.spikes)
    return [_saturation(layer, *spikes) for layer, *spikes in zip(network.layers, arriving, sent, strict=True)]


def readouts_saturated(network: LoihiNetwork, record: SpikeRecord) -> float:
    """Readout neurons per clip that reach a limit in some step; those of other models than LIF have none here."""
    layer, below = network.layers[-1], (record.input_spikes, *record.spikes)[-2]
    if not isinstance(layer.neuron, Lif):
        return 0.0
    sent = torch.from_numpy(record.spikes[-1])
    reached = sent.any(dim=0)
    for wrapped, clipped in _overflows(layer, layer.neuron, torch.from_numpy(below), sent):
        reached |= wrapped | clipped
    return float(reached.sum()) / len(reached)


def _saturation(layer: LoihiLayer, spikes: torch.Tensor, sent: torch.Tensor) -> Saturation:
    if not isinstance(layer.neuron, Lif):
        raise NotMappableError(
            f"saturation is measured of layers of Lif; one is of {type(layer.neuron).__name__}. "
            "Choose the backend loihi-emulator."
        )
    n_wrapped = n_clipped = 0
    for wrapped, clipped in _overflows(layer, layer.neuron, spikes, sent):
        n_wrapped += int(wrapped.sum())
        n_clipped += int(clipped.sum())
    return Saturation(n_wrapped / sent.numel(), n_clipped / sent.numel())


@torch.no_grad()
def _overflows(
    layer: LoihiLayer, neuron: Lif, spikes: torch.Tensor, sent: torch.Tensor
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Of each step [clip, neuron] whose current wraps, and whose potential is clipped: the layer goes through its steps
    again, and each is asked what it would have been in wider integers."""
    bias = torch.from_numpy(layer.neuron_bias)
    inputs = synaptic_input(layer, spikes)
    if layer.recurrence is not None:
        back = sent[:-1].double() @ torch.from_numpy(layer.recurrence.weights).double().T
        inputs[1:] += shifted(back.long(), layer.recurrence.weight_exponent)
    state = zero_state(neuron, tuple(inputs.shape[1:]))
    for step, arrived in enumerate(inputs):
        wide = shrunk(state[0], LARGEST_DECAY - neuron.current_decay, DECAY_BITS) + (arrived << FRACTION_BITS)
        kept = shrunk(state[1], DECAY_UNITY - neuron.decay, DECAY_BITS)
        _, state = neuron.step(state, arrived, bias, step)
        yield state[0] != wide, (kept + state[0] + bias).abs() > MEMBRANE_LIMIT
