# quantum/noise/channels.py
"""The noise behind a gate, by Kraus operators, composed as Qiskit Aer composes it from a calibration.

    relaxation      of each qubit over the gate's time: amplitude damping by T1, and what T2 adds of dephasing
    depolarising    rho -> (1 - p) rho + p Tr(rho) I / 2**k, before the relaxation

    p = d (error - error of relaxation) / (d F - 1)      d = 2**k, F = 1 - error of relaxation

so that both together have the gate's error, 1 - average fidelity. Where relaxation alone has more, there is no
depolarising; p is at most 4**k / (4**k - 1). As `qiskit_aer.noise.device.models`, at temperature 0.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from quantum.engine.pauli import PAULIS, pauli_strings, placed, transfer_matrix
from quantum.noise.calibration import Calibration


def relaxation_kraus(t1_seconds: float, t2_seconds: float, seconds: float) -> Tensor:
    """[operator, 2, 2] of a qubit that waits; T2 <= 2 T1.

    Nielsen & Chuang (2010), section 8.3.5 and 8.3.6: amplitude damping by 1 - exp(-t / T1), then a phase flip that
    takes the coherence from exp(-t / (2 T1)) to exp(-t / T2).
    """
    damping = -math.expm1(-seconds / t1_seconds)
    kept = math.exp(-seconds / (2 * t1_seconds))  # the root of 1 - damping, without its cancellation
    coherence = math.exp(-seconds / t2_seconds + seconds / (2 * t1_seconds))
    flip = (1 - coherence) / 2
    decay = torch.tensor([[[1, 0], [0, kept]], [[0, math.sqrt(damping)], [0, 0]]], dtype=torch.complex128)
    flips = torch.stack([math.sqrt(1 - flip) * PAULIS[0], math.sqrt(flip) * PAULIS[3]])
    return torch.einsum("fab,dbc->fdac", flips, decay).reshape(4, 2, 2)


def depolarising_kraus(probability: float, n_qubits: int) -> Tensor:
    """[operator, 2**k, 2**k]: every Pauli string, equally likely but for the identity."""
    strings = pauli_strings(n_qubits)
    weights = torch.full((len(strings),), probability / len(strings), dtype=torch.float64)
    weights[0] += 1 - probability
    return weights.clamp_min(0).sqrt()[:, None, None] * strings


def gate_noise(calibration: Calibration, name: str, qubits: Sequence[int]) -> Tensor:
    """[4**k, 4**k] on Pauli strings: what follows an ideal gate on these qubits of the machine."""
    return _gate_noise(calibration, name, tuple(qubits))


@lru_cache(maxsize=4096)
def _gate_noise(calibration: Calibration, name: str, qubits: tuple[int, ...]) -> Tensor:
    values = calibration.gate(name, qubits)
    n = len(qubits)
    relaxation = torch.eye(4**n, dtype=torch.float64)
    for position, qubit in enumerate(qubits):
        one = calibration.qubits[qubit]
        matrix = transfer_matrix(relaxation_kraus(one.t1_seconds, one.t2_seconds, values.seconds))
        relaxation = (matrix if n == 1 else placed(matrix, [position])) @ relaxation
    probability = depolarising_probability(values.error, relaxation)
    if probability == 0:
        return relaxation
    return relaxation @ transfer_matrix(depolarising_kraus(probability, n))


def depolarising_probability(error: float, relaxation: Tensor) -> float:
    """What is left of the gate's error for depolarising, with relaxation as a matrix on Pauli strings."""
    n_strings = len(relaxation)
    size = math.isqrt(n_strings)
    fidelity = (size * float(relaxation.trace()) / n_strings + 1) / (size + 1)  # average, from the entanglement's
    error = min(error, size / (size + 1))
    if error <= 1 - fidelity:
        return 0.0
    return min(size * (error - (1 - fidelity)) / (size * fidelity - 1), n_strings / (n_strings - 1))
