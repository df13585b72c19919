# quantum/backends/exact_states.py
"""Exact states in torch: the trained classifier as it was trained, without shots and without noise.

The counts are those of what ran: classical arithmetic, of the front, of the simulated circuit and of the head. Such a
run can be priced for a classical machine. It has no shots, so no quantum processor can be charged for it: for
that, run `aer-shots`, whose notes have the gates of one execution.
"""

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from classical_baselines.harness.contracts import Outcome, Trained
from quantum.backends.states import (
    check_device,
    engine_probabilities,
    exhibits_of,
    logits_of,
    notes_of,
    prepare,
    torch_device,
)
from quantum.classifiers.state_classifier import StateClassifier
from quantum.operations import simulation_operations


@dataclass(frozen=True)
class ExactStates:
    """The options of exact states."""

    runs: ClassVar[type[Any]] = StateClassifier
    batch_size: int = 256  # clips at a time; the logits do not depend on it
    device: str = "auto"  # auto, cpu or gpu

    def __post_init__(self) -> None:
        check_device(self.device)

    def check_here(self) -> None:
        """Refuse a device that this machine lacks."""
        torch_device(self.device)

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and counts for [batch, mel, frame]; the states of the first `n_exhibits` clips as pictures."""
        started = time.perf_counter()
        clips = prepare(trained, intensity, generator, self.batch_size)
        device = torch_device(self.device)
        behind = engine_probabilities(clips, self.batch_size, device)
        logits = logits_of(clips, behind)
        wall_seconds = time.perf_counter() - started
        structure = clips.classifier.circuit.structure
        counts = simulation_operations(structure) + clips.classifier.head.readout.simulation()
        return Outcome(
            logits=logits,
            counts=clips.encoder_counts + clips.classical_counts + counts,
            wall_seconds=wall_seconds,
            exhibits=exhibits_of(clips, n_exhibits, behind),
            notes=notes_of(clips) | {"torch_device": device.type},
        )
