# quantum/controls/kernel_surrogate.py
"""Control: the exact classical surrogate of every circuit behind a state code, as a ridge regression with a kernel.

    kernel     k(x, v) = |<x|v>|**2 of unit vectors, real or complex
    logits     bias + sum over training clips v of weight[v, class] k(x, v)                     [batch, class]
    weights    (K + ridge * I)**-1 (targets - bias), targets 1 for the class and 0 for the others, bias their mean

A circuit's outcome probabilities, and every linear readout of them, are linear in the state's projector |x><x|. The
functions that are linear in it have this kernel, so whatever circuit, depth and head is chosen, what it computes is
among what this can (Schuld, arXiv 2101.11020). Of real vectors the kernel is (x . v)**2: the quadratic forms. It is
solved in closed form from all training clips as they are; nothing is augmented and no seed changes it. The logits are
no log-probabilities: calibrate them before any use as such.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.operations import OperationCounts
from quantum.classifiers.sized_by_fit import SizedByFit
from quantum.engine.overlaps import real_values, squared_overlaps_of_values

MOST_TRAINING_CLIPS = 10_000  # a kernel matrix of 800 MB


class KernelSurrogateClassifier(SizedByFit):
    """Everything that was fitted, as buffers, which get their size by the fit."""

    sized_by_fit = ("vectors", "weights")
    vectors: Tensor  # [training clip, value]: amplitudes; of complex ones the real parts, then the imaginary ones
    weights: Tensor  # [training clip, class]
    bias: Tensor  # [class]

    def __init__(self, ridge: float, n_values: int, n_classes: int) -> None:
        super().__init__()
        self.ridge = ridge
        self.register_buffer("vectors", torch.zeros(0, n_values))
        self.register_buffer("weights", torch.zeros(0, n_classes))
        self.register_buffer("bias", torch.zeros(n_classes))

    def fit_directly(self, encoded: Tensor, targets: Tensor, seed: int) -> bool:
        """Fit to training states and their class indices; the solution does not depend on the seed."""
        del seed
        if len(encoded) > MOST_TRAINING_CLIPS:
            raise InputError(
                f"kernel-surrogate takes up to {MOST_TRAINING_CLIPS:,} training clips; got {len(encoded):,}. "
                "Choose quadratic-surrogate, which is trained by gradients."
            )
        values = real_values(encoded).double()
        kernel = squared_overlaps_of_values(values, values, encoded.is_complex())
        wanted = torch.nn.functional.one_hot(targets, len(self.bias)).double()
        bias = wanted.mean(0)
        solved = torch.linalg.solve(kernel + self.ridge * torch.eye(len(kernel), dtype=torch.float64), wanted - bias)
        self.vectors, self.weights = values.to(self.bias), solved.to(self.bias)
        self.bias.copy_(bias)
        return True

    def n_parameters(self) -> int:
        return self.vectors.numel() + self.weights.numel() + self.bias.numel()

    def forward(self, encoded: Tensor) -> Tensor:
        if not len(self.vectors):
            raise RuntimeError("This kernel surrogate has not been fitted. Call fit_directly, or load its weights.")
        overlaps = squared_overlaps_of_values(real_values(encoded).to(self.bias), self.vectors, encoded.is_complex())
        return overlaps @ self.weights + self.bias

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Of one clip: an inner product with each training clip (two, of complex states), squared, then the sums."""
        n_clips, n_values = self.vectors.shape
        n_parts = 2 if encoded.is_complex() else 1
        n_classes = len(self.bias)
        kernel = OperationCounts.of(
            "network",
            "kernel",
            mac_fp32=n_clips * n_values * n_parts,
            multiply_fp32=n_clips * n_parts,
            add_fp32=n_clips * (n_parts - 1),
            sram_bytes=4 * (n_clips * n_values + n_values + n_clips),
        )
        return kernel + OperationCounts.of(
            "readout",
            "sums",
            mac_fp32=n_clips * n_classes,
            add_fp32=n_classes,
            sram_bytes=4 * (n_clips * n_classes + n_clips + 2 * n_classes),
        )


@dataclass(frozen=True)
class KernelSurrogate:
    """The options of the control."""

    ridge: float = 0.1  # added to the kernel, whose diagonal is 1

    def __post_init__(self) -> None:
        if not 0 < self.ridge < float("inf"):
            raise InputError(f"ridge must be greater than 0 and finite; got {self.ridge}.")

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        if shape.code not in {"state", "complex-state"}:
            raise InputError(
                f"kernel-surrogate reads states; got the code {shape.code!r}. Choose a state code, as amplitude."
            )
        n_values = shape.n_channels * (2 if shape.code == "complex-state" else 1)
        return KernelSurrogateClassifier(self.ridge, n_values, n_classes)
