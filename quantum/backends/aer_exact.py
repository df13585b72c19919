# quantum/backends/aer_exact.py
"""Qiskit Aer without shots: the exact outcome probabilities of every clip's circuit, compared with the engine's.

    aer-exact            state vector, on the device asked for
    aer-gpu              state vector on a GPU; refused where Aer sees none
    aer-density-matrix   density matrix, of at most 10 qubits
    aer-mps              matrix product state on the CPU, of all bond dimensions or of a largest one

Check `aer-equality`: the largest difference of an outcome probability between Aer and the engine, over all clips.
A matrix product state whose bond dimension is limited is an approximation, so there the difference is a note.

The counts are of what Aer does, the preparation by gates among it (`aer_operations.py`). As with all exact states there
are no shots, and a quantum processor is charged nothing that could be called a price.
"""

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from torch import Tensor

from classical_baselines.harness.contracts import Check, Outcome, Trained
from quantum.backends.aer_circuits import (
    PATH,
    AerMethod,
    aer_simulator,
    check_aer,
    native_circuit,
    results_of_clips,
)
from quantum.backends.aer_operations import gatewise_operations
from quantum.backends.clip_circuit import ClipCircuit, clip_circuit_of
from quantum.backends.states import (
    check_n_clips,
    engine_probabilities,
    exhibits_of,
    logits_of,
    notes_of,
    prepare,
    spread_clips,
)
from quantum.classifiers.state_classifier import StateClassifier

LARGEST_DIFFERENCE = 1e-10  # of an outcome probability; both sides compute in double precision


@dataclass(frozen=True)
class AerExact(AerMethod):
    """The options of Aer without shots."""

    runs: ClassVar[type[Any]] = StateClassifier
    device: str = "auto"  # auto, cpu or gpu
    n_clips: int | None = None  # spread over the given clips; None: all
    method: str = field(init=False, default="statevector")
    bond_dimension: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        check_n_clips(self.n_clips)
        check_aer(self.method, self.device, self.bond_dimension)

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and counts for [batch, mel, frame], with the comparison of Aer and engine."""
        chosen = spread_clips(len(intensity), self.n_clips)
        started = time.perf_counter()
        clips = prepare(trained, intensity if chosen is None else intensity[list(chosen)], generator)
        simulator = aer_simulator(self.method, self.device, self.bond_dimension)
        whole = clip_circuit_of(clips)
        native = native_circuit(whole.circuit, simulator)
        behind = _aer_probabilities(native, whole, simulator)
        logits = logits_of(clips, behind)
        wall_seconds = time.perf_counter() - started
        difference = float((behind - engine_probabilities(clips)).abs().max())
        notes: dict[str, Any] = {"aer_method": self.method, "aer_device": simulator.options.device, "aer_path": PATH}
        checks: tuple[Check, ...] = ()
        if self.bond_dimension is None:
            details = {
                "largest_difference": difference,
                "allowed": LARGEST_DIFFERENCE,
                "n_clips": len(behind),
                "n_probabilities": behind.numel(),
            }
            checks = (Check("aer-equality", difference <= LARGEST_DIFFERENCE, details),)
        else:
            notes |= {"bond_dimension": self.bond_dimension, "largest_difference": difference}
        return Outcome(
            logits=logits,
            counts=clips.encoder_counts
            + clips.classical_counts
            + gatewise_operations(native, self.method, self.bond_dimension)
            + clips.classifier.head.readout.simulation(),
            wall_seconds=wall_seconds,
            checks=checks,
            exhibits=exhibits_of(clips, n_exhibits, behind),
            clip_indices=chosen,
            notes=notes_of(clips) | notes,
        )


def _aer_probabilities(native: QuantumCircuit, whole: ClipCircuit, simulator: AerSimulator) -> Tensor:
    """[clip, outcome], float64."""
    read = native.copy()
    read.save_probabilities()
    rows = [torch.from_numpy(data["probabilities"]) for data in results_of_clips(read, whole, simulator, shots=1)]
    return torch.stack(rows)


@dataclass(frozen=True)
class AerDensityMatrix(AerExact):
    """The options of Aer's density matrix."""

    method: str = field(init=False, default="density_matrix")


@dataclass(frozen=True)
class AerGpu(AerExact):
    """The options of Aer's state vector on a GPU."""

    device: str = field(init=False, default="gpu")


@dataclass(frozen=True)
class AerMps(AerExact):
    """The options of Aer's matrix product state."""

    device: str = field(init=False, default="cpu")
    method: str = field(init=False, default="matrix_product_state")
    bond_dimension: int | None = None  # the largest; None: all that the state has
