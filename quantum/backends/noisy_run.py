# quantum/backends/noisy_run.py
"""What the backends under a machine's noise have in common: the calibration, and what a shot costs on it.

    prepared clips  ->  one circuit, transpiled for the calibration's qubits (`quantum.noise.native`)  ->  shots

A clip's state is prepared by gates, with their noise: real amplitudes by one circuit of multiplexed rotations
(`real_state`), a code by its own. It is transpiled once, and the angles of each clip are bound to it. Gates, seconds,
readout and the repetition delay are those of the calibration; it knows no reset, which takes what
`quantum.machine_time` has.
"""

from abc import abstractmethod
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from classical_baselines.harness.operations import OperationCounts
from quantum.backends.clip_circuit import ClipCircuit, clip_circuit_of
from quantum.backends.shot_options import Sampled, ShotRun
from quantum.backends.states import PreparedClips
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.density import check_density_qubits
from quantum.machine_time import ShotTimes
from quantum.noise.calibration import Calibration
from quantum.noise.machines import calibration_called
from quantum.noise.native import NativeCircuit, best_part, native_circuit_of
from quantum.operations import processor_operations

N_CLIPS = 100  # of a fold


@dataclass(frozen=True)
class NoisyRun(ShotRun):
    """The options of a run under the noise of a calibration."""

    n_clips: int | None = field(default=N_CLIPS, kw_only=True)  # spread over the given clips; None: all
    calibration: str = field(default="ibm-torino", kw_only=True)  # a shipped one by name, or the path of a .json file
    calibration_sha256: str = field(default="", kw_only=True)  # of that file: it brings its content into a cell's key

    def __post_init__(self) -> None:
        super().__post_init__()
        calibration_called(self.calibration, self.calibration_sha256)

    def check_network(self, classifier: Any) -> None:
        """Refuse a circuit with more qubits than a density matrix may have, or than the calibration has."""
        if isinstance(classifier, StateClassifier):
            n_qubits = classifier.circuit.description.n_qubits
            check_density_qubits(n_qubits)
            best_part(self.calibrated(), n_qubits)

    def calibrated(self) -> Calibration:
        """The calibration that is named."""
        return calibration_called(self.calibration, self.calibration_sha256)

    @abstractmethod
    def sampled(
        self, native: NativeCircuit, whole: ClipCircuit, clips: PreparedClips, generator: torch.Generator
    ) -> Sampled:
        """The shots of every clip from the native circuit; `costs` are found by `costs_on`."""

    def sample(self, clips: PreparedClips, generator: torch.Generator) -> Sampled:
        self.check_network(clips.classifier)
        whole = clip_circuit_of(clips)
        native = native_circuit_of(whole.circuit, whole.columns, self.calibrated())
        return self.sampled(native, whole, clips, generator)

    def costs_on(
        self, native: NativeCircuit, notes: dict[str, Any]
    ) -> "partial[tuple[OperationCounts, dict[str, Any]]]":
        """Counts of a clip on the calibrated machine, and what the table says of it besides `notes`."""
        return partial(_costs, native, self.n_shots, notes)


def _costs(native: NativeCircuit, n_shots: int, notes: dict[str, Any]) -> tuple[OperationCounts, dict[str, Any]]:
    part, cost = native.part, native.cost()
    times = ShotTimes(part.repetition_delay_seconds, readout_seconds=part.readout_seconds(range(part.n_qubits)))
    counts = processor_operations(cost, part.n_qubits, n_shots, times=times)
    return counts, {
        "calibration": part.name,
        "calibration_sha256": part.sha256,
        "qubits": [one.label for one in part.qubits],
        "depth": cost.preparation.depth + cost.circuit.depth,
        "preparation_gates_2q": cost.preparation.n_gates_2q,
        "circuit_gates_2q": cost.circuit.n_gates_2q,
        "seconds_per_shot": counts.total("machine_seconds") / n_shots,
        **notes,
    }


def total_variation(probabilities: Tensor, others: Tensor) -> float:
    """Half the sum of absolute differences, its mean over the clips."""
    return float((probabilities - others).abs().sum(1).mean() / 2)
