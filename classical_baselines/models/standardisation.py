# classical_baselines/models/standardisation.py
"""Features of unlike units to mean 0 and deviation 1, by what was found on training clips.

    standardised = (x - mean) * inverse_deviation        [batch, feature]

A feature that never varies keeps its deviation of 1, as in scikit-learn, and so becomes 0.
"""

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts


class Standardisation(nn.Module):
    """Mean and inverse deviation of each feature, as buffers."""

    mean: Tensor
    inverse_deviation: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("inverse_deviation", torch.ones(n_features))

    def n_parameters(self) -> int:
        """Two numbers for each feature."""
        return 2 * len(self.mean)

    def fit(self, features: Tensor) -> Tensor:
        """Fit to [batch, feature] of training clips; return them standardised, in float64."""
        exact = features.double()
        mean = exact.mean(dim=0)
        deviation = exact.std(dim=0, correction=0)
        # Rounding leaves a constant feature with a deviation that is tiny, not 0.
        varies = deviation > 1e-7 * mean.abs().clamp_min(1e-30)
        self.mean.copy_(mean)
        self.inverse_deviation.copy_(torch.where(varies, 1 / deviation, torch.ones_like(deviation)))
        return self(exact)

    def forward(self, features: Tensor) -> Tensor:
        """[batch, feature], standardised, in the precision that it came in."""
        return (features - self.mean.to(features)) * self.inverse_deviation.to(features)

    def operations(self) -> OperationCounts:
        """A subtraction and a product per feature; two constants and the feature read, one value written."""
        n_features = len(self.mean)
        return OperationCounts.of(
            "network",
            "standardise",
            add_fp32=n_features,
            multiply_fp32=n_features,
            sram_bytes=4 * 4 * n_features,
        )


def check_pictures(shape: EncodedShape, classifier: str) -> None:
    """Refuse a code that is not a picture or features as they are."""
    if shape.code != "intensity":
        raise InputError(
            f"{classifier} reads intensities or features as they are; its encoder gives {shape.code!r}. "
            "Choose the encoder 'none'."
        )


def check_every_class(targets: Tensor, n_classes: int) -> None:
    """Refuse to fit where a class has no training clip: nothing could be said of it."""
    missing = sorted(set(range(n_classes)) - set(targets.tolist()))
    if missing:
        raise InputError(
            f"Class {', '.join(map(str, missing))} of {n_classes} has no training clip. Add some, or drop it."
        )
