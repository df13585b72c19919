# classical_baselines/models/low_bit_backend.py
"""Backend `low-bit`: a network of `LowBitMap`s run in integers, of as many bits as it was trained with.

Sums, means and requantisation are those of backend `int8` (`integer_network`); a convolution is

    y = clip(round((sum w (x - z_x) + b / 2^8) * s_x s_w / s_y) + z_y)     b = round(2^8 bias / (s_x s_w)), int32

with w of -L to L, L = 2^(bits - 1) - 1, the taps of its dilation, and zeros before the first frame where it is causal.
The bias has 8 bits behind the point: a step of few-bit weights is so wide that a bias of whole steps would be far off.
No frame of a causal network waits for a later one, so that a pass over a clip costs what a stream of its frames costs.

Counted is what hardware for 8 bits would do: `mac_int8` for every product of at most 8 bits, a byte for an activation.
Weights are packed: bits / 8 bytes each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Outcome, Trained
from classical_baselines.models.integer_network import (
    LEAVES,
    IntegerMaps,
    IntegerNetwork,
    integer_outcome,
    made_bytes,
    requantised,
)
from classical_baselines.models.low_bit import LowBitMap

BIAS_STEPS = 2**8  # of a bias, to one step of a product


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, (*LEAVES, LowBitMap)) or super().is_leaf_module(module, name)


class LowBitNetwork(IntegerNetwork):
    """The integer run of a classifier made of `LowBitMap`s; `logits` leaves `counts`."""

    def __init__(self, classifier: nn.Module) -> None:
        maps = [module for module in classifier.modules() if isinstance(module, LowBitMap)]
        if not maps or not all(bool(module.quantising) for module in maps):
            raise InputError(
                f"{type(classifier).__name__} was not trained with few bits, so it has no integers to run here. "
                "Choose a causal-tcn or low-bit-cnn of at most 8 bits, or the backend torch-float."
            )
        self._begin(fx.GraphModule(classifier, _Tracer().trace(classifier)))

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module = self.fetch_attr(target)
        if isinstance(module, LowBitMap):
            return self._low_bit_map(str(target), module, args[0])
        return super().call_module(target, args, kwargs)

    def _low_bit_map(self, name: str, module: LowBitMap, maps: IntegerMaps) -> IntegerMaps | Tensor:
        weights, scales = module.integer_weights()
        _, bias = module.folded()
        units = maps.scale.scale * scales
        biases = torch.round(bias.double() / units.double() * BIAS_STEPS) / BIAS_STEPS
        sums = (
            module.applied(maps.centred, weights.double(), biases).mul_(BIAS_STEPS).round_().div_(BIAS_STEPS)
        )  # exact
        n_outputs = sums[0].numel()
        moved = maps.values[0].numel() + weights.numel() * module.weight_bits / 8 + made_bytes(module, n_outputs)
        n_macs = n_outputs * weights[0].numel()
        self._count(name, mac_int8=n_macs, add_int32=n_outputs, requantise_int32=n_outputs, sram_bytes=moved)
        if module.output is None:
            return sums * units.double()[:, None, None]
        scale = module.output.activation_scale()
        return IntegerMaps(requantised(sums.float() * (units / scale.scale).float()[:, None, None], scale), scale)


def n_low_bit_parameters(classifier: nn.Module) -> Mapping[str, float]:
    """How many weights and biases are stored, and in how many bytes."""
    maps = [module for module in classifier.modules() if isinstance(module, LowBitMap)]
    n_biases = sum(module.convolution.out_channels for module in maps)
    n_weights = sum(module.convolution.weight.numel() for module in maps)
    n_bits = sum(module.convolution.weight.numel() * module.weight_bits for module in maps)
    return {"n_parameters": n_weights + n_biases, "weight_bytes": n_bits / 8 + 4 * n_biases}


@dataclass(frozen=True)
class LowBit:
    """The options of the backend of few bits."""

    batch_size: int = 256  # clips at a time; the logits do not depend on it

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and integer counts for [batch, mel, frame]; this backend draws no pictures."""
        del n_exhibits
        network, notes = LowBitNetwork(trained.classifier), n_low_bit_parameters(trained.classifier)
        return integer_outcome(network, trained, intensity, generator, self.batch_size, notes)
