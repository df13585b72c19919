# neuro/loihi/stream.py
"""Clips one after another in one run that never stops, whose neurons clear themselves between two of them.

The emulator and Lava begin every clip with all states at zero, which a host would have to see to. A chip that listens
on can do it alone: where every neuron of a layer sets its states to zero each T steps, T the steps of a clip, a stream
of clips must give what single clips give. `loihi-stream` runs the stream and counts what differs. The neuron is Lava's
`LIFReset`; `neuro/loihi/lava_worker.py` takes plain clips through Lava in the same way.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.contracts import Check, Outcome, Trained
from neuro.encoders.learnt import coded
from neuro.loihi.backends import LoihiEmulator, chip_input, logits_of
from neuro.loihi.contracts import Lif, LoihiNetwork, NotMappableError, SpikeRecord
from neuro.loihi.emulator import emulate
from neuro.loihi.quantise import quantised


@dataclass(frozen=True)
class LoihiStream(LoihiEmulator):
    """The options of `loihi-emulator`; a batch is a stream."""

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """The emulator's counts, the stream's logits, and whether its spikes equal those of single clips."""
        read = coded(trained)
        network = quantised(read.classifier)
        self_clearing(network, 1)  # what cannot is refused before anything is run
        drawn = generator.get_state()
        outcome = super().run(trained, intensity, generator, n_exhibits)
        generator.set_state(drawn)  # a code that draws sends the stream the same spikes
        logits, differing, n_compared, seconds = [], 0, 0, 0.0
        for part in intensity.split(self.batch_size):
            inputs = chip_input(network, read.encoder(part, generator))
            began = time.perf_counter()
            streamed = run_stream(self_clearing(network, len(inputs)), inputs)
            seconds += time.perf_counter() - began
            alone = emulate(network, inputs)
            logits.append(logits_of(network, streamed))
            differing += sum(int((a != b).sum()) for a, b in zip(streamed.spikes, alone.spikes, strict=True))
            differing += int((streamed.readout_potentials != alone.readout_potentials).sum())
            n_compared += sum(spikes.size for spikes in alone.spikes) + alone.readout_potentials.size
        check = Check("stream-equality", not differing, {"entries_compared": n_compared, "mismatches": differing})
        return replace(outcome, logits=torch.cat(logits), wall_seconds=seconds, checks=(check,))


def self_clearing(network: LoihiNetwork, n_steps: int) -> LoihiNetwork:
    """The network whose neurons set their states to zero every `n_steps` steps.

    NotMappableError where that would not end a clip: spikes under way in delays or recurrent synapses reach into the
    next, and neurons of other models have no such reset.
    """
    layers = []
    for number, layer in enumerate(network.layers, start=1):
        if not isinstance(layer.neuron, Lif):
            raise _reaches_on(number, f"neurons of {type(layer.neuron).__name__} have no periodic reset")
        if layer.delays is not None:
            raise _reaches_on(number, "its delays carry spikes into the next clip")
        if layer.recurrence is not None:
            raise _reaches_on(number, "its recurrent synapses carry spikes into the next clip")
        layers.append(replace(layer, neuron=replace(layer.neuron, reset_interval=n_steps)))
    return replace(network, layers=tuple(layers))


def _reaches_on(number: int, reason: str) -> NotMappableError:
    return NotMappableError(
        f"layer {number} cannot clear itself between two clips of a stream: {reason}. Use the backend loihi-emulator, "
        "or dense-snn or convolutional-snn."
    )


def run_stream(network: LoihiNetwork, inputs: Tensor) -> SpikeRecord:
    """Inputs [step, clip, channel] one clip after another; spikes and last potentials as of single clips."""
    n_steps, n_clips, n_channels = inputs.shape
    stream = inputs.transpose(0, 1).reshape(n_steps * n_clips, 1, n_channels)
    record = emulate(network, stream, potentials=True)

    def by_clip(values: NDArray[Any]) -> NDArray[Any]:
        return values.reshape(n_clips, n_steps, -1).transpose(1, 0, 2)

    return SpikeRecord(
        input_spikes=inputs.numpy(),
        spikes=tuple(by_clip(spikes) for spikes in record.spikes),
        inputs_active=tuple(by_clip(active) for active in record.inputs_active),
        readout_potentials=by_clip(record.potentials[-1])[-1].astype(np.int64),
    )
