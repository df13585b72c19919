# neuro/loihi/operations.py
"""What a clip costs on the chip, counted from the spikes that really occurred in the integer run.

    synaptic_operations        every spike times the synapses that it meets (fewer at the borders of a convolution), and
                               every spike of a layer that hears itself times its own, those of the last step left out:
                               they arrive when the clip is over
    mac_int8                   in their place for graded events (levels, messages of sigma-delta neurons): every one
                               other than 0 times its synapses; a spike with a sign multiplies nothing
    neuron_updates_active      a neuron and step with synaptic input or a spike; all others are inactive
    spikes_generated           by the layers; of sigma-delta, messages
    spikes_routed              every spike to each core of the layers that it goes to: a spike message per core
    spikes_in                  events brought onto the chip
    chip_steps, chip_seconds   steps of a clip; the readout answers in the step in which the last spike arrives
    state_resets               one per clip

Cores: a layer takes as many as its neurons (1,024 compartments a core) or its synapses (128 KiB of synaptic memory
a core, for weights and delays; a convolution's weights are stored once per core) need, whichever is more: Davies et
al., IEEE Micro 38(1), 2018. Placement and hops are a matter of the mapper; here a message is a message.
"""

import numpy as np
import torch

from classical_baselines.harness.operations import OperationCounts
from neuro.loihi.contracts import LoihiLayer, LoihiNetwork, SpikeRecord

NEURONS_PER_CORE = 1024
SYNAPSE_BITS_PER_CORE = 8 * 128 * 1024
DELAY_BITS = 6  # beside the weight of every synapse of a layer that has delays
STEP_SECONDS = 8.7e-6  # geometric mean of 5.8 and 13 us per step, unthrottled, Frady et al. 2020, two workloads


def fan_out(layer: LoihiLayer) -> torch.Tensor:
    """Synapses that a spike on each input channel meets, [channel]; none of those from the layer to itself."""
    n_channels = int(np.prod(layer.input_grid))
    if layer.kind == "dense":
        return torch.full((n_channels,), float(len(layer.weights)), dtype=torch.float64)
    ones = torch.ones(layer.weights.shape, dtype=torch.float64, requires_grad=False)
    source = torch.zeros(1, *layer.input_grid, dtype=torch.float64, requires_grad=True)
    # The derivative of the summed outputs by an input is the number of (unit) synapses that leave it.
    with torch.enable_grad():
        total = torch.nn.functional.conv2d(source, ones, stride=layer.stride, padding=layer.padding).sum()
        (gradient,) = torch.autograd.grad(total, source)
    return gradient.reshape(n_channels)


def n_synapses(layer: LoihiLayer) -> int:
    """Synapses from the layer below: every pair of an input channel and a neuron that a weight connects."""
    return int(fan_out(layer).sum())


def n_own_synapses(layer: LoihiLayer) -> int:
    """Synapses from the layer to itself."""
    return 0 if layer.recurrence is None else layer.recurrence.weights.size


def n_cores(layer: LoihiLayer) -> int:
    """Cores that the layer takes, by compartments and by synaptic memory."""
    by_neurons = -(-layer.n_neurons // NEURONS_PER_CORE)
    if layer.kind == "convolution":
        return by_neurons
    bits = layer.weights.size * (layer.weight_bits + (0 if layer.delays is None else DELAY_BITS))
    if layer.recurrence is not None:
        bits += layer.recurrence.weights.size * layer.recurrence.weight_bits
    return max(by_neurons, -(-bits // SYNAPSE_BITS_PER_CORE))


def multiplies(network: LoihiNetwork, number: int) -> bool:
    """Whether events that reach layer `number`, from 0, carry a size that a synapse multiplies its weight by."""
    return network.graded_input if number == 0 else network.layers[number - 1].neuron.spike_type is np.int32


def chip_operations(network: LoihiNetwork, record: SpikeRecord, step_seconds: float = STEP_SECONDS) -> OperationCounts:
    """Mean counts per clip of stage `network`."""
    n_steps, n_clips = record.input_spikes.shape[:2]
    arriving = [torch.from_numpy(np.asarray(record.input_spikes)), *map(torch.from_numpy, record.spikes[:-1])]
    counts = OperationCounts()
    for number, (layer, events) in enumerate(zip(network.layers, arriving, strict=True)):
        name = "readout" if layer is network.layers[-1] else f"layer-{number + 1}"
        per_channel = (events != 0).double().sum(dim=(0, 1)) / n_clips  # spikes of a clip on each channel
        met = float(per_channel @ fan_out(layer))
        graded = multiplies(network, number)
        fired, driven = record.spikes[number] != 0, record.inputs_active[number]
        sent_to_itself = 0.0 if layer.recurrence is None else float(fired.sum()) / n_clips
        heard_of_itself = 0.0 if layer.recurrence is None else float(fired[:-1].sum()) / n_clips
        synapses = {"mac_int8" if graded else "synaptic_operations": met}
        if layer.recurrence is not None:  # of LIF alone, whose spikes multiply nothing
            own = heard_of_itself * layer.n_neurons
            synapses["synaptic_operations"] = synapses.get("synaptic_operations", 0.0) + own
        n_updates = n_steps * layer.n_neurons
        n_active = float((fired | driven).sum()) / n_clips
        n_routed = (float(per_channel.sum()) + sent_to_itself) * n_cores(layer)
        counts += OperationCounts.of(
            "network",
            name,
            **synapses,
            neuron_updates_active=n_active,
            neuron_updates_inactive=n_updates - n_active,
            spikes_generated=float(fired.sum()) / n_clips,
            **({"spikes_in": float(per_channel.sum())} if number == 0 else {}),
            spikes_routed=n_routed,
        )
    return counts + OperationCounts.of(
        "network", "chip", chip_steps=n_steps, chip_seconds=n_steps * step_seconds, state_resets=1
    )
