# quantum/measures/random_angles.py
"""A circuit at many random settings of its angles at once: each setting is a row of a batch.

    angles   [draw, weight]        uniform in [-pi, pi)
    states   [draw, amplitude]     complex128, of |0...0>

The engine runs rows with angles of their own where angles follow features, so every weight is made a feature.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Circuit, Gate, Operation
from quantum.engine.execution import Engine


def drawn_angles(circuit: Circuit, n_draws: int, generator: torch.Generator) -> Tensor:
    """[draw, weight], float64, uniform in [-pi, pi)."""
    if n_draws < 1:
        raise InputError(f"At least one setting of the angles must be drawn; got {n_draws}.")
    drawn = torch.rand(n_draws, circuit.n_weights, generator=generator, dtype=torch.float64)
    return (2 * drawn - 1) * math.pi


def states_at(circuit: Circuit, angles: Tensor) -> Tensor:
    """[draw, amplitude] of |0...0> behind the circuit, differentiable in the angles."""
    if circuit.n_features:
        raise InputError(
            "A circuit whose angles follow clips has no states of its own. Measure the one without its encoding."
        )
    start = angles.new_zeros(len(angles), 2**circuit.n_qubits)
    start[:, 0] = 1
    by_row = Circuit(circuit.n_qubits, tuple(map(_by_row, circuit.operations)))
    states: Tensor = Engine(by_row)(start, angles.new_zeros(0), angles if circuit.n_weights else None)
    return states


def _by_row(operation: Operation) -> Operation:
    if not isinstance(operation, Gate) or operation.angle is None:
        return operation
    angle = operation.angle
    return replace(operation, angle=replace(angle, weight=None, feature=angle.weight))
