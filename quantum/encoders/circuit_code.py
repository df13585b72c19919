# quantum/encoders/circuit_code.py
"""What the codes have in common that prepare a state by a circuit of rotations, whose angles are a clip's features.

    intensity   [batch, mel, frame]    in [0, 1]
    features    [batch, feature]       of the mean-pooled picture; what the circuit's angles follow
    states      [batch, amplitude]     unit norm: the code's circuit on |0...0>

A processor runs the very circuit that is simulated here, so its gates are what `quantum.transpiled` counts.
"""

import math
from abc import ABC, abstractmethod
from functools import lru_cache

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool, pool_operations, pooled_grid, pooled_intensity
from quantum.circuits.circuit import Circuit
from quantum.engine.amplitudes import MAX_QUBITS
from quantum.engine.execution import Engine


class CircuitCode(ABC):
    """A code whose states are prepared by one circuit for all clips, with angles of its own for each."""

    pool: Pool

    @abstractmethod
    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        """The states [batch, amplitude] of clips [batch, mel, frame]."""

    @abstractmethod
    def angles(self, intensity: Tensor) -> Tensor:
        """What the circuit's angles follow, [batch, feature], of clips [batch, mel, frame]."""

    @abstractmethod
    def preparation(self, n_mels: int, n_frames: int) -> Circuit:
        """The circuit for pictures of this size; on |0...0> it gives the states."""

    @abstractmethod
    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        """The shape that one clip is given."""

    @abstractmethod
    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """The classical work only, of what makes angles of a picture."""

    def fidelities(self, intensity: Tensor, encoded: Tensor) -> Tensor | None:
        """|<wanted|encoded>|**2 of each clip, [batch], where the code approximates a state; None where it is exact."""
        del intensity, encoded
        return None


class FeatureCode(CircuitCode):
    """A code whose angles follow pooled intensities, and whose states the engine finds from its circuit."""

    scale_radians: float

    @abstractmethod
    def n_qubits(self, n_features: int) -> int:
        """Qubits for the features of a picture."""

    @abstractmethod
    def circuit(self, n_features: int) -> Circuit:
        """The circuit that prepares the state; its features are those of `features`."""

    def features(self, intensities: Tensor) -> Tensor:
        """What the circuit's angles follow, of [batch, feature] pooled intensities: as they are."""
        return intensities

    def feature_operations(self, n_features: int) -> OperationCounts:
        """The classical work of making angles of pooled intensities: one scaling each."""
        return OperationCounts.of("encoder", "angles", multiply_fp32=n_features)

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; these codes draw nothing
        angles = self.angles(intensity)
        engine = _engine(self.preparation(*intensity.shape[1:])).to(intensity.device)
        start = angles.new_zeros(len(angles), 2**engine.circuit.n_qubits)
        start[:, 0] = 1
        states: Tensor = engine(start, angles.new_zeros(0), angles)
        return states

    def angles(self, intensity: Tensor) -> Tensor:
        return self.features(pooled_intensity(intensity, self.pool).flatten(1))

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_features = math.prod(pooled_grid(n_mels, n_frames, self.pool))
        n_qubits = self.n_qubits(n_features)
        if n_qubits > MAX_QUBITS:
            raise InputError(
                f"{n_features} pooled intensities fill {n_qubits} qubits, and {MAX_QUBITS} can be trained with. "
                f"Pool more; pool is now {self.pool}."
            )
        return EncodedShape("complex-state", (2**n_qubits,))

    def preparation(self, n_mels: int, n_frames: int) -> Circuit:
        self.shape(n_mels, n_frames)
        return self.circuit(math.prod(pooled_grid(n_mels, n_frames, self.pool)))

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        del encoded
        n_mels, n_frames = intensity.shape[1:]
        n_features = math.prod(pooled_grid(n_mels, n_frames, self.pool))
        return pool_operations(n_mels, n_frames, self.pool) + self.feature_operations(n_features)


@lru_cache(maxsize=32)
def _engine(circuit: Circuit) -> Engine:
    return Engine(circuit)


def check_circuit_code(pool: Pool, scale_radians: float) -> None:
    """Refuse a pool that is none, and a scale at which intensities of 0 and 1 could not differ."""
    check_pool(pool)
    if not 0 < scale_radians <= 2 * math.pi:
        raise InputError(f"scale_radians must lie in (0, 2 pi]; got {scale_radians}.")
