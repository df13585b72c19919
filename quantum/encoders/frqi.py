# quantum/encoders/frqi.py
"""FRQI and SQPAM codes: every pooled intensity turns one value qubit, beside the position that it stands at.

    states   1 / sqrt(N) * sum over i of (cos t_i |0> + sin t_i |1>) |i>     [batch, amplitude], real, unit norm

    frqi     t = x pi / 2             the flexible representation of quantum images
    sqpam    t = arcsin sqrt(x)       the value qubit is 1 with probability x: single-qubit probability amplitude
                                      modulation, of samples from 0 to 1

N = mel * frame positions i = mel * n_frames + frame, each axis filled with zeros to a power of two; the value qubit is
the most significant of log2 N + 1. The intensity is in the ratio of two outcomes, so loudness is kept.

A rotation of the value qubit multiplexed by all positions takes N - 1 CX (`multiplexed`), where a rotation with log2 N
controls for every position, as first described and as quantumaudio 0.2.0 builds it, takes 20 to 40 times as many.

FRQI: Le, Dong & Hirota, Quantum Inf. Process. 10, 63 (2011). SQPAM: Itaborai & Miranda, Quantum representations of
sound, arXiv 2301.01595.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from classical_baselines.harness.checks import check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity
from quantum.circuits.circuit import Circuit, Gate
from quantum.circuits.decompositions import half_signs
from quantum.circuits.description import qubit_count
from quantum.circuits.multiplexed import gray_features, multiplexed_rotation
from quantum.encoders.amplitude import next_power_of_two
from quantum.encoders.circuit_code import CircuitCode
from quantum.engine.amplitudes import MAX_QUBITS

ANGLES = ("frqi", "sqpam")


@dataclass(frozen=True)
class FrqiEncoder(CircuitCode):
    """The options of an FRQI or SQPAM code."""

    pool: Pool = (2, 2)  # (mel, frame) means before encoding: 32 x 64 becomes 16 x 32, 10 qubits
    angle: str = "frqi"  # frqi or sqpam: how an intensity becomes an angle

    def __post_init__(self) -> None:
        check_pool(self.pool)
        if self.angle not in ANGLES:
            raise InputError(f"No angle is called {self.angle!r}. Choose one of: {', '.join(ANGLES)}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        turned = self._turned(intensity)
        return torch.cat([turned.cos(), turned.sin()], 1) / math.sqrt(turned.shape[1])

    def angles(self, intensity: Tensor) -> Tensor:
        turned = self._turned(intensity)
        if turned.shape[1] == 1:
            return 2 * turned
        # The rotation's last gate is missing: the sign of the value qubit's 1 where the upper position bit is 1.
        return gray_features(2 * turned * half_signs(turned.shape[1] // 2).to(turned))

    def preparation(self, n_mels: int, n_frames: int) -> Circuit:
        n_positions = qubit_count(math.prod(self.shape(n_mels, n_frames).grid[1:]))
        positions = range(n_positions)
        spread = [Gate("h", (one,)) for one in positions]
        return Circuit(n_positions + 1, (*spread, *multiplexed_rotation("ry", n_positions, positions, 0, last=False)))

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        grid = tuple(next_power_of_two(size) for size in pooled_grid(n_mels, n_frames, self.pool))
        if 2 * math.prod(grid) > 2**MAX_QUBITS:
            raise InputError(
                f"{grid[0]} x {grid[1]} positions and their value fill more than the {MAX_QUBITS} qubits that can be "
                f"trained with. Pool more; pool is now {self.pool}."
            )
        return EncodedShape("state", (2, *grid))

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Of the means, of the angles, and of the Walsh-Hadamard transform that gives the circuit's own."""
        del encoded
        n_mels, n_frames = intensity.shape[1:]
        n_values = math.prod(pooled_grid(n_mels, n_frames, self.pool))
        n_positions = math.prod(self.shape(n_mels, n_frames).grid[1:])
        return pool_operations(n_mels, n_frames, self.pool) + OperationCounts.of(
            "encoder",
            "angles",
            multiply_fp32=n_values + n_positions,
            transcendental_fp32=2 * n_values if self.angle == "sqpam" else 0,
            add_fp32=n_positions * qubit_count(n_positions),
        )

    def _turned(self, intensity: Tensor) -> Tensor:
        """[batch, position], radians from 0 to pi / 2."""
        check_finite("intensity", intensity)
        pooled = pooled_intensity(intensity, self.pool)
        turned = pooled * (math.pi / 2) if self.angle == "frqi" else torch.asin(pooled.sqrt())
        _, n_mels, n_frames = self.shape(*intensity.shape[1:]).grid
        return pad(turned, (0, n_frames - turned.shape[2], 0, n_mels - turned.shape[1])).flatten(1)
