# quantum/operations.py
"""What one clip costs on a quantum processor, and what its simulation costs on a classical machine.

On a processor every shot prepares the state, runs the circuit and measures every qubit:

    machine_seconds = shots * (repetition delay + preparation + circuit + readout)

    stage encoder    state-preparation   gates, machine_seconds
    stage network    circuit             gates, machine_seconds
    stage readout    measurement         measurements, shots, machine_seconds (delay and readout)

A run on exact states has no shots, and nothing that a processor could be charged for. What it did is arithmetic: the
counts of `simulation_operations`, which a classical device is charged for. Both leave out the classical
host that compiles a circuit for each clip.

Repetition delay: the default `rep_delay` of IBM Torino, 250 us; readout: its median, 1560 ns (both from
qiskit-ibm-runtime 0.51.0 `FakeTorino`).
"""

from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit, Fourier
from quantum.circuits.description import CircuitDescription
from quantum.engine.program import Phases, Rotations, blocks_of, program_of
from quantum.transpiled import CircuitCost

REPETITION_DELAY_SECONDS = 250e-6  # default rep_delay, FakeTorino
READOUT_SECONDS = 1560e-9  # median, FakeTorino
BYTES_PER_AMPLITUDE = 8  # complex64


def processor_operations(
    cost: CircuitCost, n_qubits: int, n_shots: int, repetition_delay_seconds: float = REPETITION_DELAY_SECONDS
) -> OperationCounts:
    """Counts of `n_shots` executions of a prepared and trained circuit."""
    counts = OperationCounts()
    for stage, layer, part in (
        ("encoder", "state-preparation", cost.preparation),
        ("network", "circuit", cost.circuit),
    ):
        counts += OperationCounts.of(
            stage,
            layer,
            gates_1q=part.n_gates_1q * n_shots,
            gates_2q=part.n_gates_2q * n_shots,
            machine_seconds=part.seconds * n_shots,
        )
    return counts + OperationCounts.of(
        "readout",
        "measurement",
        measurements=n_qubits * n_shots,
        shots=n_shots,
        machine_seconds=(repetition_delay_seconds + READOUT_SECONDS) * n_shots,
    )


def simulation_operations(description: CircuitDescription) -> OperationCounts:
    """Arithmetic of one state through the torch engine, with the blocks of the rotations computed beforehand.

    A complex multiply-accumulate is four real ones. A layer is a product with each block of qubits; a ring of CX moves
    amplitudes and a ring of CZ changes signs, which costs memory traffic alone. The FFT over m qubits
    of n amplitudes is booked as radix 2: m n / 2 complex multiplications, m n complex additions, one real scaling. An
    approximate transform has no fast form: its Hadamards are block products, its phases a complex factor per amplitude.
    """
    n = 2**description.n_qubits
    heights = [2**size for _, size in blocks_of(description.n_qubits)]
    traffic = 2 * BYTES_PER_AMPLITUDE * n  # a state read and written
    counts = OperationCounts()
    for layer in range(description.n_layers):
        n_sweeps = len(heights) + (description.entangler != "none")
        weights = BYTES_PER_AMPLITUDE * sum(height**2 for height in heights)
        counts += OperationCounts.of(
            "network",
            f"rotations-{layer}",
            mac_fp32=4 * n * sum(heights),
            sram_bytes=n_sweeps * traffic + weights,
        )
    if description.fourier_register is not None and description.fourier_degree:
        counts += _approximate_transform(description, traffic)
    elif description.fourier_register is not None:
        m = description.fourier_register[1]
        counts += OperationCounts.of(
            "network",
            "fourier",
            multiply_fp32=4 * (n // 2) * m + 2 * n,
            add_fp32=2 * (n // 2) * m + 2 * n * m,
            sram_bytes=traffic * m,
        )
    return counts


def _approximate_transform(description: CircuitDescription, traffic: int) -> OperationCounts:
    n = 2**description.n_qubits
    assert description.fourier_register is not None
    transform = Fourier(*description.fourier_register, degree=description.fourier_degree)
    program = program_of(Circuit(description.n_qubits, (transform,)))
    macs = multiplies = adds = 0
    n_sweeps = 0
    for step in program.steps:
        n_sweeps += 1
        if isinstance(step, Phases):
            multiplies += 4 * n
            adds += 2 * n
        elif isinstance(step, Rotations):
            touched = [size for first, size in program.blocks if step.qubits & set(range(first, first + size))]
            n_sweeps += len(touched) - 1
            macs += 4 * n * sum(2**size for size in touched)
    return OperationCounts.of(
        "network", "fourier", mac_fp32=macs, multiply_fp32=multiplies, add_fp32=adds, sram_bytes=traffic * n_sweeps
    )
