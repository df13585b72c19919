# classical_baselines/models/int8_zeros_skipped.py
"""Backend `int8-zeros-skipped`: the integers and logits of `int8`, counted as a processor that skips weights of 0.

    multiply-accumulates    non-zero integer weights of a layer, times the places of its output
    bytes of weights        non-zero integer weights * (1 + `PLACE_BYTES`)

The first is exact, as every weight of a layer is used once at each place. Zero is the integer: a weight that rounds to
0 is skipped as one that was pruned is. A non-zero weight is stored with its place, as in `pruned`; where a row of
weights ends is not counted. Activations of 0 are not skipped, and all else costs what it costs on `int8`: biases, sums,
means, requantisations, the bytes of activations.

It runs whatever `int8` runs. A network with fewer than two thirds of zeros costs more bytes here than there: the places
are paid for all the same.

References: Han, Mao & Dally, ICLR 2016, arXiv 1510.00149 (places beside the weights); Han et al., ISCA 2016, arXiv
1602.01528 (EIE, a processor that skips zero weights).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from classical_baselines.harness.contracts import Outcome, Trained
from classical_baselines.harness.streamed_rows import Rows
from classical_baselines.models.int8_backend import Int8
from classical_baselines.models.integer_network import BIAS_BYTES, IntegerNetwork, integer_outcome, integer_weights
from classical_baselines.models.pruned import PLACE_BYTES
from classical_baselines.models.quantised import LinearMap

KEPT_BYTES = 1 + PLACE_BYTES  # of a non-zero weight, with its place


class ZerosSkippedNetwork(IntegerNetwork):
    """The integer run of a quantised classifier; `logits` leaves the counts of its non-zero weights."""

    def _count(self, layer: str, **operations: float) -> None:
        module = self.fetch_attr(layer)
        if isinstance(module, LinearMap):
            n_weights, n_kept = module.convolution.weight.numel(), n_non_zero(module)
            n_places = operations["mac_int8"] / n_weights
            operations["mac_int8"] = n_places * n_kept
            operations["sram_bytes"] += KEPT_BYTES * n_kept - n_weights
        super()._count(layer, **operations)


def n_non_zero(module: LinearMap) -> int:
    """Integer weights that are not 0."""
    return int(integer_weights(module)[0].count_nonzero())


def n_kept_parameters(classifier: nn.Module) -> Mapping[str, int]:
    """How many non-zero weights and biases are stored, and in how many bytes, places included."""
    maps = [module for module in classifier.modules() if isinstance(module, LinearMap)]
    n_kept, n_biases = sum(map(n_non_zero, maps)), sum(module.convolution.out_channels for module in maps)
    return {"n_parameters": n_kept + n_biases, "weight_bytes": KEPT_BYTES * n_kept + BIAS_BYTES * n_biases}


@dataclass(frozen=True)
class Int8ZerosSkipped(Int8):
    """The options of `int8`."""

    def run(self, trained: Trained, intensity: Rows, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """As of `int8`, with the counts of weights that are not 0."""
        del n_exhibits
        network, notes = ZerosSkippedNetwork(trained.classifier), n_kept_parameters(trained.classifier)
        return integer_outcome(network, trained, intensity, generator, self.batch_size, notes)
