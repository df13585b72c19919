# quantum/circuits/qft.py
"""The quantum Fourier transform as gates: the circuit that `quantum.engine.fourier` simulates.

n Hadamards, n (n - 1) / 2 controlled phases, and swaps that put the bits back in order.
"""

from qiskit import QuantumCircuit
from qiskit.synthesis.qft import synth_qft_full


def qft_circuit(n_qubits: int) -> QuantumCircuit:
    """The transform with its swaps, in Qiskit's bit order; gates only, so that Aer and OpenQASM take it."""
    return synth_qft_full(n_qubits)
