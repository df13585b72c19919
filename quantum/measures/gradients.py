# quantum/measures/gradients.py
"""Gradient variance: how much the slope of a cost varies over random angles, which tells how flat the cost is.

    local    <Z> of one qubit, the least significant
    global   the probability that every qubit is measured 0
    value    variance over random settings of d cost / d angle, averaged over the angles

Where it falls by a constant factor with every qubit the circuit has a barren plateau (McClean et al., Nature
Communications 9, 4812 (2018)), and a global cost has one at any depth (Cerezo et al., Nature Communications 12, 1791
(2021)). An angle that cannot change the cost (behind the last gate that reaches the qubit) counts with its 0.
"""

import torch

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Circuit
from quantum.engine.readout import probabilities, z_expectations
from quantum.measures.random_angles import drawn_angles, states_at

COSTS = ("local", "global")


def gradient_variance(circuit: Circuit, cost: str, n_draws: int, generator: torch.Generator) -> float:
    """Of |0...0> behind the circuit at `n_draws` random settings, two at least."""
    if cost not in COSTS:
        raise InputError(f"No cost is called {cost!r}. Choose one of: {', '.join(COSTS)}.")
    if not circuit.n_weights:
        raise InputError("The circuit has no trainable angle, so there is no gradient to vary.")
    if n_draws < 2:
        raise InputError(f"A variance needs two settings of the angles or more; got {n_draws}.")
    angles = drawn_angles(circuit, n_draws, generator).requires_grad_()
    states = states_at(circuit, angles)
    values = z_expectations(states)[:, 0] if cost == "local" else probabilities(states)[:, 0]
    (slopes,) = torch.autograd.grad(values.sum(), angles)  # rows do not mix, so each row's slope is its own
    return float(slopes.var(0).mean())
