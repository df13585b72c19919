# quantum/circuits/random_unitary.py
"""A random unitary of a register, by as many two-qubit gates as its Fourier transform has: a control of the latter.

    2 m layers on m qubits: a random rotation of every qubit, then CZ on neighbours, from qubit 0 and from 1 in turn;
    rotations at the end
    CZ in all: m (m - 1), what the m (m - 1) / 2 controlled phases of the transform are transpiled to
    rotation: RZ RY RZ, uniform over all rotations (Haar): angles of RZ uniform, the cosine of that of RY uniform

Random circuits of neighbours approach a 2-design in a depth linear in m (Brandao, Harrow & Horodecki, Communications in
Mathematical Physics 346, 397 (2016), arXiv 1208.0692); at this depth |0...0> is entangled within some per cent of what
states drawn from all states alike are (tests).
"""

import math

import numpy as np

from quantum.circuits.circuit import Angle, Gate


def random_unitary(first: int, n_qubits: int, seed: int | tuple[int, ...]) -> tuple[Gate, ...]:
    """Its gates on the qubits first ... first + n_qubits - 1; every angle is a fixed number."""
    draw = np.random.default_rng(seed)
    register = range(first, first + n_qubits)
    gates: list[Gate] = []
    n_layers = 2 * n_qubits if n_qubits > 1 else 0
    for layer in range(n_layers + 1):
        for qubit in register:
            turn, tilt, turn_again = (
                draw.uniform(-math.pi, math.pi),
                draw.uniform(-1, 1),
                draw.uniform(-math.pi, math.pi),
            )
            for name, angle in (("rz", turn), ("ry", math.acos(tilt)), ("rz", turn_again)):
                gates.append(Gate(name, (qubit,), Angle(float(angle))))
        if layer == n_layers:
            break
        gates += [Gate("cz", (qubit, qubit + 1)) for qubit in register[layer % 2 : n_qubits - 1 : 2]]
    return tuple(gates)
