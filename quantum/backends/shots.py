# quantum/backends/shots.py
"""Shots of exact states: multinomial draws from the engine's outcome probabilities, and paid as a processor's shots.

An ideal circuit's shots are independent draws of its outcomes, so this samples what Aer samples, without building a
circuit for each clip. Drawn by numpy, from a seed that descends from the generator.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from quantum.backends.shot_options import ShotOptions
from quantum.backends.states import PreparedClips, engine_probabilities, torch_device


def drawn(probabilities: Tensor, n_shots: int, generator: torch.Generator) -> Tensor:
    """[clip, outcome] relative frequencies of `n_shots` draws of [clip, outcome] probabilities, float64."""
    draw = np.random.default_rng(int(torch.randint(2**31 - 1, (1,), generator=generator)))
    exact = probabilities.clamp_min(0).numpy()  # what noise leaves at 0 may be a rounding error below it
    # A sum of probabilities may miss 1 by a rounding error, which numpy does not draw from.
    return torch.from_numpy(draw.multinomial(n_shots, exact / exact.sum(axis=1, keepdims=True)) / n_shots)


@dataclass(frozen=True)
class Shots(ShotOptions):
    """The options of shots that the engine samples."""

    def frequencies(self, clips: PreparedClips, generator: torch.Generator) -> Tensor:
        return drawn(engine_probabilities(clips, device=torch_device(self.device)), self.n_shots, generator)
