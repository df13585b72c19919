# quantum/backends/noisy_run.py
"""What the backends under a machine's noise have in common: the calibration, and what a shot costs on it.

    prepared clips  ->  one circuit, transpiled for the calibration's qubits (`quantum.noise.native`)  ->  shots

A clip's state is prepared by gates, with their noise: real amplitudes by one circuit of multiplexed rotations
(`real_state`), a code by its own. It is transpiled once, and the angles of each clip are bound to it. Gates, seconds,
readout and the repetition delay are those of the calibration; it knows no reset, which takes what
`quantum.machine_time` has.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from classical_baselines.harness.operations import OperationCounts
from quantum.backends.clip_circuit import ClipCircuit, clip_circuit_of
from quantum.backends.mitigated_run import Folds, MitigatedRun
from quantum.backends.shot_options import Sampled
from quantum.backends.states import PreparedClips
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.density import check_density_qubits
from quantum.machine_time import ShotTimes
from quantum.mitigation.folding import n_two_qubit_gates
from quantum.mitigation.native_circuits import basis_states_of, folded
from quantum.noise.calibration import Calibration
from quantum.noise.machines import calibration_called
from quantum.noise.native import NativeCircuit, best_part, native_circuit_of
from quantum.noise.target import check_basis
from quantum.operations import processor_operations
from quantum.transpiled import COUNTED_PATH

N_CLIPS = 100  # of a fold


@dataclass(frozen=True)
class NoisyRun(MitigatedRun):
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
            n_qubits = classifier.circuit.structure.n_qubits
            check_density_qubits(n_qubits)
            check_basis(best_part(self.calibrated(), n_qubits))

    def check_circuit(self, whole: ClipCircuit) -> None:
        """Refuse one whose gates cannot be folded, or whose readout cannot be mitigated, as asked for."""
        if self.noise_factors or self.readout_mitigation != "none":
            native = native_circuit_of(whole.circuit, whole.columns, self.calibrated())
            self.plan(native.part.n_qubits, n_two_qubit_gates(native.qiskit), partial(folded, native))

    def calibrated(self) -> Calibration:
        """The calibration that is named."""
        return calibration_called(self.calibration, self.calibration_sha256)

    @abstractmethod
    def sampled(
        self, native: NativeCircuit, whole: ClipCircuit, clips: PreparedClips, generator: torch.Generator
    ) -> Sampled:
        """The shots of every clip from the native circuit, by a `NativeMachine`."""

    def sample(self, clips: PreparedClips, generator: torch.Generator) -> Sampled:
        self.check_network(clips.classifier)
        whole = clip_circuit_of(clips)
        native = native_circuit_of(whole.circuit, whole.columns, self.calibrated())
        return self.sampled(native, whole, clips, generator)


@dataclass(frozen=True, eq=False)
class NativeMachine(ABC):
    """A calibrated machine that is simulated, with the clips' circuit in its gates: a `Machine`."""

    native: NativeCircuit
    whole: ClipCircuit

    @abstractmethod
    def draw(self, native: NativeCircuit, n_shots: int, generator: torch.Generator) -> Tensor:
        """[clip, outcome] relative frequencies, readout errors among them, of the clips in this circuit."""

    @abstractmethod
    def draw_each(self, natives: Sequence[NativeCircuit], n_shots: int, generator: torch.Generator) -> Tensor:
        """[circuit, outcome], of circuits that read no features."""

    @property
    def n_qubits(self) -> int:
        return self.native.part.n_qubits

    @property
    def n_gates_2q(self) -> int:
        return n_two_qubit_gates(self.native.qiskit)

    def shots(self, folds: Folds, n_shots: int, generator: torch.Generator) -> Tensor:
        return self.draw(self._folded(folds), n_shots, generator)

    def read(self, states: Sequence[int], n_shots: int, generator: torch.Generator) -> Tensor:
        return self.draw_each(basis_states_of(self.native, states), n_shots, generator)

    def costs(self, folds: Folds) -> OperationCounts:
        return processor_operations(self._folded(folds).cost(), self.n_qubits, 1, times=self._times)

    def reading_costs(self, states: Sequence[int]) -> OperationCounts:
        counts = OperationCounts()
        for circuit in basis_states_of(self.native, states):
            cost = circuit.cost().circuit
            counts += OperationCounts.of(
                "readout",
                "readout-calibration",
                gates_1q=cost.n_gates_1q,
                measurements=self.n_qubits,
                shots=1,
                machine_seconds=cost.seconds + sum(self._times.parts.values()),
            )
        return counts

    def notes(self, of_a_shot: OperationCounts) -> dict[str, Any]:
        """What the table says, from the counts of one shot."""
        part, cost = self.native.part, self.native.cost()
        return {
            "calibration": part.name,
            "calibration_sha256": part.sha256,
            "counted_path": COUNTED_PATH,
            "qubits": [one.label for one in part.qubits],
            "depth": cost.preparation.depth + cost.circuit.depth,
            "preparation_gates_2q": cost.preparation.n_gates_2q,
            "circuit_gates_2q": cost.circuit.n_gates_2q,
            "seconds_per_shot": of_a_shot.total("machine_seconds"),
        }

    @property
    def _times(self) -> ShotTimes:
        part = self.native.part
        return ShotTimes(part.repetition_delay_seconds, readout_seconds=part.readout_seconds(range(part.n_qubits)))

    def _folded(self, folds: Folds) -> NativeCircuit:
        return folded(self.native, folds) if any(folds) else self.native


def total_variation(probabilities: Tensor, others: Tensor) -> float:
    """Half the sum of absolute differences, its mean over the clips."""
    return float((probabilities - others).abs().sum(1).mean() / 2)
