# quantum/circuits/qiskit_form.py
"""A described circuit as Qiskit's `QuantumCircuit`: what Aer runs, what is exported, and what is counted."""

from collections.abc import Sequence
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

from quantum.circuits.circuit import Angle, Circuit
from quantum.circuits.measured_fourier import measured_parts, measured_transform


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


def prepared_circuit(preparation: Circuit, trained: QuantumCircuit) -> tuple[QuantumCircuit, list[Parameter]]:
    """Preparation, barrier, trained circuit; and the parameters `preparation[i]`, which the angles of a clip's state
    are bound to once it is transpiled."""
    opened = list(ParameterVector("preparation", preparation.n_features))
    made = qiskit_circuit(preparation, (), opened)
    made.barrier()
    made.compose(trained, inplace=True)
    return made, opened


def measured_circuit(circuit: Circuit, weights: Sequence[Any] = (), features: Sequence[Any] = ()) -> QuantumCircuit:
    """The circuit with every qubit measured, the transforms that end it as measured ones: a dynamic circuit.

    Bit q of the register `meas` is that of the outcome of the unitary circuit with `measure_all`.
    """
    before, transforms = measured_parts(circuit)
    if (before.n_weights, before.n_features) != (circuit.n_weights, circuit.n_features):
        raise AssertionError("a transform has no angles of its own")
    made = qiskit_circuit(before, weights, features)
    bits = ClassicalRegister(circuit.n_qubits, "meas")
    made.add_register(bits)
    steps = [step for transform in transforms for step in measured_transform(transform)]
    for step in steps:
        for bit, angle in step.phases:
            with made.if_test((bits[bit], 1)):
                made.p(angle, step.qubit)
        made.h(step.qubit)
        made.measure(step.qubit, bits[step.bit])
    for qubit in sorted(set(range(circuit.n_qubits)) - {step.qubit for step in steps}):
        made.measure(qubit, bits[qubit])
    return made
