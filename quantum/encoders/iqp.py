# quantum/encoders/iqp.py
"""IQP code: Hadamards, then phases of single intensities and of products of two, repeated.

    H on every qubit;  RZ(scale x_i) on each;  RZZ(scale x_i x_j) on each pair i < j;  `n_repeats` times

Its amplitudes are believed hard to compute in general; at the sizes of a spectrogram code they are simulated in full.
F features on F qubits take F (F - 1) CX a repetition, two for each RZZ.

Shepherd & Bremner, Proc. R. Soc. A 465, 1413 (2009); as a feature map Havlicek et al., Nature 567, 209 (2019), arXiv
1804.11326, here with the plain products of the intensities.
"""

from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Angle, Circuit, Gate, Operation
from quantum.encoders.qubit_each import QubitEach

MOST_REPEATS = 16


@dataclass(frozen=True)
class IqpEncoder(QubitEach):
    """The options of an IQP code."""

    n_repeats: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n_repeats <= MOST_REPEATS:
            raise InputError(f"n_repeats must lie in 1 to {MOST_REPEATS}; got {self.n_repeats}.")

    def features(self, intensities: Tensor) -> Tensor:
        """The intensities, then their products, pair by pair."""
        first, second = torch.triu_indices(intensities.shape[1], intensities.shape[1], offset=1)
        return torch.cat([intensities, intensities[:, first] * intensities[:, second]], 1)

    def feature_operations(self, n_features: int) -> OperationCounts:
        """A product for each pair, and one scaling of each."""
        n_pairs = n_features * (n_features - 1) // 2
        return OperationCounts.of("encoder", "angles", multiply_fp32=n_features + 2 * n_pairs)

    def circuit(self, n_features: int) -> Circuit:
        operations: list[Operation] = []
        for _ in range(self.n_repeats):
            operations += [Gate("h", (one,)) for one in range(n_features)]
            operations += [
                Gate("rz", (one,), Angle(feature=one, scale=self.scale_radians)) for one in range(n_features)
            ]
            operations += [
                Gate("rzz", pair, Angle(feature=n_features + number, scale=self.scale_radians))
                for number, pair in enumerate(combinations(range(n_features), 2))
            ]
        return Circuit(n_features, tuple(operations))
