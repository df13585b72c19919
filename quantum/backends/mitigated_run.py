# quantum/backends/mitigated_run.py
"""What the backends whose shots have errors may do against them, and what it costs.

    basis states read once for all clips  ->  confusion                              (`quantum.mitigation.readout`)
    clips at each noise factor  ->  confusion taken back  ->  extrapolated to none   (`quantum.mitigation.zero_noise`)

Every factor is run with `n_shots` shots of every clip, and every prepared basis state with `calibration_shots`; both
are counted as shots of the processor, the latter shared by the clips of the run. What is handed to the trained head is
a quasi-probability then: it sums to 1 and may be negative.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Trained
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.clip_circuit import ClipCircuit, clip_circuit_of
from quantum.backends.shot_options import MOST_SHOTS, Sampled, ShotRun
from quantum.backends.states import prepare
from quantum.classifiers.state_classifier import StateClassifier
from quantum.mitigation.readout import check_readout_mitigation, estimated_confusion, prepared_states, taken_back
from quantum.mitigation.zero_noise import (
    check_different,
    check_noise_factors,
    extrapolated,
    folds_of,
    realised_factor,
)

Folds = tuple[int, ...]  # of each two-qubit gate of the transpiled circuit
Notes = Callable[[OperationCounts], dict[str, Any]]  # what the table says, from the counts of one shot


class Machine(Protocol):
    """A processor, or a simulation of one, with the circuit of the clips transpiled for it."""

    @property
    def n_qubits(self) -> int:
        """Qubits that are read."""
        ...

    @property
    def n_gates_2q(self) -> int:
        """Two-qubit gates of the circuit."""
        ...

    def shots(self, folds: Folds, n_shots: int, generator: torch.Generator) -> Tensor:
        """[clip, outcome] relative frequencies as they are read, of the circuit with its gates folded."""
        ...

    def read(self, states: Sequence[int], n_shots: int, generator: torch.Generator) -> Tensor:
        """[state, outcome] relative frequencies where these basis states are prepared."""
        ...

    def costs(self, folds: Folds) -> OperationCounts:
        """Of one shot of one clip."""
        ...

    def reading_costs(self, states: Sequence[int]) -> OperationCounts:
        """Of one shot of each of these states, all in the stage `readout`."""
        ...


@dataclass(frozen=True)
class MitigatedRun(ShotRun, ABC):
    """The options of shots with errors."""

    readout_mitigation: str = field(default="none", kw_only=True)  # or tensored, or full (of at most 10 qubits)
    calibration_shots: int | None = field(default=None, kw_only=True)  # of each state that is read; None: n_shots
    noise_factors: tuple[float, ...] = field(default=(), kw_only=True)  # 3 to 5, the first 1; (): no extrapolation
    extrapolation: str = field(default="linear", kw_only=True)  # or richardson, or exponential

    def __post_init__(self) -> None:
        super().__post_init__()
        check_readout_mitigation(self.readout_mitigation)
        check_noise_factors(self.noise_factors, self.extrapolation)
        if self.calibration_shots is not None and not 1 <= self.calibration_shots <= MOST_SHOTS:
            raise InputError(
                f"calibration_shots must lie in 1 to {MOST_SHOTS}, or be left out for n_shots; "
                f"got {self.calibration_shots}."
            )
        if self.calibration_shots is not None and self.readout_mitigation == "none":
            raise InputError("calibration_shots does nothing without readout_mitigation. Choose tensored or full.")
        if self.extrapolation != "linear" and not self.noise_factors:
            raise InputError(f"extrapolation = {self.extrapolation!r} does nothing without noise_factors. Give them.")

    def plan(
        self, n_qubits: int, n_gates_2q: int, fold: Callable[[Folds], object]
    ) -> tuple[list[Folds], Sequence[int]]:
        """How often each two-qubit gate is folded, for each factor, and which basis states are read.

        InputError where two factors fold to the same circuit, where `fold`, which folds a circuit, refuses, and where
        there are too many states.
        """
        folds = [folds_of(factor, n_gates_2q) for factor in self.noise_factors or (1.0,)]
        check_different([realised_factor(one) for one in folds])
        for one in folds:
            fold(one)
        states = () if self.readout_mitigation == "none" else prepared_states(self.readout_mitigation, n_qubits)
        return folds, states

    def check_clip(self, trained: Trained, picture: Tensor) -> None:
        """Refuse what only the whole circuit of a clip [1, mel, frame] shows: gates too few to be folded as asked for,
        states too many to be read, a processor that is too small. The network may be untrained."""
        if isinstance(trained.classifier, StateClassifier):
            self.check_circuit(clip_circuit_of(prepare(trained, picture, torch.Generator())))

    @abstractmethod
    def check_circuit(self, whole: ClipCircuit) -> None:
        """Refuse a circuit that cannot be run as the options say."""

    def mitigated(self, machine: Machine, n_clips: int, generator: torch.Generator, notes: Notes) -> Sampled:
        """The shots of all clips on a machine, with their errors taken out as the options say."""
        folds, states = self.plan(machine.n_qubits, machine.n_gates_2q, machine.costs)
        of_each = [machine.shots(one, self.n_shots, generator) for one in folds]
        if states:
            read = machine.read(states, self.calibration_shots or self.n_shots, generator)
            confusion = estimated_confusion(self.readout_mitigation, read)
            of_each = [taken_back(one, confusion) for one in of_each]
        frequencies = of_each[0]
        if self.noise_factors:
            factors = [realised_factor(one) for one in folds]
            frequencies = extrapolated(torch.stack(of_each), factors, self.extrapolation)
        n_reading = len(states) * (self.calibration_shots or self.n_shots)
        n_read = self.n_shots * len(folds) + math.ceil(n_reading / n_clips)
        costs = partial(self._mitigated_costs, machine, folds, states, n_clips, notes)
        return Sampled(frequencies, costs, n_read=n_read)

    def _mitigated_costs(
        self, machine: Machine, folds: list[Folds], states: Sequence[int], n_clips: int, notes: Notes
    ) -> tuple[OperationCounts, dict[str, Any]]:
        plain = machine.costs(folds[0])
        counts = plain.scaled(self.n_shots)
        for one in folds[1:]:
            counts += machine.costs(one).scaled(self.n_shots)
        facts = notes(plain)
        n, n_outcomes = machine.n_qubits, 2**machine.n_qubits
        if states:
            n_reading = self.calibration_shots or self.n_shots
            counts += machine.reading_costs(states).scaled(n_reading / n_clips)
            products = 2 * n * n_outcomes if self.readout_mitigation == "tensored" else n_outcomes**2
            counts += OperationCounts.of("readout", "readout-mitigation", mac_fp32=products * len(folds))
            facts |= {
                "readout_mitigation": self.readout_mitigation,
                "calibration_shots_of_all_clips": n_reading * len(states),
            }
        if self.noise_factors:
            counts += OperationCounts.of("readout", "extrapolation", mac_fp32=n_outcomes * len(folds))
            if self.extrapolation == "exponential":
                counts += OperationCounts.of(
                    "readout",
                    "extrapolation",
                    add_fp32=n * n_outcomes * (len(folds) + 1),
                    transcendental_fp32=n_outcomes * (len(folds) + 1),
                )
            facts |= {"noise_factors": [realised_factor(one) for one in folds], "extrapolation": self.extrapolation}
        return counts, facts
