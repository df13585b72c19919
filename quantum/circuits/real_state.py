# quantum/circuits/real_state.py
"""Exact preparation of any real state: one circuit for all states of n qubits, whose angles are found per clip.

    states     [batch, amplitude]   real, unit norm, of both signs
    angles     [batch, feature]     radians; 2**n - 1 features of the circuit

From the most significant qubit down, each qubit is turned by an angle for every value of the qubits above it, so that
|0...0> splits into the wanted moduli; the last qubit's angles carry the signs. A qubit with k above it is a multiplexed
rotation of 2**k - 1 CZ, and the whole takes 2**n - n - 1, as many as Qiskit's `prepare_state`; but this circuit is the
same for every clip, so it is transpiled once and its angles are bound.

Mottonen, Vartiainen, Bergholm & Salomaa, Quantum Inf. Comput. 5, 467 (2005), arXiv quant-ph/0407010. There each
multiplexed rotation ends in a two-qubit gate between its target and the most significant qubit. These are diagonal,
and all that follows only reads their qubits, so they may stand at the very end; there they change known signs of the
state, and the circuit is given the angles of the state with those signs instead.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from quantum.circuits.circuit import Circuit, Gate
from quantum.circuits.multiplexed import gray_features, multiplexed_rotation


@lru_cache(maxsize=32)
def real_state_circuit(n_qubits: int) -> Circuit:
    """The circuit that prepares every real state of `n_qubits` from |0...0>."""
    return Circuit(n_qubits, real_state_gates(range(n_qubits), 0))


def real_state_gates(qubits: Sequence[int], first_feature: int) -> tuple[Gate, ...]:
    """Its gates on some qubits, least significant first, with features from `first_feature` on."""
    gates: list[Gate] = []
    for n_above in range(len(qubits)):
        place = len(qubits) - 1 - n_above
        first = first_feature + 2**n_above - 1
        gates += multiplexed_rotation("ry", qubits[place], qubits[place + 1 :], first, last=False)
    return tuple(gates)


def real_state_angles(states: Tensor) -> Tensor:
    """The features of `real_state_circuit` for [batch, amplitude] real states, in their precision.

    A row need not have unit norm, which the angles do not see; a row of zeros gives |0...0>.
    Raises ValueError for states that are complex or do not fill qubits.
    """
    n_qubits = states.shape[-1].bit_length() - 1
    if states.is_complex() or states.dim() != 2 or n_qubits < 1 or states.shape[1] != 2**n_qubits:
        raise ValueError(
            f"States must be real [batch, 2**n], n >= 1; got {list(states.shape)} of {states.dtype}. "
            "A complex state is prepared by the circuit of its code."
        )
    children = states * _signs_of_last_gates(n_qubits).to(states)
    found: list[Tensor] = []
    while children.shape[-1] > 1:
        zero, one = children.unflatten(-1, (-1, 2)).unbind(-1)
        found.append(gray_features(2 * torch.atan2(one, zero)))
        children = torch.hypot(zero, one)
    return torch.cat(found[::-1], 1)


def _signs_of_last_gates(n_qubits: int) -> Tensor:
    """[amplitude]: the product of CZ between the most significant qubit and each other one."""
    index = torch.arange(2**n_qubits)
    ones_below = sum((index >> qubit) & 1 for qubit in range(n_qubits - 1))
    return 1 - 2 * ((index >> (n_qubits - 1)) * ones_below % 2)
