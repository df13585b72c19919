# neuro/loihi/lava_membranes.py
"""The comparison with Lava down to the membranes: every spike and every potential of every layer in every step.

`loihi-lava` compares spikes of all steps and the readout's last potentials, many clips in one simulation. Here Lava
stops after each step and is asked for the potentials of all layers, and each clip is a simulation of its own: dearer,
and nothing is left uncompared.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.contracts import Check, Outcome, Trained
from neuro.encoders.learnt import coded
from neuro.loihi.backends import LoihiEmulator, LoihiLava, chip_input
from neuro.loihi.contracts import LoihiNetwork
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import SIMULATION, run_on_lava
from neuro.loihi.quantise import quantised


@dataclass(frozen=True)
class LoihiLavaMembranes(LoihiLava):
    """The options of `loihi-lava`, with fewer clips."""

    n_clips: int = 1

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """The emulator's outcome on clips spread over the given ones, and whether Lava equals it in all."""
        chosen = np.unique(np.linspace(0, len(intensity) - 1, min(self.n_clips, len(intensity))).round().astype(int))
        part = intensity[torch.from_numpy(chosen)]
        drawn = generator.get_state()
        outcome = LoihiEmulator(batch_size=len(part)).run(trained, part, generator)
        generator.set_state(drawn)  # a code that draws sends Lava the same spikes
        read = coded(trained)
        network = quantised(read.classifier)
        began = time.perf_counter()
        check = verify_membranes(network, chip_input(network, read.encoder(part, generator)), self.run_configuration)
        return replace(
            outcome,
            wall_seconds=time.perf_counter() - began,
            checks=(check,),
            clip_indices=tuple(int(index) for index in chosen),
        )


def verify_membranes(network: LoihiNetwork, input_spikes: Tensor, run_configuration: str = SIMULATION) -> Check:
    """Input spikes [step, clip, channel] through both: spikes and potentials [step, clip, neuron] of every layer."""
    ours = emulate(network, input_spikes, potentials=True)
    theirs = run_on_lava(network, input_spikes, potentials=True, run_configuration=run_configuration)
    spikes, potentials = (
        [int((mine != other).sum()) for mine, other in zip(*pair, strict=True)]
        for pair in ((ours.spikes, theirs.spikes), (ours.potentials, theirs.potentials))
    )
    readout = int((ours.readout_potentials != theirs.readout_potentials).sum())
    n_steps, n_clips, _ = input_spikes.shape
    return Check(
        name="lava-equality",
        passed=not any(spikes) and not any(potentials) and not readout,
        details={
            "n_clips": n_clips,
            "n_steps": n_steps,
            "n_layers": len(network.layers),
            "entries_compared": int(sum(fired.size for fired in ours.spikes)),
            "spikes_per_layer": [int((fired != 0).sum()) for fired in ours.spikes],
            "mismatches_per_layer": spikes,
            "potentials_compared": int(sum(reached.size for reached in ours.potentials)),
            "potential_mismatches_per_layer": potentials,
            "readout_mismatches": readout,
        },
    )
