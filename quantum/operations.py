# quantum/operations.py
"""What one clip costs on a quantum processor, and what its simulation costs on a classical machine.

On a processor every shot prepares the state, runs the circuit and measures every qubit:

    machine_seconds = shots * (repetition delay + reset + preparation + circuit + feed-forward + readout)

    stage encoder    state-preparation                         gates, machine_seconds
    stage network    circuit                                   gates, machine_seconds
    stage readout    measurement                               measurements, shots, machine_seconds
                     repetition-delay, reset, feed-forward     machine_seconds

A run on exact states has no shots, and nothing that a processor could be charged for. What it did is arithmetic: the
counts of `simulation_operations`, which a classical device is charged for. Both leave out the classical
host that binds a circuit's angles for each clip. The times of a shot: `quantum.machine_time`.
"""

from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit
from quantum.engine.program import Phases, Rotations, Transform, program_of
from quantum.machine_time import REPETITION_DELAY_SECONDS, ShotTimes
from quantum.transpiled import CircuitCost

BYTES_PER_AMPLITUDE = 8  # complex64


def processor_operations(
    cost: CircuitCost,
    n_qubits: int,
    n_shots: int,
    repetition_delay_seconds: float = REPETITION_DELAY_SECONDS,
    *,
    times: ShotTimes | None = None,
) -> OperationCounts:
    """Counts of `n_shots` executions of a prepared and trained circuit; mitigation runs more circuits, each with shots
    of its own (`quantum.backends.mitigated_run`).

    `times` says all that a shot takes beside its gates; without it the medians of Torino, at the delay given.
    """
    times = times or ShotTimes(repetition_delay_seconds)
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
    counts += OperationCounts.of("readout", "measurement", measurements=n_qubits * n_shots, shots=n_shots)
    for layer, seconds in times.parts.items():
        if seconds:
            counts += OperationCounts.of("readout", layer, machine_seconds=seconds * n_shots)
    return counts


def simulation_operations(circuit: Circuit) -> OperationCounts:
    """Arithmetic of one state through the engine, step by step of its program, as its tiles compute it.

    What follows the weights alone (matrices, phases) is computed beforehand; what follows the clip is made for each
    clip. A complex multiply-accumulate is four real ones. A step of rotations is one sweep of the state for each qubit
    that it touches, whatever the number of its gates there; moved amplitudes (CX, swap) cost memory traffic alone, and
    so do signs (CZ), which a machine would flip and the engine multiplies by; turned phases are a complex factor per
    amplitude. The FFT over m qubits of n amplitudes is radix 2: a sweep that reverses bits and scales, then m n / 2
    complex multiplications and m n complex additions in m sweeps. An approximate transform has no fast form: it is its
    gates. Left out: an angle's own scale and offset, and a gate's matrix of its sine and cosine.
    """
    n = 2**circuit.n_qubits
    traffic = 2 * BYTES_PER_AMPLITUDE * n  # a state read and written
    counts = OperationCounts()
    for number, step in enumerate(program_of(circuit).steps):
        if isinstance(step, Rotations):
            counts += _rotations(step, n, f"rotations-{number}", traffic)
        elif isinstance(step, Phases):
            counts += _phases(step, n, f"phases-{number}", traffic)
        elif isinstance(step, Transform):
            m = step.operation.n_qubits
            counts += OperationCounts.of(
                "network",
                f"fourier-{number}",
                multiply_fp32=4 * (n // 2) * m + 2 * n,
                add_fp32=2 * (n // 2) * m + 2 * n * m,
                sram_bytes=traffic * (m + 1),
            )
        else:
            counts += OperationCounts.of("network", f"moved-{number}", sram_bytes=traffic)
    return counts


def _rotations(step: Rotations, n: int, layer: str, traffic: int) -> OperationCounts:
    """The product of each qubit's matrix with its pairs of amplitudes; where angles follow the clip, before it the
    sines and cosines, and behind a qubit's first gate the products of two matrices: 8 complex multiply-accumulates."""
    n_touched = len(step.qubits)
    counts = OperationCounts.of(
        "network",
        layer,
        mac_fp32=4 * 2 * n * n_touched,
        sram_bytes=(traffic + 4 * BYTES_PER_AMPLITUDE) * n_touched,
    )
    if step.follows_clips:
        gates = [gate for held in step.gates.values() for gate in held]
        counts += OperationCounts.of(
            "network",
            layer,
            transcendental_fp32=2 * sum(gate.angle is not None for gate in gates),
            mac_fp32=4 * 8 * (len(gates) - n_touched),
            sram_bytes=4 * BYTES_PER_AMPLITUDE * len(gates),
        )
    return counts


def _phases(step: Phases, n: int, layer: str, traffic: int) -> OperationCounts:
    """A complex factor per amplitude; before it, where angles follow the clip, their sum, a sine and a cosine."""
    n_turning = sum(gate.angle is not None for gate in step.gates)
    if not n_turning:
        return OperationCounts.of("network", layer, sram_bytes=traffic)
    read = traffic + BYTES_PER_AMPLITUDE * n  # the states, and the factors
    counts = OperationCounts.of("network", layer, multiply_fp32=4 * n, add_fp32=2 * n, sram_bytes=read)
    if step.follows_clips:
        counts += OperationCounts.of("network", layer, mac_fp32=n_turning * n, transcendental_fp32=2 * n)
    return counts
