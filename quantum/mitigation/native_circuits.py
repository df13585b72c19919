# quantum/mitigation/native_circuits.py
"""What mitigation runs beside a circuit on a calibrated machine: the same with gates folded, and basis states read."""

from collections.abc import Sequence
from dataclasses import replace

from qiskit import QuantumCircuit

from quantum.mitigation.folding import folded_circuit
from quantum.mitigation.readout import basis_state_gates
from quantum.noise.native import NativeCircuit, NativeGate, transpiled_for


def basis_states_of(native: NativeCircuit, states: Sequence[int]) -> list[NativeCircuit]:
    """Circuits that prepare basis states, by X gates, on the qubits that a native circuit is read from; bit i of a
    state is bit i of the outcome. They read no features."""
    circuits = []
    for state in states:
        circuit = QuantumCircuit(native.part.n_qubits)
        for qubit in basis_state_gates(state, native.part.n_qubits):
            circuit.x(qubit)
        circuit.measure_all()
        circuits.append(circuit)
    return transpiled_for(native.part, circuits, {}, list(native.measured))


def folded(native: NativeCircuit, folds: Sequence[int]) -> NativeCircuit:
    """The circuit with gate i of its two-qubit gates, in their order, folded `folds[i]` times (`folding.py`)."""
    gates: list[NativeGate] = []
    n_preparation = number = 0
    for place, gate in enumerate(native.gates):
        n_preparation = len(gates) if place == native.n_preparation else n_preparation
        gates.append(gate)
        if len(gate.qubits) == 2:
            gates += [_inverse(gate), gate] * folds[number]
            number += 1
    if native.n_preparation == len(native.gates):
        n_preparation = len(gates)
    qiskit = folded_circuit(native.qiskit, folds, native.part.basis)
    return replace(native, gates=tuple(gates), n_preparation=n_preparation, qiskit=qiskit)


def _inverse(gate: NativeGate) -> NativeGate:
    """Of a two-qubit gate: it turns back by its angle, and without one undoes itself (cx, cz, ecr)."""
    return replace(
        gate, offset=-gate.offset, coefficients=tuple((feature, -value) for feature, value in gate.coefficients)
    )
