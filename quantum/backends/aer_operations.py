# quantum/backends/aer_operations.py
"""What Aer does on a classical machine for one clip, gate by gate, by method.

    statevector            every gate sweeps 2**n amplitudes: a one-qubit gate with two complex multiply-accumulates
                           per amplitude; a controlled phase multiplies a quarter of them; CX, swap and CZ only move
                           amplitudes or change signs
    density_matrix         the same on both sides of 4**n entries: twice the multiply-accumulates of a one-qubit gate;
                           a controlled phase changes the entries of which one side alone is 11, 3/8 of them
    matrix_product_state   by the largest bond dimensions that its qubits allow, so a bound from above: a two-qubit gate
                           merges two neighbours, multiplies by 4 x 4, and splits them by a singular value
                           decomposition; swaps bring qubits that are apart beside each other

The decomposition of m x n, m >= n, is booked as 4 m**2 n + 8 m n**2 + 9 n**3 floating-point operations, two to a
multiply-accumulate, and four real ones to a complex one (Golub & Van Loan, Matrix Computations, 4th ed. 2013,
figure 8.6.1: U, Sigma and V by Golub-Reinsch).
"""

from collections.abc import Sequence

from qiskit import QuantumCircuit

from classical_baselines.harness.operations import OperationCounts

BYTES_PER_AMPLITUDE = 16  # complex128
MOVES = ("cx", "cz", "swap")  # no arithmetic
PARTS = (("encoder", "state-preparation"), ("network", "gates"))  # before the barrier, and behind it


def gatewise_operations(
    circuit: QuantumCircuit, method: str = "statevector", bond: int | None = None
) -> OperationCounts:
    """Arithmetic and memory traffic of a circuit swept by every gate, one after the other.

    What stands before the circuit's barrier prepares the state, and is the encoder's; without a barrier all of it is
    the network's. `bond` is the largest bond dimension of a matrix product state; None: what the qubits allow.
    """
    names = [instruction.operation.name for instruction in circuit.data]
    parts = PARTS if "barrier" in names else PARTS[1:]
    counts = OperationCounts.of("network", "gates", mac_fp32=0, multiply_fp32=0, sram_bytes=0)
    place = 0
    for instruction in circuit.data:
        if instruction.operation.name == "barrier":
            place += 1
            continue
        qubits = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        stage, layer = parts[min(place, len(parts) - 1)]
        if method == "matrix_product_state":
            macs, multiplies, n_bytes = _on_a_product(qubits, bond_dimensions(circuit.num_qubits, bond))
        else:
            macs, multiplies, n_bytes = _on_a_vector(instruction.operation.name, qubits, circuit.num_qubits, method)
        counts += OperationCounts.of(stage, layer, mac_fp32=macs, multiply_fp32=multiplies, sram_bytes=n_bytes)
    return counts


def _on_a_vector(name: str, qubits: Sequence[int], n_qubits: int, method: str) -> tuple[float, float, float]:
    is_density = method == "density_matrix"
    n = (4 if is_density else 2) ** n_qubits
    traffic = 2.0 * BYTES_PER_AMPLITUDE * n
    if len(qubits) == 1:
        return (16.0 if is_density else 8.0) * n, 0.0, traffic
    if name in MOVES:
        return 0.0, 0.0, traffic
    return 0.0, 4 * (3 / 8 if is_density else 1 / 4) * n, traffic


def bond_dimensions(n_qubits: int, most: int | None = None) -> tuple[int, ...]:
    """Of the bonds left of qubit 0, between neighbours, and right of the last: what n qubits allow, at most `most`.

    >>> bond_dimensions(4), bond_dimensions(4, 2)
    ((1, 2, 4, 2, 1), (1, 2, 2, 2, 1))
    """
    allowed = [2 ** min(place, n_qubits - place) for place in range(n_qubits + 1)]
    return tuple(min(one, most or one) for one in allowed)


def _on_a_product(qubits: Sequence[int], bonds: Sequence[int]) -> tuple[float, float, float]:
    """Multiply-accumulates, multiplications and bytes of a gate, with the swaps before it."""
    if len(qubits) == 1:
        entries = 2.0 * bonds[qubits[0]] * bonds[qubits[0] + 1]
        return 8 * entries, 0.0, 2 * BYTES_PER_AMPLITUDE * entries
    macs = n_bytes = 0.0
    first, last = sorted(qubits)
    for left in range(first, last):  # a swap at each place but the last, where the gate itself stands
        outer, inner, other = bonds[left], bonds[left + 1], bonds[left + 2]
        rows, columns = max(2 * outer, 2 * other), min(2 * outer, 2 * other)
        decomposition = 4 * rows**2 * columns + 8 * rows * columns**2 + 9 * columns**3
        macs += 4 * (4 * outer * inner * other + 16 * outer * other + decomposition / 2)
        n_bytes += 2 * BYTES_PER_AMPLITUDE * (2 * outer * inner + 2 * inner * other + 4 * outer * other)
    return macs, 0.0, n_bytes
