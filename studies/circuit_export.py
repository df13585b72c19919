# studies/circuit_export.py
"""The circuit of one clip of a trained system, as OpenQASM 3 text that any tool for circuits reads.

    cell -> weights of the store -> a validation clip -> preparation by gates, trained circuit, measurement -> text

It is the circuit that the backends run (`quantum.backends.clip_circuit`), with the angles of that clip. Before it is
written it is run by Qiskit, and its outcome probabilities are held against those of the engine. Validation clips only:
no look is opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from qiskit.quantum_info import Statevector
from torch import Tensor

from classical_baselines.harness.choices import InputError
from quantum.backends.clip_circuit import clip_circuit_of
from quantum.backends.states import engine_probabilities, prepare
from quantum.classifiers.state_classifier import StateClassifier
from quantum.export import in_standard_gates, openqasm_3
from studies.cell import StudyCell
from studies.pipeline import trained_bench
from studies.specification import Study

LARGEST_DIFFERENCE = 1e-10  # of an outcome probability; both sides compute in double precision


class NotEqualError(Exception):
    """A circuit that Qiskit gives other outcomes than the engine."""


@dataclass(frozen=True)
class ExportedCircuit:
    """One clip's circuit."""

    text: str
    clip: str
    n_qubits: int
    n_gates: Mapping[str, int]
    largest_difference: float  # of an outcome probability, Qiskit's from the engine's


def exported_circuit(
    study: Study, cell: StudyCell, weights: Mapping[str, Tensor], data_root: Path | None, clip: int
) -> ExportedCircuit:
    """The circuit of validation clip number `clip`, from 0; NotEqualError where Qiskit finds other outcomes."""
    bench, trained = trained_bench(study, cell, weights, data_root)
    if not isinstance(trained.classifier, StateClassifier):
        raise InputError(f"{cell.system} has no circuit of a whole clip to export. Choose a system with one circuit.")
    validation = bench.fold.validation
    if not 0 <= clip < len(validation):
        raise InputError(
            f"--clip {clip}: the fold {cell.fold} has the validation clips 0 to {len(validation) - 1}. Choose one."
        )
    row = validation[clip]
    clips = prepare(trained, bench.intensity[[row]], torch.Generator().manual_seed(cell.seed))
    circuit = clip_circuit_of(clips).of_clip(0)
    native = in_standard_gates(circuit)
    found = Statevector(native.remove_final_measurements(inplace=False)).probabilities()
    difference = float(np.abs(found - engine_probabilities(clips)[0].numpy()).max())
    if difference > LARGEST_DIFFERENCE:
        raise NotEqualError(f"Qiskit's outcome probabilities of the circuit are {difference:.2g} from the engine's.")
    gates = {name: n for name, n in native.count_ops().items() if name not in ("barrier", "measure")}
    return ExportedCircuit(openqasm_3(native), bench.clips.names[row], circuit.num_qubits, gates, difference)
