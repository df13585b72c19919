# quantum/circuits/gates.py
"""The circuit of a description as Qiskit gates: what Aer runs, what is exported, and what is counted."""

from qiskit import QuantumCircuit
from torch import Tensor

from quantum.circuits.description import CircuitDescription
from quantum.circuits.qft import qft_circuit


def variational_circuit(description: CircuitDescription, angles: Tensor) -> QuantumCircuit:
    """The circuit with angles [layer, qubit, 2] in radians, (rz, ry); no state preparation, no measurement."""
    circuit = QuantumCircuit(description.n_qubits)
    values = angles.detach().double().cpu().tolist()
    for layer in range(description.n_layers + 1):
        if layer == description.n_layers_before and description.fourier_register is not None:
            first, n_register = description.fourier_register
            circuit.compose(qft_circuit(n_register), range(first, first + n_register), inplace=True)
        if layer == description.n_layers:
            break
        for qubit, (rz, ry) in enumerate(values[layer]):
            circuit.rz(rz, qubit)
            circuit.ry(ry, qubit)
        for control, target in description.pairs:
            if description.entangler == "cx-ring":
                circuit.cx(control, target)
            else:
                circuit.cz(control, target)
    return circuit
