# quantum/engine/one_qubit_gates.py
"""The 2 x 2 matrices of one-qubit gates, in Qiskit's conventions.

    fixed ones   a matrix
    rotations    cos(factor * angle) * cosine + sin(factor * angle) * sine + constant

rx, ry, rz are exp(-i angle / 2 * P) = cos(angle / 2) - i sin(angle / 2) P; p(angle) is diag(1, exp(i angle)).
"""

import math
from collections.abc import Mapping

Matrix = tuple[tuple[complex, complex], tuple[complex, complex]]

_HALF = math.sqrt(0.5)
_NONE: Matrix = ((0, 0), (0, 0))
_IDENTITY: Matrix = ((1, 0), (0, 1))

FIXED: Mapping[str, Matrix] = {
    "h": ((_HALF, _HALF), (_HALF, -_HALF)),
    "x": ((0, 1), (1, 0)),
    "y": ((0, -1j), (1j, 0)),
    "z": ((1, 0), (0, -1)),
    "s": ((1, 0), (0, 1j)),
    "sdg": ((1, 0), (0, -1j)),
    "sx": ((0.5 + 0.5j, 0.5 - 0.5j), (0.5 - 0.5j, 0.5 + 0.5j)),
    "sxdg": ((0.5 - 0.5j, 0.5 + 0.5j), (0.5 + 0.5j, 0.5 - 0.5j)),
}
PARTS: Mapping[str, tuple[Matrix, Matrix, Matrix]] = {  # cosine, sine, constant
    "rx": (_IDENTITY, ((0, -1j), (-1j, 0)), _NONE),
    "ry": (_IDENTITY, ((0, -1), (1, 0)), _NONE),
    "rz": (_IDENTITY, ((-1j, 0), (0, 1j)), _NONE),
    "p": (((0, 0), (0, 1)), ((0, 0), (0, 1j)), ((1, 0), (0, 0))),
}
FACTORS: Mapping[str, float] = {"rx": 0.5, "ry": 0.5, "rz": 0.5, "p": 1.0}
