# quantum/noise/readout.py
"""The confusion of readout: with which probability a qubit in |0> is read as 1, and one in |1> as 0.

    confusion       [qubit, read, prepared]   each column sums to 1
    probabilities   [batch, outcome]          of a measurement without errors in, of what is read out

Errors of different qubits are independent, as Aer's single-qubit `ReadoutError` has them, so the 2**n x 2**n matrix is
a Kronecker product and is never written out: each qubit's 2 x 2 acts on its own bit of the outcome.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from quantum.noise.calibration import Calibration


def confusion_of(calibration: Calibration, qubits: Sequence[int]) -> Tensor:
    """[qubit, read, prepared], float64: of the machine's `qubits`, in the order of the outcome's bits from bit 0 up."""
    rows = []
    for qubit in qubits:
        values = calibration.qubits[qubit]
        rows.append(
            [[1 - values.p1_given_0, values.p0_given_1], [values.p1_given_0, 1 - values.p0_given_1]],
        )
    return torch.tensor(rows, dtype=torch.float64)


def confused(probabilities: Tensor, confusion: Tensor) -> Tensor:
    """What is read where `probabilities` would be without errors; a matrix that is an inverse undoes it."""
    n_qubits = len(confusion)
    if probabilities.shape[-1] != 2**n_qubits:
        raise ValueError(f"{n_qubits} qubits have {2**n_qubits} outcomes; got {probabilities.shape[-1]}.")
    values = probabilities
    for qubit, matrix in enumerate(confusion.to(probabilities)):
        split = values.unflatten(-1, (-1, 2, 2**qubit))  # bit `qubit` of the outcome is the middle axis
        values = (matrix @ split).flatten(-3)
    return values
