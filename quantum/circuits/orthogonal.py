# quantum/circuits/orthogonal.py
"""Multiplexed rotations of several qubits: a real orthogonal matrix for each value of the control qubits, as gates.

    matrices   [batch, value, row, column]   orthogonal, determinant +1, 2**m x 2**m for m target qubits

The gates depend on the sizes alone, and what depends on a clip is features, so one circuit serves every clip.

    one qubit      a multiplexed RY
    two qubits     in the magic basis a rotation of two qubits is a gate on each: one CX into the basis, a multiplexed
                   one-qubit gate on either, one CX out of it
    more           the cosine-sine decomposition: matrices of half the size, multiplexed by the first qubit too, around
                   a multiplexed RY of that qubit

A multiplexed one-qubit gate splits as A0 = V D W, A1 = V D* W by its last control, D a rotation about Z.

Magic basis and its circuit: Vatan & Williams, Phys. Rev. A 69, 032315 (2004), arXiv quant-ph/0308006, figure 1.
Decompositions: Shende, Bullock & Markov, IEEE TCAD 25, 1000 (2006), arXiv quant-ph/0406176, theorems 10 to 13.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from quantum.circuits.circuit import Gate
from quantum.circuits.decompositions import (
    cosine_sine,
    demultiplexed,
    euler_angles,
    half_signs,
    plane_angles,
    tensor_factors,
)
from quantum.circuits.multiplexed import gray_features, multiplexed_rotation
from quantum.circuits.real_state import real_state_angles, real_state_gates

_HALF = math.sqrt(0.5)
_MAGIC = torch.tensor(  # S on both qubits, H on the second, CX from the second to the first
    [[_HALF, 1j * _HALF, 0, 0], [0, 0, 1j * _HALF, _HALF], [0, 0, 1j * _HALF, -_HALF], [_HALF, -1j * _HALF, 0, 0]],
    dtype=torch.complex128,
)


@dataclass
class Synthesis:
    """Gates in the order in which they act, and beside them the features [batch, feature] that their angles follow."""

    gates: list[Gate] = field(default_factory=list)
    features: list[Tensor] = field(default_factory=list)

    def all_features(self) -> Tensor:
        """[batch, feature]."""
        return torch.cat(self.features, 1)

    def gate(self, name: str, *qubits: int) -> None:
        """A gate without an angle."""
        self.gates.append(Gate(name, qubits))

    def rotation(
        self, name: str, target: int, angles: Tensor, controls: Sequence[int] = (), *, last: bool = True
    ) -> None:
        """RY or RZ by [batch, value] angles, where the controls (first one most significant) hold `value`."""
        self.gates += multiplexed_rotation(name, target, controls[::-1], self._n_features, last=last)
        self.features.append(gray_features(angles))

    def real_state(self, qubits: Sequence[int], states: Tensor) -> None:
        """A real state [batch, amplitude] of qubits in |0...0>, first one most significant."""
        if qubits:
            self.gates += real_state_gates(qubits[::-1], self._n_features)
            self.features.append(real_state_angles(states))

    def orthogonal(self, qubits: Sequence[int], matrices: Tensor, controls: Sequence[int] = ()) -> None:
        """[batch, value, row, column] on qubits; of qubits and of controls the first one is the most significant."""
        if len(qubits) == 1:
            self.rotation("ry", qubits[0], plane_angles(matrices), controls)
        elif len(qubits) == 2:
            self._two_qubits(qubits[0], qubits[1], matrices, controls)
        elif qubits:
            self._more_qubits(qubits, matrices, controls)

    def _two_qubits(self, high: int, low: int, matrices: Tensor, controls: Sequence[int]) -> None:
        first, second = tensor_factors(_MAGIC @ matrices.to(_MAGIC.dtype) @ _MAGIC.mH)
        self.gate("s", high)
        self.gate("s", low)
        self.gate("h", low)
        self.gate("cx", low, high)
        self._one_qubit(high, first, controls)
        self._one_qubit(low, second, controls)
        self.gate("cx", low, high)
        self.gate("h", low)
        self.gate("sdg", high)
        self.gate("sdg", low)

    def _one_qubit(self, target: int, matrices: Tensor, controls: Sequence[int]) -> None:
        """[batch, value, 2, 2] of SU(2)."""
        if not controls:
            for name, angles in zip(("rz", "ry", "rz"), euler_angles(matrices), strict=True):
                self.rotation(name, target, angles)
            return
        zero, one = matrices.unflatten(1, (2, -1)).unbind(1)  # by the first control
        after, angles, before = demultiplexed(zero, one)
        self._one_qubit(target, before, controls[1:])
        self.gate("cx", controls[0], target)
        self.rotation("rz", target, angles, controls[1:])
        self.gate("cx", controls[0], target)
        self._one_qubit(target, after, controls[1:])

    def _more_qubits(self, qubits: Sequence[int], matrices: Tensor, controls: Sequence[int]) -> None:
        half = matrices.shape[-1] // 2
        left, right = matrices[..., :half], matrices[..., half:]
        split = cosine_sine(left[..., :half, :], left[..., half:, :])
        cosine, sine = split.angles.cos()[..., None], split.angles.sin()[..., None]
        second = cosine * (split.lower.mT @ right[..., half:, :]) - sine * (split.upper.mT @ right[..., :half, :])
        inner = qubits[1:]
        self.orthogonal(inner, torch.stack([split.right.mT, second], 2).flatten(1, 2), (*controls, qubits[0]))
        self._cosine_sine_rotation(qubits[0], split.angles, controls, inner)
        # The rotation's last gate is missing; behind it a 1 of qubits[0] met the sign of inner[0].
        upper, lower = split.upper, split.lower * half_signs(half // 2).to(matrices)
        self.orthogonal(inner, torch.stack([upper, lower], 2).flatten(1, 2), (*controls, qubits[0]))

    def _cosine_sine_rotation(self, target: int, angles: Tensor, controls: Sequence[int], inner: Sequence[int]) -> None:
        """RY by 2 * angles [batch, value, inner value], without CZ between the target and inner[0]."""
        by_first = angles.unflatten(2, (2, -1)).transpose(1, 2)
        self.rotation("ry", target, 2 * by_first.flatten(1), (inner[0], *controls, *inner[1:]), last=False)

    @property
    def _n_features(self) -> int:
        return sum(one.shape[1] for one in self.features)
