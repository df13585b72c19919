# quantum/backends/aer_shots.py
"""Qiskit Aer in shots: every clip's circuit sampled as a quantum processor would be, and paid as one.

The shots are drawn by Aer from seeds that descend from the generator, one per job. What is counted, and how the logits
come of it, is that of all backends in shots (`shot_options.py`).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from classical_baselines.harness.operations import OperationCounts
from quantum.backends.aer_circuits import (
    PATH,
    AerMethod,
    aer_simulator,
    check_aer,
    frequencies_of,
    native_circuit,
    results_of_clips,
)
from quantum.backends.clip_circuit import clip_circuit_of
from quantum.backends.shot_options import ShotOptions
from quantum.backends.states import PreparedClips


@dataclass(frozen=True)
class AerShots(AerMethod, ShotOptions):
    """The options of shots that Aer samples."""

    method: str = "statevector"  # or density_matrix, or matrix_product_state
    bond_dimension: int | None = None  # the largest of a matrix_product_state; None: all that the state has

    def __post_init__(self) -> None:
        super().__post_init__()
        check_aer(self.method, self.device, self.bond_dimension)

    def costs(self, clips: PreparedClips) -> tuple[OperationCounts, dict[str, Any]]:
        counts, notes = super().costs(clips)
        return counts, notes | {"aer_method": self.method, "aer_path": PATH}

    def frequencies(self, clips: PreparedClips, generator: torch.Generator) -> Tensor:
        simulator = aer_simulator(self.method, self.device, self.bond_dimension)
        whole = clip_circuit_of(clips)
        native = native_circuit(whole.circuit, simulator)
        native.measure_all()
        results = results_of_clips(native, whole, simulator, shots=self.n_shots, generator=generator)
        return frequencies_of(results, native.num_qubits)
