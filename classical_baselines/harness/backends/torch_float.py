# classical_baselines/harness/backends/torch_float.py
"""The reference backend: the trained classifier itself, in PyTorch and 32-bit floating point.

    intensity [batch, mel, frame] -> encoder -> classifier in evaluation mode -> logits [batch, class]

The counts are the encoder's own and the classifier's: by its method `count_operations(encoded)` where it has one (a
count that depends on the data, such as spikes, is a mean over all clips), else by `count_modules` on one clip.
"""

import time
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor

from classical_baselines.harness.contracts import Classifier, Outcome, Trained
from classical_baselines.harness.macs import BYTES_PER_FLOAT, count_modules, evaluating
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.streamed_rows import Rows


def classifier_operations(classifier: Classifier, encoded: Tensor) -> OperationCounts:
    """Mean counts per clip of a classifier for a batch as its encoder gives it."""
    own = getattr(classifier, "count_operations", None)
    if own is not None:
        return cast(OperationCounts, own(encoded))
    return count_modules(classifier, encoded.narrow(classifier.batch_axis, 0, 1))


@dataclass(frozen=True)
class TorchFloat:
    """The options of the float backend."""

    batch_size: int = 256  # clips at a time; the logits do not depend on it
    takes_rows: ClassVar[bool] = True  # also rows that stream: it reads one batch after another

    def run(self, trained: Trained, intensity: Rows, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and counts for [batch, mel, frame]; this backend draws no pictures."""
        del n_exhibits
        if len(intensity) == 0:
            raise ValueError("intensity holds no clip. Give at least one.")
        logits: list[Tensor] = []
        counts = OperationCounts()
        wall_seconds = 0.0
        with evaluating(trained.classifier), torch.no_grad():
            for batch in intensity.split(self.batch_size):
                started = time.perf_counter()
                encoded = trained.encoder(batch, generator)
                logits.append(trained.classifier(encoded).float())
                wall_seconds += time.perf_counter() - started
                share = len(batch) / len(intensity)
                counts += trained.encoder.operations(batch, encoded).scaled(share)
                counts += classifier_operations(trained.classifier, encoded).scaled(share)
        n_parameters = trained.classifier.n_parameters()
        return Outcome(
            logits=torch.cat(logits),
            counts=counts,
            wall_seconds=wall_seconds,
            notes={"n_parameters": n_parameters, "weight_bytes": BYTES_PER_FLOAT * n_parameters},
        )
