# quantum/backends/aer_shots.py
"""Qiskit Aer in shots: every clip's circuit sampled as a quantum processor would be, and paid as one.

The shots are drawn by Aer from seeds that descend from the generator, one per job. What is counted, and how the logits
come of it, is that of all backends in shots (`shot_options.py`).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from quantum.backends.aer_circuits import CLIPS_PER_JOB, aer_simulator, clip_circuits, native_circuit
from quantum.backends.shot_options import ShotOptions
from quantum.backends.states import PreparedClips


@dataclass(frozen=True)
class AerShots(ShotOptions):
    """The options of shots that Aer samples."""

    def frequencies(self, clips: PreparedClips, generator: torch.Generator) -> Tensor:
        simulator = aer_simulator(self.device)
        native = native_circuit(clips, simulator)
        frequencies = torch.zeros(clips.states.shape, dtype=torch.float64)
        row = 0
        for states, features in clips.parts(CLIPS_PER_JOB):
            circuits = clip_circuits(states, features, native)
            for circuit in circuits:
                circuit.measure_all()
            seed = int(torch.randint(2**31 - 1, (1,), generator=generator))
            result = simulator.run(circuits, shots=self.n_shots, seed_simulator=seed).result()
            for index in range(len(circuits)):
                counts = result.data(index)["counts"]
                outcomes = [int(outcome, 16) for outcome in counts]
                frequencies[row, outcomes] = torch.tensor(list(counts.values()), dtype=frequencies.dtype) / self.n_shots
                row += 1
        return frequencies
