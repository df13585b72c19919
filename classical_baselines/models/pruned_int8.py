# classical_baselines/models/pruned_int8.py
"""A network most of whose weights become zero while it trains, as in `pruned`, and which trains on as integers.

The zeros follow the schedule of `pruned`; what is pruned is a network that fake quantisation can take to int8. A mask
stands over each weight itself, so that batch norm folds into masked weights, a channel's step is that of what is left,
and whoever reads the weights reads the zeros. A float of 0 is an integer of 0: what is pruned stays so on `int8`.

Other than in `pruned`, the largest weight of each output channel stays. A channel of zeros alone would have no step of
its own, and its bias, in units of that step, no int32. A layer with few weights per channel may keep more than asked.

The backend `int8` multiplies the zeros and stores them; `int8-zeros-skipped` does neither. As floats (`torch-float`)
they are skipped, as in `pruned`.

References: Zhu & Gupta, arXiv 1710.01878 (the schedule); Jacob et al., CVPR 2018, arXiv 1712.05877 (the integers).
"""

from dataclasses import dataclass, fields, replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.nested import NETWORKS, chosen_network
from classical_baselines.models.pruned import Pruned, PrunedClassifier, largest_kept

BITS = 8
QUANTISABLE = tuple(
    name for name, options in NETWORKS.items() if "bits" in {field.name for field in fields(cast(Any, options))}
)


@dataclass(frozen=True)
class PrunedInt8(Pruned):
    """The options of `Pruned`. The network is named without its bits, and built with 8."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.network["name"] not in QUANTISABLE:
            raise InputError(
                f"network must be one that can train as integers ({', '.join(QUANTISABLE)}); "
                f"got {self.network['name']!r}. Choose one of them, or the classifier 'pruned', which stays in floats."
            )

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        options: Any = chosen_network(self.network, what="network")
        return PrunedInt8Classifier(self, replace(options, bits=BITS).build(shape, n_classes))


class Kept(nn.Module):
    """A weight where its mask is 1, and 0 where that is 0."""

    mask: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", torch.ones_like(weight))

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.mask


class PrunedInt8Classifier(PrunedClassifier):
    """The network of `PrunedInt8`; each mask stands at its weight, not beside the network."""

    def __init__(self, options: PrunedInt8, network: Classifier) -> None:
        super().__init__(options, network)
        for i, name in enumerate(self.weight_names):
            delattr(self, f"mask_{i}")
            layer = network.get_submodule(name.removesuffix(".weight"))
            parametrize.register_parametrization(layer, "weight", Kept(network.get_parameter(name).detach()))

    def masks(self) -> dict[str, Tensor]:
        layers = {name: self.network.get_submodule(name.removesuffix(".weight")) for name in self.weight_names}
        return {name: layer.get_buffer("parametrizations.weight.0.mask") for name, layer in layers.items()}

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.network(encoded)
        return logits

    def kept(self, name: str, sparsity: float) -> Tensor:
        weight = self.network.get_parameter(f"{name.removesuffix('weight')}parametrizations.weight.original")
        return largest_kept_in_channels(weight, sparsity)


def largest_kept_in_channels(weight: Tensor, sparsity: float) -> Tensor:
    """A mask [out, ...] that is 0 at the round(sparsity * n) weights of least magnitude, the largest of each output
    channel aside, which stay.

    >>> largest_kept_in_channels(torch.tensor([[3.0, -5.0, 4.0], [0.1, 0.2, -0.3]]), 0.5).tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """
    size = weight.detach().abs()
    rows = size.flatten(1)
    size = rows.scatter(1, rows.argmax(1, keepdim=True), torch.inf).reshape(weight.shape)
    mask = largest_kept(size, min(sparsity, 1 - len(weight) / weight.numel()))
    return torch.empty_like(weight).copy_(mask)
