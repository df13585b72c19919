# studies/circuit_export.py
"""The circuit of one clip of a trained system, as OpenQASM 3 text that any tool for circuits reads.

    cell -> weights of the store -> a validation clip -> preparation by gates, trained circuit, measurement -> text

It is the circuit that the backends run (`quantum.backends.clip_circuit`), with the angles of that clip. Before it is
written it is run by Qiskit, and its outcome probabilities are held against those of the engine. Validation clips only:
no look is opened.

With the last Fourier transform measured (`quantum.circuits.measured_fourier`) it is a dynamic circuit, as the backend
`aer-measured-fourier` runs it, but behind a preparation by gates. Its outcomes are those of the circuit in which every
phase that waits for a bit is controlled by the qubit that the bit was read from (deferred measurement: nothing acts on
a qubit behind its readout but as a control), and that one is held against the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import IfElseOp
from qiskit.quantum_info import Statevector
from torch import Tensor

from classical_baselines.harness.choices import InputError
from quantum.backends.clip_circuit import clip_circuit_of
from quantum.backends.states import PreparedClips, engine_probabilities, preparation_by_gates, prepare
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.classifiers.circuits_of import built_by
from quantum.classifiers.layers_around_fourier import LayersAroundFourier
from quantum.classifiers.state_classifier import StateClassifier
from quantum.export import STANDARD_GATES, in_standard_gates, openqasm_3, trained_measured_circuit
from studies.cell import StudyCell
from studies.pipeline import trained_bench
from studies.registries import build
from studies.specification import Study, System

LARGEST_DIFFERENCE = 1e-10  # of an outcome probability; both sides compute in double precision


class NotEqualError(Exception):
    """A circuit that Qiskit gives other outcomes than the engine."""


@dataclass(frozen=True)
class ExportedCircuit:
    """One clip's circuit."""

    text: str
    clip: str
    n_qubits: int
    n_gates: Mapping[str, int]  # of a dynamic circuit `if_else` too: phases that wait for a bit
    largest_difference: float  # of an outcome probability, Qiskit's from the engine's


def check_has_circuit(system: System, measured: bool) -> None:
    """Refuse a system without one circuit for a clip, or one whose circuit does not end in a transform to measure,
    before its recordings are read."""
    options = build("classifier", system.classifier)
    if not issubclass(built_by(options), StateClassifier):
        raise InputError(
            f"{system.name} has no circuit of a whole clip to export: {system.classifier.name} runs many for a clip, "
            "or none. Choose a system with one circuit."
        )
    if not measured:
        return
    ends_in_transform = (
        isinstance(options, LayersAroundFourier)
        and options.fourier
        and options.random_unitary is None
        and options.n_layers_after == 0
    )
    if not ends_in_transform:
        raise InputError(
            f"--measured: the circuit of {system.name} does not end in a Fourier transform. Choose a system with "
            "n_layers_after = 0, fourier on and no random_unitary, or leave --measured out."
        )


def exported_circuit(
    study: Study,
    cell: StudyCell,
    weights: Mapping[str, Tensor],
    data_root: Path | None,
    clip: int,
    *,
    measured: bool = False,
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
    if measured:
        native = _dynamic_circuit(clips)
        found = _outcomes(native)
    else:
        native = in_standard_gates(clip_circuit_of(clips).of_clip(0))
        found = Statevector(native.remove_final_measurements(inplace=False)).probabilities()
    difference = float(np.abs(found - engine_probabilities(clips)[0].numpy()).max())
    if difference > LARGEST_DIFFERENCE:
        raise NotEqualError(f"Qiskit's outcome probabilities of the circuit are {difference:.2g} from the engine's.")
    gates = {name: n for name, n in native.count_ops().items() if name not in ("barrier", "measure")}
    return ExportedCircuit(openqasm_3(native), bench.clips.names[row], native.num_qubits, gates, difference)


def _dynamic_circuit(clips: PreparedClips) -> QuantumCircuit:
    """Preparation by gates, barrier, trained circuit with its last transform measured, of the one clip; in gates of
    OpenQASM's own library."""
    preparation, angles = preparation_by_gates(clips)
    features = None if clips.features is None else clips.features[0]
    behind = trained_measured_circuit(clips.classifier, features)
    made = QuantumCircuit(*behind.qregs, *behind.cregs)
    made.compose(qiskit_circuit(preparation, (), angles[0].tolist()), inplace=True)
    made.barrier()
    made.compose(behind, inplace=True)
    return transpile(made, basis_gates=[*STANDARD_GATES, "p", "if_else"], optimization_level=0)


def _outcomes(dynamic: QuantumCircuit) -> NDArray[np.float64]:
    """[outcome], by deferred measurement: of each bit the qubit that it is read from, a phase that waits for the bit
    controlled by that qubit, and all probabilities taken at the end."""
    unitary = QuantumCircuit(dynamic.num_qubits)
    read: dict[Any, int] = {}  # of a bit, the qubit
    for instruction in dynamic.data:
        operation = instruction.operation
        qubits = [dynamic.find_bit(qubit).index for qubit in instruction.qubits]
        if operation.name == "measure":
            read[instruction.clbits[0]] = qubits[0]
        elif isinstance(operation, IfElseOp):
            bit, wanted = operation.condition
            (block,) = operation.blocks
            if not wanted:
                raise AssertionError("a phase waits for a bit that is 1")
            for inner in block.data:
                target = [qubits[block.find_bit(qubit).index] for qubit in inner.qubits]
                unitary.append(inner.operation.control(1), [read[bit], *target])
        else:
            unitary.append(operation, qubits)
    by_bit = sorted(read, key=lambda bit: dynamic.find_bit(bit).index)
    return Statevector(unitary).probabilities([read[bit] for bit in by_bit])
