# quantum/export.py
"""A trained circuit as Qiskit's `QuantumCircuit`, and as OpenQASM 3 text.

What is exported is the circuit behind the state preparation, with its trained angles as numbers. A whole clip's circuit
is `clip_circuit`: its state first, by gates (`prepare_state`), then the circuit, then the measurement of every qubit.
"""

import numpy as np
import torch
from qiskit import QuantumCircuit, qasm3, transpile
from qiskit.circuit import ParameterVector
from torch import Tensor

from quantum.circuits.qiskit_form import measured_circuit, qiskit_circuit
from quantum.classifiers.state_classifier import StateClassifier


def trained_circuit(classifier: StateClassifier, features: Tensor | None = None) -> QuantumCircuit:
    """The circuit of a trained classifier; qubit 0 is the least significant bit of the amplitude index.

    Where its angles follow the clip, those of [feature] features; without them they stay parameters `clip[i]`.
    """
    circuit = classifier.circuit
    weights = circuit.angles.detach().double().cpu().tolist()
    open_angles = list(ParameterVector("clip", circuit.description.n_features))
    return qiskit_circuit(circuit.description, weights, open_angles if features is None else features.tolist())


def trained_measured_circuit(classifier: StateClassifier, features: Tensor | None = None) -> QuantumCircuit:
    """The circuit of a trained classifier that ends in a Fourier transform, with that transform measured (dynamic)."""
    circuit = classifier.circuit
    weights = circuit.angles.detach().double().cpu().tolist()
    open_angles = list(ParameterVector("clip", circuit.description.n_features))
    return measured_circuit(circuit.description, weights, open_angles if features is None else features.tolist())


def clip_circuit(classifier: StateClassifier, state: Tensor, features: Tensor | None = None) -> QuantumCircuit:
    """Everything that a processor runs for one clip, from its state [amplitude] and its features [feature]."""
    circuit = trained_circuit(classifier, features)
    values = state.detach().to(torch.complex128 if state.is_complex() else torch.float64).cpu().numpy()
    whole = QuantumCircuit(circuit.num_qubits)
    whole.prepare_state(values / np.linalg.norm(values), range(circuit.num_qubits))
    whole.compose(circuit, inplace=True)
    whole.measure_all()
    return whole


def openqasm_3(circuit: QuantumCircuit) -> str:
    """OpenQASM 3 in gates that its standard library has; a prepared state is decomposed first."""
    native = transpile(circuit, basis_gates=["u", "cx", "cp", "rz", "ry", "cz", "h", "swap"], optimization_level=0)
    return qasm3.dumps(native)
