# quantum/circuits/qiskit_form.py
"""A described circuit as Qiskit's `QuantumCircuit`: what Aer runs, what is exported, and what is counted."""

from collections.abc import Sequence

from qiskit import QuantumCircuit

from quantum.circuits.circuit import Angle, Circuit


def qiskit_circuit(circuit: Circuit, weights: Sequence[float] = (), features: Sequence[float] = ()) -> QuantumCircuit:
    """Its gates with the angles as numbers; no state preparation, no measurement. Weights and features in radians."""
    if len(weights) != circuit.n_weights or len(features) != circuit.n_features:
        raise ValueError(
            f"The circuit has {circuit.n_weights} weights and {circuit.n_features} features; "
            f"got {len(weights)} and {len(features)}."
        )

    def value(angle: Angle) -> float:
        followed = 0.0
        if angle.weight is not None:
            followed = float(weights[angle.weight])
        elif angle.feature is not None:
            followed = float(features[angle.feature])
        return angle.offset + angle.scale * followed

    made = QuantumCircuit(circuit.n_qubits)
    for gate in circuit.gates:
        angles = [] if gate.angle is None else [value(gate.angle)]
        getattr(made, gate.name)(*angles, *gate.qubits)
    return made
