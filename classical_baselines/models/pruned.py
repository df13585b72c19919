# classical_baselines/models/pruned.py
"""A network most of whose weights become zero while it trains, and whose zeros are neither stored nor multiplied.

    s(t) = s_f (1 - (1 - (t - t_0) / (t_1 - t_0))^3)    share of zeros after the share t of the epochs, from t_0 to t_1

In each convolution and linear map the s(t) weights of least magnitude are zero; which they are is chosen anew at every
epoch up to t_1 and stays from there on. Biases, norms, tokens and positions are kept.

Counted is a processor that skips zeros: each layer costs its share of non-zero weights in multiply-accumulates, exactly
so, as every weight of a layer is used equally often. A non-zero weight is stored with its place, `PLACE_BYTES`.

References: Zhu & Gupta, arXiv 1710.01878, equation 1 (the schedule); Han, Mao & Dally, ICLR 2016, arXiv 1510.00149
(magnitudes; places stored beside the weights).
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.macs import BYTES_PER_FLOAT, layer_costs
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.models.nested import chosen_network

PLACE_BYTES = 2  # of a non-zero weight within its row
_PRUNED_KINDS = (nn.Conv1d, nn.Conv2d, nn.Linear)


@dataclass(frozen=True)
class Pruned:
    """The options of pruning, and the network that is pruned."""

    network: dict[str, Any] = field(default_factory=lambda: {"name": "residual-cnn"})
    sparsity: float = 0.8  # share of zeros at the end
    prune_from: float = 0.2  # share of the epochs before the first weight is pruned
    prune_until: float = 0.7  # share of the epochs after which the zeros stay where they are

    def __post_init__(self) -> None:
        chosen_network(self.network, what="network")
        if not 0 <= self.sparsity < 1:
            raise InputError(f"sparsity must lie in [0, 1); got {self.sparsity}.")
        if not 0 <= self.prune_from <= self.prune_until < 1:
            raise InputError(
                "prune_from and prune_until must lie in [0, 1), in this order: the last epochs train what is left; "
                f"got {self.prune_from} and {self.prune_until}."
            )

    def sparsity_after(self, share: float) -> float:
        """Share of zeros after a share of the epochs.

        >>> [round(Pruned(sparsity=0.8).sparsity_after(share), 3) for share in (0.1, 0.2, 0.45, 0.7, 1.0)]
        [0.0, 0.0, 0.7, 0.8, 0.8]
        """
        if share < self.prune_from:
            return 0.0
        if share >= self.prune_until:
            return self.sparsity
        done = (share - self.prune_from) / (self.prune_until - self.prune_from)
        return self.sparsity * (1 - (1 - done) ** 3)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        return PrunedClassifier(self, chosen_network(self.network, what="network").build(shape, n_classes))


class PrunedClassifier(Classifier):
    """The network of `Pruned`, with a mask of zeros and ones over each weight that may be pruned."""

    settled: Tensor  # whether the zeros stay where they are

    def __init__(self, options: Pruned, network: Classifier) -> None:
        super().__init__()
        self.options = options
        self.network = network
        self.hidden_maps = tuple(f"network.{name}" for name in network.hidden_maps)
        self.weight_names = tuple(
            f"{name}.weight" for name, part in network.named_modules() if isinstance(part, _PRUNED_KINDS)
        )
        for i, name in enumerate(self.weight_names):
            self.register_buffer(f"mask_{i}", torch.ones_like(network.get_parameter(name)))
        self.register_buffer("settled", torch.tensor(False))

    def masks(self) -> dict[str, Tensor]:
        """The mask of each weight by the weight's name."""
        return {name: self.get_buffer(f"mask_{i}") for i, name in enumerate(self.weight_names)}

    def forward(self, encoded: Tensor) -> Tensor:
        weights = {name: self.network.get_parameter(name) * mask for name, mask in self.masks().items()}
        logits: Tensor = functional_call(self.network, weights, (encoded,))
        return logits

    def penalty(self) -> Tensor:
        return self.network.penalty()

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        self.network.start_epoch(epoch, n_epochs)
        if self.settled:
            return
        share = 1.0 if epoch + 1 == n_epochs else epoch / n_epochs  # however few the epochs, the last one has all zeros
        for name, mask in self.masks().items():
            mask.copy_(self.kept(name, self.options.sparsity_after(share)))
        self.settled.fill_(share >= self.options.prune_until)

    def kept(self, name: str, sparsity: float) -> Tensor:
        """The mask that leaves a weight, by its name, with this share of zeros."""
        return largest_kept(self.network.get_parameter(name), sparsity)

    def n_parameters(self) -> int:
        """Those that are not zero."""
        return self.network.n_parameters() - sum(int((mask == 0).sum()) for mask in self.masks().values())

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Per clip; every layer at its share of non-zero weights."""
        counts = OperationCounts()
        for name, cost in layer_costs(self.network, encoded[:1]).items():
            masks = [mask for weight, mask in self.masks().items() if weight.startswith(f"{name}.")]
            n_weights, n_kept = sum(mask.numel() for mask in masks), sum(int(mask.sum()) for mask in masks)
            operations: dict[str, float] = dict(cost.operations)
            n_bytes = cost.weight_bytes + cost.activation_bytes
            if n_kept < n_weights:
                operations["mac_fp32"] *= n_kept / n_weights
                n_bytes += n_kept * PLACE_BYTES - (n_weights - n_kept) * BYTES_PER_FLOAT
            counts += OperationCounts.of("network", name, **operations, **({"sram_bytes": n_bytes} if n_bytes else {}))
        return counts


def largest_kept(weight: Tensor, sparsity: float) -> Tensor:
    """A mask that is 0 at the round(sparsity * n) weights of least magnitude, and leaves one at the least.

    >>> largest_kept(torch.tensor([3.0, -0.1, 0.2, -5.0]), 0.5).tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    n_zeros = min(round(sparsity * weight.numel()), weight.numel() - 1)
    mask = torch.ones_like(weight)
    least = weight.detach().abs().reshape(-1).argsort(stable=True)[:n_zeros]
    return mask.reshape(-1).index_fill(0, least, 0.0).reshape(weight.shape)
