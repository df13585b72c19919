# quantum/mitigation/folding.py
"""Two-qubit gates of a transpiled circuit folded: G becomes G G^-1 G, so many times as is asked for each."""

from collections.abc import Sequence

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction

from classical_baselines.harness.choices import InputError


def n_two_qubit_gates(circuit: QuantumCircuit) -> int:
    """How many gates can be folded."""
    return sum(map(_is_two_qubit_gate, circuit.data))


def folded_circuit(circuit: QuantumCircuit, folds: Sequence[int], basis: Sequence[str]) -> QuantumCircuit:
    """The circuit with gate i of its two-qubit gates, in their order, folded `folds[i]` times.

    Its gates are kept in the order in which they stand; it must not be optimised again, which would undo the folds.
    Raises InputError where the inverse of a gate is none of the basis.
    """
    made = circuit.copy_empty_like()
    number = 0
    for instruction in circuit.data:
        made.append(instruction)
        if not _is_two_qubit_gate(instruction):
            continue
        if folds[number]:
            inverse = instruction.operation.inverse()
            if inverse.name not in basis:
                raise InputError(
                    f"noise_factors fold two-qubit gates, and the inverse of {instruction.operation.name!r} is no gate "
                    f"of this processor ({', '.join(sorted(basis))}). Leave noise_factors out."
                )
            for _ in range(folds[number]):
                made.append(instruction.replace(operation=inverse))
                made.append(instruction)
        number += 1
    return made


def _is_two_qubit_gate(instruction: CircuitInstruction) -> bool:
    return len(instruction.qubits) == 2 and instruction.operation.name != "barrier"
