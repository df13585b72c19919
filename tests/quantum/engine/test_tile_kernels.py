# tests/quantum/engine/test_tile_kernels.py
"""What a simulated circuit is charged for, against the kernels run in Python on numbers that count their products."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quantum.circuits.circuit import Circuit, Fourier
from quantum.engine import tile_kernels
from quantum.engine.program import program_of
from quantum.engine.tile_kernels import INVERSE_FOURIER, MOVE, ROTATION, TURN
from quantum.engine.tile_run import plan_of
from quantum.operations import simulation_operations
from tests.quantum.random_circuits import circuits

DONE = Counter()


class Counting:
    """A number that counts its products."""

    def __init__(self, value):
        self.value = value

    def __mul__(self, other):
        DONE["products"] += 1
        return Counting(self.value * other.value)

    def __add__(self, other):
        return Counting(self.value + other.value)

    def __sub__(self, other):
        return Counting(self.value - other.value)


def load(numbers, place):
    DONE["bytes"] += 4  # a 32-bit float, as is charged
    return Counting(numbers[place])


def store(numbers, place, number):
    DONE["bytes"] += 4
    numbers[place] = number.value


def counted(circuit):
    """Products and bytes of one lane."""
    plan = plan_of(program_of(circuit))
    n, of_python = circuit.n_qubits, {"load": load, "store": store, "spread": Counting}
    of_python["_row"] = tile_kernels._row.py_func
    kept = {name: getattr(tile_kernels, name) for name in of_python}
    tile, other = np.zeros(2 << n), np.zeros(2 << n)
    DONE.clear()
    try:
        vars(tile_kernels).update(of_python)
        for kind, number, first, size in plan.rows:
            if kind == ROTATION:
                tile_kernels.rotate.py_func(tile, np.zeros(8), first, n, 1)
            elif kind == MOVE:
                tile_kernels.move.py_func(tile, other, plan.tables[number, 0], 1)
            elif kind == TURN:
                tile_kernels.turn.py_func(tile, other, 1)
            else:
                is_inverse = kind == INVERSE_FOURIER
                tile_kernels.fourier.py_func(tile, other, first, size, is_inverse, plan.twiddles, n, 1)
    finally:
        vars(tile_kernels).update(kept)
    return DONE


@settings(max_examples=40, deadline=None)
@given(circuits(most_qubits=4, most_operations=12), st.integers(1, 4))
def test_a_simulated_circuit_is_charged_for_the_products_and_bytes_of_its_tiles(circuit, n_qubits):
    # Signs alone are charged as flipped bits; what follows a clip pays for its matrices too, which tiles are given.
    kept = [
        gate
        for gate in circuit.operations
        if isinstance(gate, Fourier) or (gate.name != "cz" and not (gate.angle and gate.angle.feature is not None))
    ]
    circuit = Circuit(circuit.n_qubits, (*kept, Fourier(0, min(n_qubits, circuit.n_qubits))))
    charged = simulation_operations(circuit)
    done = counted(circuit)

    assert charged.total("mac_fp32") + charged.total("multiply_fp32") == done["products"]
    assert charged.total("sram_bytes") == done["bytes"]
