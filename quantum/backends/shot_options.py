# quantum/backends/shot_options.py
"""What the backends in shots have in common: their options, the processor that they are paid as, and the outcome.

    frequencies [clip, outcome] of `n_shots` shots  ->  the trained readout and head  ->  logits

`ShotRun` is all of them; what its shots cost, a backend says itself (`Sampled`). `ShotOptions` are those that a
simulation samples without noise: their counts are those of a processor with the coupling asked for, gates after
transpilation, shots, and the seconds of `quantum.operations`. The simulated gates and measurements are ideal, those of
such a processor are not: the accuracy is what its price would buy at best.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.contracts import Check, Outcome, Trained
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.states import (
    PreparedClips,
    check_device,
    check_n_clips,
    exhibits_of,
    logits_of,
    notes_of,
    prepare,
    spread_clips,
    torch_device,
)
from quantum.circuits.circuit import Circuit
from quantum.classifiers.state_classifier import StateClassifier
from quantum.machine_time import REPETITION_DELAY_SECONDS
from quantum.operations import processor_operations
from quantum.transpiled import COUNTED_PATH, COUPLINGS, circuit_cost

MOST_SHOTS = 10_000_000  # of one clip; a processor needs an hour for them


@dataclass(frozen=True)
class Sampled:
    """What came of the shots of all clips."""

    frequencies: Tensor  # [clip, outcome], relative, float64
    # Counts of a clip and facts for the table. They are found when they are asked for: the run's time is without them.
    costs: Callable[[], tuple[OperationCounts, dict[str, Any]]]
    checks: tuple[Check, ...] = ()
    n_read: int | None = None  # shots whose bits are summed for a clip, where mitigation takes more than n_shots


@dataclass(frozen=True)
class ShotRun(ABC):
    """The options of every run in shots."""

    runs: ClassVar[type[Any]] = StateClassifier
    n_shots: int = 4096
    n_clips: int | None = field(default=None, kw_only=True)  # spread over the given clips; None: all

    def __post_init__(self) -> None:
        check_n_clips(self.n_clips)
        if not 1 <= self.n_shots <= MOST_SHOTS:
            raise InputError(f"n_shots must lie in 1 to {MOST_SHOTS}; got {self.n_shots}.")

    @abstractmethod
    def sample(self, clips: PreparedClips, generator: torch.Generator) -> Sampled:
        """The shots of every clip, drawn from seeds that descend from the generator."""

    def chosen(self, n_given: int) -> tuple[int, ...] | None:
        """Which of the given clips are run; None: all."""
        return spread_clips(n_given, self.n_clips)

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and counts for [batch, mel, frame], from the shots of each clip."""
        chosen = self.chosen(len(intensity))
        started = time.perf_counter()
        clips = prepare(trained, intensity if chosen is None else intensity[list(chosen)], generator)
        sampled = self.sample(clips, generator)
        logits = logits_of(clips, sampled.frequencies)
        wall_seconds = time.perf_counter() - started
        counts, notes = sampled.costs()
        return Outcome(
            logits=logits,
            counts=clips.encoder_counts
            + clips.classical_counts
            + counts
            + clips.classifier.head.readout.counting(sampled.n_read or self.n_shots),
            wall_seconds=wall_seconds,
            checks=sampled.checks,
            exhibits=exhibits_of(clips, n_exhibits, sampled.frequencies),
            clip_indices=chosen,
            notes=notes_of(clips) | {"n_shots": self.n_shots} | notes,
        )


@dataclass(frozen=True)
class ShotOptions(ShotRun):
    """The options of sampled shots."""

    coupling: str = "heavy-hex"  # of the processor that is counted: heavy-hex, linear or all-to-all
    repetition_delay_seconds: float = REPETITION_DELAY_SECONDS
    device: str = "auto"  # of the simulation: auto, cpu or gpu

    def __post_init__(self) -> None:
        super().__post_init__()
        check_device(self.device)
        choose({name: name for name in COUPLINGS}, self.coupling, what="coupling")
        if not 0 <= self.repetition_delay_seconds < 1:
            raise InputError(
                f"repetition_delay_seconds must lie in [0, 1); got {self.repetition_delay_seconds}. "
                "Superconducting processors take 0 to 0.004."
            )

    def check_here(self) -> None:
        """Refuse a device that this machine lacks."""
        torch_device(self.device)

    @abstractmethod
    def frequencies(self, clips: PreparedClips, generator: torch.Generator) -> Tensor:
        """[clip, outcome] relative frequencies, float64."""

    def sample(self, clips: PreparedClips, generator: torch.Generator) -> Sampled:
        return Sampled(self.frequencies(clips, generator), partial(self.costs, clips))

    def costs(self, clips: PreparedClips) -> tuple[OperationCounts, dict[str, Any]]:
        """What a clip costs on the processor, and what the table says of it."""
        structure = clips.classifier.circuit.structure
        cost = circuit_cost(structure, self.coupling, clips.preparation)
        alone = circuit_cost(Circuit(structure.n_qubits, ()), "all-to-all", clips.preparation)
        counts = processor_operations(cost, structure.n_qubits, self.n_shots, self.repetition_delay_seconds)
        return counts, {
            "counted_path": COUNTED_PATH,
            "coupling": self.coupling,
            "depth": cost.preparation.depth + cost.circuit.depth,
            "preparation_depth": cost.preparation.depth,
            "preparation_gates_2q_all_to_all": alone.preparation.n_gates_2q,
            "preparation_gates_2q": cost.preparation.n_gates_2q,
            "circuit_gates_2q": cost.circuit.n_gates_2q,
            "seconds_per_shot": counts.total("machine_seconds") / self.n_shots,
        }
