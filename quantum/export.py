# quantum/export.py
"""A trained circuit as Qiskit's `QuantumCircuit`, and a circuit as OpenQASM 3 text.

`trained_circuit` is what stands behind the state preparation, with its trained angles as numbers. A whole clip's
circuit, with its preparation, is that of the backends: `quantum.backends.clip_circuit`.
"""

from qiskit import QuantumCircuit, qasm3, transpile
from qiskit.circuit import ParameterVector
from torch import Tensor

from quantum.circuits.qiskit_form import measured_circuit, qiskit_circuit
from quantum.classifiers.state_classifier import StateClassifier

STANDARD_GATES = ("u", "cx", "cp", "rz", "ry", "cz", "h", "swap")  # of OpenQASM's own library, stdgates.inc


def trained_circuit(classifier: StateClassifier, features: Tensor | None = None) -> QuantumCircuit:
    """The circuit of a trained classifier; qubit 0 is the least significant bit of the amplitude index.

    Where its angles follow the clip, those of [feature] features; without them they stay parameters `clip[i]`.
    """
    circuit = classifier.circuit
    weights = circuit.angles.detach().double().cpu().tolist()
    open_angles = list(ParameterVector("clip", circuit.structure.n_features))
    return qiskit_circuit(circuit.structure, weights, open_angles if features is None else features.tolist())


def trained_measured_circuit(classifier: StateClassifier, features: Tensor | None = None) -> QuantumCircuit:
    """The circuit of a trained classifier that ends in a Fourier transform, with that transform measured (dynamic)."""
    circuit = classifier.circuit
    weights = circuit.angles.detach().double().cpu().tolist()
    open_angles = list(ParameterVector("clip", circuit.structure.n_features))
    return measured_circuit(circuit.structure, weights, open_angles if features is None else features.tolist())


def in_standard_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same in gates that OpenQASM's standard library has, none of them optimised away."""
    return transpile(circuit, basis_gates=list(STANDARD_GATES), optimization_level=0)


def openqasm_3(circuit: QuantumCircuit) -> str:
    """OpenQASM 3 text of a circuit in gates of its standard library, as `in_standard_gates` gives it."""
    return qasm3.dumps(circuit)
