# quantum/engine/fourier.py
"""The quantum Fourier transform of a batch of states, as one fast Fourier transform.

    |j>  ->  2**(-m/2) * sum_k exp(+2 pi i j k / 2**m) |k>        on the m qubits of a register

With the sign + and in Qiskit's bit order this is the inverse FFT with norm "ortho"; numerically it costs
5 N log2 N floating-point operations where the gate circuit sweeps the state m (m + 1) / 2 times. It stands for
the circuit of `quantum.circuits.qft`: a faster simulation, not a quantum speed-up.
"""

import torch
from torch import Tensor

from quantum.engine.kernels import qubits_of


def fourier_transform(states: Tensor, first_qubit: int = 0, n_register_qubits: int | None = None) -> Tensor:
    """QFT of qubits `first_qubit` ... `first_qubit + n_register_qubits - 1` of [batch, amplitude] states."""
    n_qubits = qubits_of(states.shape[-1])
    n_register = n_qubits - first_qubit if n_register_qubits is None else n_register_qubits
    if not (first_qubit >= 0 and n_register >= 1 and first_qubit + n_register <= n_qubits):
        raise ValueError(
            f"The register must lie within qubits 0 to {n_qubits - 1}; got {n_register} qubits from {first_qubit}."
        )
    register = states.reshape(-1, 2 ** (n_qubits - first_qubit - n_register), 2**n_register, 2**first_qubit)
    return torch.fft.ifft(register, dim=-2, norm="ortho").reshape(states.shape)
