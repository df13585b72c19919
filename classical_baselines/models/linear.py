# classical_baselines/models/linear.py
"""Linear classifiers, the floor of every study: one trained by the common loop, one solved directly.

    logits = W x + b, x the flattened intensity or features                                      `LinearLayer`
    logits = W (x - mean) / deviation + b, mean and deviation of each feature on training clips  `LinearModel`

`LinearModel` is multinomial logistic regression with an L2 penalty of inverse strength c, minimised to the end by
scikit-learn's L-BFGS. With two classes its logits are 0 and scikit-learn's one decision value.

    encoded     [batch, ...]        flattened to features
    logits      [batch, class]
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.models.standardisation import Standardisation, check_every_class, check_pictures

_MOST_ITERATIONS = 2000  # of L-BFGS; standardised features need a few hundred


@dataclass(frozen=True)
class LinearLayer:
    """One linear layer over the whole picture, trained by gradients like every network."""

    def build(self, shape: EncodedShape, n_classes: int) -> "LinearLayerClassifier":
        """A new layer with torch's initial weights."""
        check_pictures(shape, "linear-layer")
        return LinearLayerClassifier(shape.n_channels, n_classes)


class LinearLayerClassifier(Classifier):
    """W x + b."""

    def __init__(self, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(n_features, n_classes))

    def forward(self, encoded: Tensor) -> Tensor:
        """[batch, ...] -> logits [batch, class]."""
        return self.layers(encoded)


@dataclass(frozen=True)
class LinearModel:
    """Multinomial logistic regression on standardised features."""

    c: float = 0.05  # inverse strength of the L2 penalty

    def __post_init__(self) -> None:
        if not self.c > 0:
            raise InputError(f"c must be greater than 0; got {self.c}.")

    def build(self, shape: EncodedShape, n_classes: int) -> "LinearModelClassifier":
        """A model that is still to be fitted."""
        check_pictures(shape, "linear-model")
        return LinearModelClassifier(self, shape.n_channels, n_classes)


class LinearModelClassifier(Classifier):
    """Standardisation, weights and biases, all as buffers."""

    weight: Tensor
    bias: Tensor

    def __init__(self, options: LinearModel, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.standardise = Standardisation(n_features)
        self.register_buffer("weight", torch.zeros(n_classes, n_features))
        self.register_buffer("bias", torch.zeros(n_classes))

    def fit_directly(self, encoded: Tensor, targets: Tensor, seed: int) -> bool:
        """Fit to training clips and their class indices; the solution does not depend on the seed."""
        from sklearn.linear_model import LogisticRegression

        del seed
        check_every_class(targets, len(self.bias))
        features = self.standardise.fit(encoded.flatten(start_dim=1)).cpu().numpy()
        fitted = LogisticRegression(C=self.options.c, max_iter=_MOST_ITERATIONS).fit(features, targets.cpu().numpy())
        # Of two classes scikit-learn keeps the second one's row; the first one's logit is then 0.
        self.weight[-len(fitted.coef_) :] = torch.from_numpy(fitted.coef_).to(self.weight)
        self.bias[-len(fitted.coef_) :] = torch.from_numpy(fitted.intercept_).to(self.bias)
        return True

    def n_parameters(self) -> int:
        return self.standardise.n_parameters() + self.weight.numel() + self.bias.numel()

    def forward(self, encoded: Tensor) -> Tensor:
        """[batch, ...] -> logits [batch, class]."""
        features = self.standardise(encoded.flatten(start_dim=1))
        return nn.functional.linear(features, self.weight.to(features), self.bias.to(features))

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Per clip: every weight once, a bias for each sum. Of two classes the first one's logit is 0 and costs
        nothing but its place."""
        del encoded  # the same for every clip
        n_classes, n_features = self.weight.shape
        n_sums = 1 if n_classes == 2 else n_classes
        return self.standardise.operations() + OperationCounts.of(
            "network",
            "linear",
            mac_fp32=n_sums * n_features,
            add_fp32=n_sums,
            sram_bytes=4 * (n_sums * n_features + n_sums + n_features + n_classes),
        )
