# quantum/circuits/measured_fourier.py
"""The measured (semiclassical) Fourier transform: one that is read out next, without two-qubit gates.

Behind its Hadamard a qubit of the transform is a control alone. So it may be measured there, and the phases that it
controls become rotations of the qubits still to come, made where its bit came out as 1 (feed-forward):

    for each qubit in turn    phases by the bits measured so far  ->  Hadamard  ->  measurement

Griffiths & Niu, Phys. Rev. Lett. 76, 3228 (1996), arXiv quant-ph/9511007. The outcomes are distributed as those of the
unitary transform, and each comes out as one execution of n mid-circuit measurements.
"""

import math
from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Circuit, Fourier


@dataclass(frozen=True)
class MeasuredQubit:
    """One step of a measured transform."""

    qubit: int
    bit: int  # of the outcome, where the result of the measurement stands
    phases: tuple[tuple[int, float], ...]  # (bit, angle of P in radians where that bit is 1), before the Hadamard


def measured_transform(transform: Fourier) -> tuple[MeasuredQubit, ...]:
    """Its steps, in order.

    >>> [(step.qubit, step.bit, len(step.phases)) for step in measured_transform(Fourier(0, 3))]
    [(2, 0, 0), (1, 1, 1), (0, 2, 2)]
    """
    n, first = transform.n_qubits, transform.first
    sign = -1 if transform.inverse else 1
    # The transform takes its most significant qubit first and leaves its bits reversed, which the swaps mend; the
    # inverse has the swaps first, and takes its least significant qubit first.
    wires = list(range(n)) if transform.inverse else list(reversed(range(n)))
    steps: list[MeasuredQubit] = []
    for place, wire in enumerate(wires):
        reversed_wire = n - 1 - wire
        if transform.inverse:
            qubit, bit = (reversed_wire if transform.swaps else wire), wire
        else:
            qubit, bit = wire, (reversed_wire if transform.swaps else wire)
        phases = tuple(
            (earlier.bit, sign * math.pi / 2 ** (place - number))
            for number, earlier in enumerate(steps)
            if place - number < n - transform.degree
        )
        steps.append(MeasuredQubit(first + qubit, first + bit, phases))
    return tuple(steps)


def measured_parts(circuit: Circuit) -> tuple[Circuit, tuple[Fourier, ...]]:
    """What stands before the transforms that end a circuit, and these transforms, of registers apart."""
    operations = list(circuit.operations)
    transforms: list[Fourier] = []
    taken: set[int] = set()
    while operations and isinstance(operations[-1], Fourier) and not taken & set(operations[-1].qubits):
        last = operations.pop()
        assert isinstance(last, Fourier)
        transforms.append(last)
        taken |= set(last.qubits)
    if not transforms:
        raise InputError(
            "A measured Fourier transform is read out next, and this circuit does not end in a transform. Set "
            "n_layers_after = 0 (and leave fourier on and random_unitary out), or choose the backend shots."
        )
    return Circuit(circuit.n_qubits, tuple(operations)), tuple(reversed(transforms))
