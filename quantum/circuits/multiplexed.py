# quantum/circuits/multiplexed.py
"""Multiplexed (uniformly controlled) rotations: one of a target for each value of the control qubits.

    angles     [batch, value]      radians: the target turns by angles[value] where the controls hold `value`
    features   [batch, rotation]   radians: what the circuit's own rotations turn by, as many

The circuit is rotations of the target with a two-qubit gate between each and the next, whose controls follow the Gray
code: a rotation between two such gates turns backwards where the control is 1, so that value v turns by

    angles[v] = sum over j of (-1)**(ones of v & gray(j)) * features[j]        gray(j) = j ^ (j >> 1)

k controls take 2**k rotations and 2**k two-qubit gates, where a controlled rotation for every value takes as many
k-fold controls. RY is turned backwards by CZ, RZ by CX. The last CZ of a multiplexed RY, between the target and the
most significant control, may be left out where it can be made good elsewhere: `real_state` and the FRQI code ask for
the state with its signs, `matrix_product` for the next matrices with them.

Mottonen, Vartiainen, Bergholm & Salomaa, Phys. Rev. Lett. 93, 130502 (2004), arXiv quant-ph/0404089, section III;
CZ in the place of CX as in Shende, Bullock & Markov, IEEE TCAD 25, 1000 (2006), arXiv quant-ph/0406176, section 3.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from quantum.circuits.circuit import Angle, Gate

TURNED_BACK_BY = {"ry": "cz", "rz": "cx"}


def multiplexed_rotation(
    name: str, target: int, controls: Sequence[int], first_feature: int, *, last: bool = True
) -> tuple[Gate, ...]:
    """The gates of RY or RZ multiplexed; controls[i] holds bit i of a value, and feature `first_feature` comes first.

    Without `last` it ends in a rotation, and CZ between the target and controls[-1] is missing.
    """
    made: list[Gate] = []
    n_rotations = 2 ** len(controls)
    for number in range(n_rotations):
        made.append(Gate(name, (target,), Angle(feature=first_feature + number)))
        changed = ((number + 1) & -(number + 1)).bit_length() - 1  # the bit that the next Gray number differs in
        if number + 1 < n_rotations:
            made.append(Gate(TURNED_BACK_BY[name], (controls[changed], target)))
        elif controls and last:
            made.append(Gate(TURNED_BACK_BY[name], (controls[-1], target)))
    return tuple(made)


def gray_features(angles: Tensor) -> Tensor:
    """The features for [batch, value] angles: a Walsh-Hadamard transform, read in the order of the Gray code."""
    n_values = angles.shape[-1]
    rows, width = angles, 1
    while width < n_values:
        pairs = rows.unflatten(-1, (-1, 2, width))
        rows = torch.stack([pairs[..., 0, :] + pairs[..., 1, :], pairs[..., 0, :] - pairs[..., 1, :]], -2).flatten(-3)
        width *= 2
    number = torch.arange(n_values, device=angles.device)
    return rows[..., number ^ (number >> 1)] / n_values
