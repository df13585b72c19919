# neuro/loihi/emulator.py
"""Batched emulation of a `LoihiNetwork`, equal to Lava's fixed-point model in every bit.

Layer by layer, all steps and clips of each, by one of the engines: `torch`, the reference, or `numba`, which gives the
same integers sooner. What Lava's 32-bit integers could not hold is refused here, before or after a layer has run.
"""

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.choices import choose
from neuro.loihi.contracts import LoihiLayer, LoihiNetwork, NotMappableError, SpikeRecord
from neuro.loihi.engines import ENGINES, FASTEST
from neuro.loihi.engines.events import as_events
from neuro.loihi.limits import FRACTION_BITS, LARGEST_DECAY, WRAP

LARGEST_STATE = 2**31 - 1  # Lava's states are int32
LARGEST_KEPT_INPUT = 2 * WRAP >> FRACTION_BITS  # beyond it a current that lasts could leave 32 bits


@torch.no_grad()
def emulate(
    network: LoihiNetwork, input_spikes: Tensor, *, engine: str = FASTEST, potentials: bool = False
) -> SpikeRecord:
    """Run input spikes [step, clip, channel] (graded: integers) through the network; `potentials` keeps all steps'."""
    run_layer = choose(ENGINES, engine, what="engine of the emulator")()
    spikes, records = as_events(input_spikes), []
    for number, layer in enumerate(network.layers, start=1):
        check_sums(layer, _peak(spikes))
        record = run_layer(layer, spikes, potentials=potentials)
        if record.largest_state > LARGEST_STATE:
            raise NotMappableError(
                f"a state of layer {number} reached {record.largest_state}; the chip's model keeps 32 bits with sign, "
                f"up to {LARGEST_STATE}. Use smaller weights or exponents."
            )
        records.append(record)
        spikes = torch.from_numpy(record.spikes)
    return SpikeRecord(
        input_spikes=input_spikes.numpy(),
        spikes=tuple(record.spikes for record in records),
        inputs_active=tuple(record.inputs_active for record in records),
        readout_potentials=records[-1].final_potentials.astype(np.int64),
        potentials=tuple(record.potentials for record in records if record.potentials is not None),
    )


def _peak(spikes: Tensor) -> float:
    """The largest absolute value."""
    if spikes.numel() == 0:
        return 0.0
    return float(np.any(spikes.numpy())) if spikes.dtype is torch.bool else float(spikes.abs().max())


def check_sums(layer: LoihiLayer, peak: float) -> None:
    """NotMappableError where inputs of up to `peak` could bring a neuron more than Lava's integers hold in a step."""
    summed = _largest_sum(layer.weights) * peak
    largest, kept = (summed * 2.0 ** max(layer.weight_exponent, 0), summed * 2.0**layer.weight_exponent)
    if layer.recurrence is not None:
        back, exponent = _largest_sum(layer.recurrence.weights), layer.recurrence.weight_exponent
        largest, kept = (largest + back * 2.0 ** max(exponent, 0), kept + back * 2.0**exponent)
    if largest >= WRAP:
        raise NotMappableError(
            f"a step may bring a neuron up to {largest:.0f}; synaptic input has 24 bits with sign, "
            f"up to {WRAP - 1}. Use fewer or smaller weights."
        )
    if getattr(layer.neuron, "current_decay", LARGEST_DECAY) < LARGEST_DECAY and kept > LARGEST_KEPT_INPUT:
        raise NotMappableError(
            f"a step may bring a neuron up to {kept:.0f}; where the current lasts (current_decay below "
            f"{LARGEST_DECAY}), {LARGEST_KEPT_INPUT} is the most. Use fewer or smaller weights."
        )


def _largest_sum(weights: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
    return float(np.abs(weights).reshape(len(weights), -1).sum(axis=1).max())
