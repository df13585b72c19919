# classical_baselines/models/support_vector.py
"""Support vector machine with a Gaussian kernel on standardised features, fitted by scikit-learn (libsvm).

    k(x, v) = exp(-gamma |x - v|^2), expanded: exp(2 gamma x.v - gamma |v|^2 - gamma |x|^2)
    d_ij    = sum over the support vectors v of classes i < j of a_ij(v) k(x, v) + b_ij           one versus one
    s_i     = sum_j d_ij - sum_j d_ji, wins_i = the number of pairs that i wins (d >= 0: the first)
    logit_i = wins_i + s_i / (3 (|s_i| + 1))

which is scikit-learn's one-versus-rest decision function: votes, with ties settled by s. With two classes the
logits are -d and d. They are no log-probabilities: calibrate them before any use as such.

    encoded     [batch, ...]        flattened to features
    logits      [batch, class]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.models.standardisation import Standardisation, check_every_class, check_pictures

_SIZED_BY_FIT = ("support_vectors", "dual_coefficients")


@dataclass(frozen=True)
class SupportVectorMachine:
    """Options of the machine: the price of a margin error and the width of the kernel."""

    c: float = 10.0
    gamma: float | Literal["scale"] = "scale"  # "scale": 1 / (n_features * variance of the standardised features)

    def __post_init__(self) -> None:
        if not self.c > 0:
            raise InputError(f"c must be greater than 0; got {self.c}.")
        if self.gamma != "scale" and not (isinstance(self.gamma, int | float) and self.gamma > 0):
            raise InputError(f"gamma must be greater than 0, or 'scale'; got {self.gamma!r}.")

    def build(self, shape: EncodedShape, n_classes: int) -> "SupportVectorClassifier":
        """A machine that is still to be fitted."""
        check_pictures(shape, "support-vector-machine")
        return SupportVectorClassifier(self, shape.n_channels, n_classes)


class SupportVectorClassifier(Classifier):
    """Everything that was fitted, as buffers; two of them get their size by the fit."""

    support_vectors: Tensor  # [support, feature], standardised, sorted by class
    dual_coefficients: Tensor  # [class - 1, support]: of a vector of class i, against each other class in order
    n_support: Tensor  # [class]
    intercepts: Tensor  # [pair], pairs (0, 1), (0, 2), ..., (1, 2), ...
    gamma: Tensor

    def __init__(self, options: SupportVectorMachine, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.standardise = Standardisation(n_features)
        self.pairs = tuple(combinations(range(n_classes), 2))
        self.register_buffer("support_vectors", torch.zeros(0, n_features))
        self.register_buffer("dual_coefficients", torch.zeros(n_classes - 1, 0))
        self.register_buffer("n_support", torch.zeros(n_classes, dtype=torch.long))
        self.register_buffer("intercepts", torch.zeros(len(self.pairs)))
        self.register_buffer("gamma", torch.zeros(()))

    def fit_directly(self, encoded: Tensor, targets: Tensor, seed: int) -> bool:
        """Fit to training clips and their class indices; the solution does not depend on the seed."""
        from sklearn.svm import SVC

        del seed
        check_every_class(targets, len(self.n_support))
        features = self.standardise.fit(encoded.flatten(start_dim=1)).cpu().numpy()
        fitted = SVC(C=self.options.c, gamma=self.options.gamma).fit(features, targets.cpu().numpy())
        gamma = 1 / (features.shape[1] * features.var()) if self.options.gamma == "scale" else self.options.gamma
        # Of two classes scikit-learn turns the sign, so that a positive value speaks for the second.
        sign = -1 if len(self.n_support) == 2 else 1
        self.support_vectors = torch.from_numpy(fitted.support_vectors_).to(self.mean_like)
        self.dual_coefficients = torch.from_numpy(sign * fitted.dual_coef_).to(self.mean_like)
        self.n_support.copy_(torch.from_numpy(fitted.n_support_))
        self.intercepts.copy_(torch.from_numpy(sign * fitted.intercept_))
        self.gamma.fill_(float(gamma))
        return True

    def n_parameters(self) -> int:
        fitted = (self.support_vectors, self.dual_coefficients, self.intercepts, self.gamma)
        return self.standardise.n_parameters() + sum(values.numel() for values in fitted)

    @property
    def mean_like(self) -> Tensor:
        """A tensor whose precision and device all fitted values take."""
        return self.standardise.mean

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any, **kwargs: Any) -> None:
        for name in _SIZED_BY_FIT:
            if prefix + name in state_dict:
                setattr(self, name, torch.empty_like(state_dict[prefix + name], device=self.mean_like.device))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def pairwise_coefficients(self) -> Tensor:
        """[pair, support], 0 where a support vector is of neither class of a pair."""
        beyond = self.n_support.cumsum(0).tolist()
        first = [0, *beyond[:-1]]
        coefficients = self.dual_coefficients.new_zeros(len(self.pairs), len(self.support_vectors))
        for pair, (i, j) in enumerate(self.pairs):
            of_i, of_j = slice(first[i], beyond[i]), slice(first[j], beyond[j])
            coefficients[pair, of_i] = self.dual_coefficients[j - 1, of_i]
            coefficients[pair, of_j] = self.dual_coefficients[i, of_j]
        return coefficients

    def forward(self, encoded: Tensor) -> Tensor:
        """[batch, ...] -> logits [batch, class]; in float64 within, where a vote may hang on the last digit."""
        if not len(self.support_vectors):
            raise RuntimeError(
                "This support vector machine has not been fitted. Call fit_directly, or load its weights."
            )
        features = self.standardise(encoded.flatten(start_dim=1).double())
        vectors, gamma = self.support_vectors.double(), self.gamma.double()
        exponent = 2 * gamma * (features @ vectors.T) - gamma * vectors.square().sum(dim=1)
        kernel = torch.exp(exponent - gamma * features.square().sum(dim=1, keepdim=True))
        decisions = kernel @ self.pairwise_coefficients().double().T + self.intercepts.double()
        return one_versus_rest(decisions, len(self.n_support)).to(encoded.dtype)

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Per clip: each support vector once; -gamma |v|^2, 2 gamma and gamma are stored. A sign costs nothing."""
        del encoded  # the same for every clip
        n_support, n_features = self.support_vectors.shape
        n_classes, n_pairs = len(self.n_support), len(self.pairs)
        kernel = OperationCounts.of(
            "network",
            "kernel",
            # x.v and |x|^2; then 2 gamma x.v - gamma |v|^2, from which gamma |x|^2 is taken away.
            mac_fp32=n_support * n_features + n_features + n_support,
            multiply_fp32=1,
            add_fp32=n_support,
            transcendental_fp32=n_support,
            sram_bytes=4 * (n_support * n_features + n_support + 2 + n_features + n_support),
        )
        n_coefficients = n_support * (n_classes - 1)
        decisions = OperationCounts.of(
            "network",
            "decisions",
            mac_fp32=n_coefficients,
            add_fp32=n_pairs,
            sram_bytes=4 * (n_coefficients + n_pairs + n_support + n_pairs),
        )
        if n_classes == 2:
            votes = OperationCounts.of("readout", "votes", sram_bytes=4 * (1 + 2))
        else:
            # A pair: who wins, one vote, s of both. A class: |s| + 1, times 3, a division, + wins.
            votes = OperationCounts.of(
                "readout",
                "votes",
                compare_fp32=n_pairs,
                add_fp32=3 * n_pairs + 2 * n_classes,
                multiply_fp32=n_classes,
                transcendental_fp32=n_classes,
                sram_bytes=4 * (n_pairs + n_classes),
            )
        return self.standardise.operations() + kernel + decisions + votes


def one_versus_rest(decisions: Tensor, n_classes: int) -> Tensor:
    """Decision values of pairs [batch, pair] -> of classes [batch, class]."""
    if n_classes == 2:
        return torch.cat([decisions, -decisions], dim=1)
    wins = decisions.new_zeros(len(decisions), n_classes)
    sums = decisions.new_zeros(len(decisions), n_classes)
    for pair, (i, j) in enumerate(combinations(range(n_classes), 2)):
        decision = decisions[:, pair]
        sums[:, i] += decision
        sums[:, j] -= decision
        wins[:, i] += decision >= 0
        wins[:, j] += decision < 0
    return wins + sums / (3 * (sums.abs() + 1))
