# quantum/circuits/qiskit_form.py
"""A described circuit as Qiskit's `QuantumCircuit`: what Aer runs, what is exported, and what is counted."""

from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit

from quantum.circuits.circuit import Angle, Circuit


def qiskit_circuit(circuit: Circuit, weights: Sequence[Any] = (), features: Sequence[Any] = ()) -> QuantumCircuit:
    """Its gates; no state preparation, no measurement. Weights and features in radians, as numbers or as parameters of
    Qiskit that are bound later."""
    if len(weights) != circuit.n_weights or len(features) != circuit.n_features:
        raise ValueError(
            f"The circuit has {circuit.n_weights} weights and {circuit.n_features} features; "
            f"got {len(weights)} and {len(features)}."
        )

    def value(angle: Angle) -> Any:
        followed: Any = 0.0
        if angle.weight is not None:
            followed = weights[angle.weight]
        elif angle.feature is not None:
            followed = features[angle.feature]
        return angle.offset + angle.scale * followed

    made = QuantumCircuit(circuit.n_qubits)
    for gate in circuit.gates:
        angles = [] if gate.angle is None else [value(gate.angle)]
        getattr(made, gate.name)(*angles, *gate.qubits)
    return made
