# quantum/engine/amplitudes.py
"""How many qubits a vector of amplitudes fills, and how many a trained state may have.

Bit order is Qiskit's: qubit q is bit q of the amplitude index, so qubit 0 is the least significant.
"""

MAX_QUBITS = 14  # 16,384 amplitudes per clip: what a batch on one CPU core can be trained with


def qubits_of(n_amplitudes: int) -> int:
    """log2, or an error that says what is allowed.

    >>> qubits_of(256)
    8
    """
    n_qubits = n_amplitudes.bit_length() - 1
    if n_amplitudes != 2**n_qubits or not 1 <= n_qubits <= MAX_QUBITS:
        raise ValueError(
            f"A state has 2**n amplitudes, 1 <= n <= {MAX_QUBITS}; got {n_amplitudes}. Pool to a power of two."
        )
    return n_qubits
