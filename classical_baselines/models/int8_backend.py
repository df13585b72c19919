# classical_baselines/models/int8_backend.py
"""Backend `int8`: a classifier trained with quantisation, run in integers by ONNX's rules.

The encoder before it (pooling, if any) is counted as it is; the network's counts are integer operations.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from classical_baselines.harness.contracts import Outcome, Trained
from classical_baselines.harness.streamed_rows import Rows
from classical_baselines.models.integer_network import IntegerNetwork, integer_outcome, n_integer_parameters


@dataclass(frozen=True)
class Int8:
    """The options of the integer backend."""

    batch_size: int = 256  # clips at a time; the logits do not depend on it
    takes_rows: ClassVar[bool] = True  # also rows that stream: it reads one batch after another

    def run(self, trained: Trained, intensity: Rows, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and integer counts for [batch, mel, frame]; this backend draws no pictures."""
        del n_exhibits
        network, notes = IntegerNetwork(trained.classifier), n_integer_parameters(trained.classifier)
        return integer_outcome(network, trained, intensity, generator, self.batch_size, notes)
