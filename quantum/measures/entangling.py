# quantum/measures/entangling.py
"""Entangling capability: the mean Meyer-Wallach measure of a circuit's states at random angles.

    Q        2 (1 - mean over qubits of Tr(rho_q**2)), rho_q the state of one qubit without the others
             0 of a product state, 1 where every qubit is maximally mixed (GHZ)
    Haar     mean (N - 2) / (N + 1) over states drawn from all states alike, N amplitudes

Meyer & Wallach, Journal of Mathematical Physics 43, 4273 (2002), in the form of Brennen, Quantum Information and
Computation 3, 619 (2003); as a capability: Sim et al., arXiv 1905.10876.
"""

import torch
from torch import Tensor

from quantum.circuits.circuit import Circuit
from quantum.measures.random_angles import drawn_angles, states_at


def meyer_wallach(states: Tensor) -> Tensor:
    """[batch] of [batch, amplitude] unit vectors."""
    n_qubits = states.shape[1].bit_length() - 1
    purities = []
    for qubit in range(n_qubits):
        parts = states.reshape(len(states), -1, 2, 2**qubit).movedim(2, 1).flatten(2)  # [batch, value of it, others]
        reduced = parts @ parts.mH
        purities.append(reduced.abs().square().sum((1, 2)))
    return 2 * (1 - torch.stack(purities).mean(0)).clamp_min(0)


def haar_mean(n_qubits: int) -> float:
    """Of states drawn from all states alike.

    >>> haar_mean(1), haar_mean(2)
    (0.0, 0.4)
    """
    n = 2**n_qubits
    return (n - 2) / (n + 1)


def entangling_capability(circuit: Circuit, n_draws: int, generator: torch.Generator) -> float:
    """Of |0...0> behind the circuit at `n_draws` random settings."""
    with torch.no_grad():
        return float(meyer_wallach(states_at(circuit, drawn_angles(circuit, n_draws, generator))).mean())
