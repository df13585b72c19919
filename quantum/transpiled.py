# quantum/transpiled.py
"""How many gates a prepared and trained circuit needs on a processor, and how long they take.

The preparation (the circuit of the code, or that of every real state, `real_state`), a barrier, then the trained
circuit, is transpiled as a whole for a coupling of the qubits. What follows a clip are parameters, as in the circuit
that is run (`quantum.backends.clip_circuit`): it is transpiled once, and the angles of each clip are bound to it.
Angles that were numbers would be merged into gates that no other clip could take: fewer of them (48 CZ in place of 62
for 5 qubits on a chain), and a transpilation a clip. The weights are numbers, generic ones that are drawn once, as
gates depend on the structure and not on them; the result is cached per structure. Swaps at the end are no gates: the
outcomes are read out in the order that they leave.

Exact preparation of a real state of n qubits needs 2**n - n - 1 CX between any two qubits, and more where swaps must
route them. It, not the Fourier transform, is the cost.

Durations are the longest path over the gates of the part, with the medians of IBM Torino (Heron): CZ 68 ns, SX and X
32 ns, RZ 0 (virtual), as in qiskit-ibm-runtime 0.51.0 `FakeTorino`. On "all-to-all", a coupling that no such chip has,
the gates are rz, sx, x and cx with the same times: a bound from below.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Circuit
from quantum.circuits.real_state import real_state_circuit

COUPLINGS = ("all-to-all", "linear", "heavy-hex")
TWO_QUBIT_GATE_SECONDS = 68e-9  # median CZ, FakeTorino
ONE_QUBIT_GATE_SECONDS = 32e-9  # median SX, FakeTorino
OPTIMIZATION_LEVEL = 2  # from level 2 on the swaps of the QFT are relabelled away where the coupling allows
GENERIC_SEED = 20240229  # of the generic weights, and of the router
COUNTED_PATH = "one transpiled circuit, preparation by gates, its angles bound for each clip"  # a note of every backend


@dataclass(frozen=True)
class PartCost:
    """Of one part of a circuit, for one execution."""

    n_gates_1q: int  # executed ones: a virtual RZ is none
    n_gates_2q: int
    depth: int  # of all gates but barriers
    seconds: float


@dataclass(frozen=True)
class CircuitCost:
    """Of one execution: state preparation, and the trained circuit behind it."""

    preparation: PartCost
    circuit: PartCost


@lru_cache(maxsize=64)
def circuit_cost(trained: Circuit, coupling: str = "heavy-hex", preparation: Circuit | None = None) -> CircuitCost:
    """Gates and seconds of a prepared and trained circuit on a coupling; without a circuit of its own, the state is
    some real one."""
    if coupling not in COUPLINGS:
        raise InputError(f"No coupling is called {coupling!r}. Choose one of: {', '.join(COUPLINGS)}.")
    from qiskit import transpile
    from qiskit.circuit import ParameterVector

    from quantum.circuits.qiskit_form import prepared_circuit, qiskit_circuit

    n = trained.n_qubits
    prepared_by = real_state_circuit(n) if preparation is None else preparation
    weights = np.random.default_rng(GENERIC_SEED).uniform(0.3, 1.2, size=trained.n_weights).tolist()
    followed = list(ParameterVector("clip", trained.n_features))
    circuit, _ = prepared_circuit(prepared_by, qiskit_circuit(trained, weights, followed))
    circuit.measure_all()  # without measurements the router may not relabel the outcomes
    basis = ["rz", "sx", "x", "cx" if coupling == "all-to-all" else "cz"]
    native = transpile(
        circuit,
        basis_gates=basis,
        coupling_map=_coupling_map(coupling, n),
        optimization_level=OPTIMIZATION_LEVEL,
        seed_transpiler=GENERIC_SEED,
    )
    return _parts(native)


def _coupling_map(coupling: str, n_qubits: int):  # type: ignore[no-untyped-def]
    from qiskit.transpiler import CouplingMap

    if coupling == "all-to-all" or n_qubits == 1:
        return None
    if coupling == "linear":
        return CouplingMap.from_line(n_qubits)
    distance = 3  # 19 qubits; 5 gives 57
    return CouplingMap.from_heavy_hex(distance if n_qubits <= 19 else 5)


def _parts(native) -> CircuitCost:  # type: ignore[no-untyped-def]
    """Count up to the first barrier, and between it and the barrier of the measurements."""
    parts: list[PartCost] = []
    gates: list[tuple[tuple[int, ...], float]] = []
    for instruction in native.data:
        qubits = tuple(native.find_bit(qubit).index for qubit in instruction.qubits)
        if instruction.operation.name == "barrier":
            parts.append(part_cost(gates))
            gates = []
        elif instruction.operation.name != "measure":
            gates.append((qubits, gate_seconds(instruction.operation.name, len(qubits))))
    preparation, circuit = parts[0], parts[1]
    return CircuitCost(preparation, circuit)


def gate_seconds(name: str, n_qubits: int) -> float:
    """Duration of a native gate."""
    if name == "rz":
        return 0.0
    return TWO_QUBIT_GATE_SECONDS if n_qubits == 2 else ONE_QUBIT_GATE_SECONDS


def part_cost(gates: list[tuple[tuple[int, ...], float]]) -> PartCost:
    """Counts, depth and longest path of gates, each (qubits, seconds), in order.

    >>> cost = part_cost([((0,), 1.0), ((0, 1), 2.0), ((2,), 2.5)])
    >>> cost.n_gates_1q, cost.n_gates_2q, cost.depth, cost.seconds
    (2, 1, 2, 3.0)
    """
    ready: dict[int, tuple[int, float]] = {}
    for qubits, seconds in gates:
        depth = max(ready.get(qubit, (0, 0.0))[0] for qubit in qubits) + 1
        time = max(ready.get(qubit, (0, 0.0))[1] for qubit in qubits) + seconds
        for qubit in qubits:
            ready[qubit] = (depth, time)
    return PartCost(
        n_gates_1q=sum(len(qubits) == 1 and seconds > 0 for qubits, seconds in gates),
        n_gates_2q=sum(len(qubits) == 2 for qubits, _ in gates),
        depth=max((depth for depth, _ in ready.values()), default=0),
        seconds=max((time for _, time in ready.values()), default=0.0),
    )
