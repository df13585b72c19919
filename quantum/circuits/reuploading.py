# quantum/circuits/reuploading.py
"""The circuit of data re-uploading: the clip's features turn the qubits again in every layer, between trained angles.

    layer    on each qubit RZ and RY, each by a trained angle plus a feature of the clip; then a ring of two-qubit gates

Pérez-Salinas, Cervera-Lierta, Gil-Fuster & Latorre, Quantum 4, 226 (2020), arXiv 1907.02085: U(theta + w x) in layers,
where a clip has more values than a gate has angles, spread over several gates. The factors w are the classifier's
(`quantum/classifiers/data_reuploading.py`). Of the three angles of their U the last, another RZ, is left to the next
layer's first.
The feature of the gate number g (two per qubit and layer) is g.
"""

from functools import lru_cache

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Angle, Circuit, Gate, Operation
from quantum.circuits.description import ENTANGLERS, ring_pairs
from quantum.engine.amplitudes import MAX_QUBITS

ROTATIONS_OF_A_QUBIT = ("rz", "ry")


@lru_cache(maxsize=64)
def reuploading_circuit(n_qubits: int, n_layers: int, entangler: str = "cz-ring") -> Circuit:
    """Its operations; it acts on |0...0>, has as many weights as features, and gate g adds feature g to weight g."""
    if not 1 <= n_qubits <= MAX_QUBITS:
        raise InputError(f"n_qubits must lie in 1 to {MAX_QUBITS}; got {n_qubits}.")
    if entangler not in ENTANGLERS:
        raise InputError(f"No entangler is called {entangler!r}. Choose one of: {', '.join(ENTANGLERS)}.")
    operations: list[Operation] = []
    number = 0
    for layer in range(n_layers):
        for qubit in range(n_qubits):
            for name in ROTATIONS_OF_A_QUBIT:
                operations.append(Gate(name, (qubit,), Angle(weight=number)))
                operations.append(Gate(name, (qubit,), Angle(feature=number)))
                number += 1
        if entangler != "none" and layer + 1 < n_layers:  # a ring of CZ before the measurement would change nothing
            operations += [Gate(entangler.removesuffix("-ring"), pair) for pair in ring_pairs(n_qubits)]
    return Circuit(n_qubits, tuple(operations))
