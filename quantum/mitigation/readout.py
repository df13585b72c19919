# quantum/mitigation/readout.py
"""Readout mitigation: basis states are prepared and read, and the confusion that they show is taken back.

    read         [prepared, outcome]      relative frequencies, one row for each basis state that was prepared
    confusion    [outcome, prepared]      "full": 2**n basis states are prepared; whatever their errors have in common
                 [qubit, read, prepared]  "tensored": two are, all qubits in 0 and all in 1; errors of different qubits
                                          are taken as independent
    frequencies  [clip, outcome]          of the clips' shots in, confusion taken back out

What comes out sums to 1 and may be negative at an outcome: a quasi-probability. It is kept so, since every sum that the
readout makes of it is then an unbiased estimate, given the confusion; making it positive would bias all of them. It
costs variance: of a qubit that is read wrong with probability e either way, Z scatters by a factor of 1 / (1 - 2 e).

The preparation of a basis state has errors of its own, of up to n gates X, which are taken for the readout's.
Maciejewski, Zimboras & Oszmaniec, Quantum 4, 257 (2020), arXiv 1907.08518; Bravyi et al., PRA 103, 042605 (2021), arXiv
2006.14044, section III.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError, choose
from quantum.noise.readout import confused

KINDS = ("none", "tensored", "full")
MOST_QUBITS = 10  # of "full": 2**10 circuits, and a matrix of 8 MiB
SMALLEST_PIVOT = 1e-3  # a confusion nearer to a coin's toss is not taken back: shots would not bear it


def check_readout_mitigation(kind: str) -> None:
    """Refuse a kind that has no name here."""
    choose({name: name for name in KINDS}, kind, what="readout mitigation")


def prepared_states(kind: str, n_qubits: int) -> tuple[int, ...]:
    """The basis states that are prepared and read; bit i is qubit i.

    >>> prepared_states("tensored", 3), prepared_states("full", 2)
    ((0, 7), (0, 1, 2, 3))
    """
    if kind == "tensored":
        return 0, 2**n_qubits - 1
    if n_qubits > MOST_QUBITS:
        raise InputError(
            f"Full readout mitigation of {n_qubits} qubits prepares 2**{n_qubits} states; at most {MOST_QUBITS} qubits "
            "are. Choose tensored."
        )
    return tuple(range(2**n_qubits))


def estimated_confusion(kind: str, read: Tensor) -> Tensor:
    """The confusion from the frequencies [prepared, outcome] of `prepared_states`."""
    if kind == "full":
        return read.double().T
    n_qubits = int(read.shape[1]).bit_length() - 1
    outcomes = torch.arange(read.shape[1])
    bits = ((outcomes[:, None] >> torch.arange(n_qubits)) & 1).double()  # [outcome, qubit]
    ones = read.double() @ bits  # [prepared, qubit]: how often it was read as 1
    return torch.stack([1 - ones, ones]).permute(2, 0, 1)


def taken_back(frequencies: Tensor, confusion: Tensor) -> Tensor:
    """[clip, outcome] quasi-probabilities, which the confusion would have turned into these frequencies.

    Raises InputError where what was read hardly depends on what was prepared.
    """
    frequencies = frequencies.double()
    smallest = float(torch.linalg.svdvals(confusion).min())
    if smallest < SMALLEST_PIVOT:
        raise InputError(
            f"What is read hardly depends on what was prepared (smallest singular value {smallest:.2g}), so the "
            "confusion cannot be taken back. Give more calibration_shots, choose tensored, or leave the mitigation out."
        )
    if confusion.dim() == 3:
        return confused(frequencies, torch.linalg.inv(confusion))
    return torch.linalg.solve(confusion, frequencies.T).T


def basis_state_gates(state: int, n_qubits: int) -> Sequence[int]:
    """The qubits that a gate X turns to prepare it."""
    return [qubit for qubit in range(n_qubits) if state >> qubit & 1]
