# quantum/classifiers/many_circuits.py
"""A classifier that runs many small circuits for one clip: what a backend must know of it to run it in shots.

Quanvolution runs one for each patch of the picture, a quantum kernel one for each support vector.
"""

from abc import abstractmethod

import numpy as np
from torch import Tensor

from classical_baselines.harness.contracts import Classifier
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit


class ManyCircuits(Classifier):
    """The contract of such a classifier."""

    @abstractmethod
    def n_circuits(self, encoded: Tensor) -> int:
        """Circuits of one clip, each of which is run `n_shots` times."""

    @abstractmethod
    def circuit(self, preparation: Circuit | None) -> Circuit:
        """One of them, whole, on |0...0>; `preparation` is the circuit of the encoder's states, where it has one."""

    @abstractmethod
    def logits_in_shots(self, encoded: Tensor, n_shots: int, draw: np.random.Generator) -> Tensor:
        """Logits [batch, class] where every circuit is sampled."""

    @abstractmethod
    def classical_operations(self, encoded: Tensor) -> OperationCounts:
        """Of a clip: what runs beside the circuits."""
