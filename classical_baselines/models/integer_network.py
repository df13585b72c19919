# classical_baselines/models/integer_network.py
"""A network trained with fake quantisation, run in integers: what an int8 accelerator or a microcontroller computes.

Between layers there is nothing but integers. By the rules of ONNX (QLinearConv, and onnxruntime's QLinearAdd and
QLinearGlobalAveragePool), with s a scale, z a zero point and rounding half to even:

    convolution   y = clip(round((sum w (x - z_x) + b) * s_x s_w / s_y) + z_y)      b = round(bias / (s_x s_w)), int32
    sum           y = clip(round((a - z_a) s_a / s_y + (b - z_b) s_b / s_y) + z_y)
    global mean   y = clip(round(mean(x - z_x) * s_x / s_y) + z_y)
    readout       logits = (sum w (x - z_x) + b) * s_x s_w

A ReLU is the lower clip at zero point 0. Sums are formed in float64, which holds every int32 exactly; the requantising
multiplication is float32, as onnxruntime's is. `integer_outcome` is the run that the integer backends share.

Counted is a multiply-accumulate for every tap, the zeros around a map included, an addition for a bias and in a sum or
mean, and a requantisation for every value that is brought to another scale: a map, both parts of a sum, the input, and
the logits, whose classes have units of their own. Bytes are the values that a layer reads and makes (1 each; an input
of floats and a logit 4), its weights (1), and its biases and the multipliers of its scales (4). A zero point in what is
read is part of a bias.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Outcome, Trained
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.streamed_rows import Rows
from classical_baselines.models.low_bit import LowBitMap
from classical_baselines.models.quantised import (
    WEIGHT_LIMIT,
    ActivationQuantiser,
    ActivationScale,
    GlobalMean,
    LinearMap,
    ResidualSum,
    channel_scales,
)

BIAS_BYTES = 4
REAL_BYTES = 4  # of an input, a logit or a multiplier
LEAVES = (ActivationQuantiser, LinearMap, ResidualSum, GlobalMean)


@dataclass(frozen=True)
class IntegerMaps:
    """Integers [batch, channel, mel, frame], kept in float64, and how they are read."""

    values: Tensor
    scale: ActivationScale

    @property
    def centred(self) -> Tensor:
        """The integers less their zero point."""
        return self.values - self.scale.zero_point


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, LEAVES) or super().is_leaf_module(module, name)


class IntegerNetwork(fx.Interpreter):
    """The integer run of a quantised classifier; calling `run` gives logits [batch, class] and leaves `counts`."""

    def __init__(self, classifier: nn.Module) -> None:
        quantisers = [module for module in classifier.modules() if isinstance(module, ActivationQuantiser)]
        if not quantisers or not all(bool(module.quantising) for module in quantisers):
            raise InputError(
                f"{type(classifier).__name__} was not trained with quantisation, so it has no integers to run. "
                "Set bits = 8 in the options of the classifier."
            )
        self._begin(fx.GraphModule(classifier, _Tracer().trace(classifier)))

    def _begin(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.extra_traceback = False  # an error says what was wrong, without the lines of torch.fx that led to it
        self.counts = OperationCounts()

    def logits(self, encoded: Tensor) -> Tensor:
        """[batch, mel, frame] -> logits [batch, class]; the counts are those of one clip."""
        self.counts = OperationCounts()
        with torch.no_grad():
            result: Tensor = self.run(encoded)
        return result.float()

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module = self.fetch_attr(target)
        if isinstance(module, ActivationQuantiser):
            n = args[0][0].numel()
            self._count(str(target), requantise_int32=n, sram_bytes=(REAL_BYTES + 1) * n)
            return quantised_input(args[0], module.activation_scale())
        if isinstance(module, LinearMap):
            return self._linear_map(str(target), module, args[0])
        if isinstance(module, ResidualSum):
            return self._sum(str(target), module, args[0], args[1])
        if isinstance(module, GlobalMean):
            return self._mean(str(target), module, args[0])
        if isinstance(module, nn.Dropout | nn.Identity):
            return args[0]
        raise InputError(f"{type(module).__name__} ({target}) has no integer form. Use the backend torch-float.")

    def _linear_map(self, name: str, module: LinearMap, maps: IntegerMaps) -> IntegerMaps | Tensor:
        weights, scales = integer_weights(module)
        _, bias = module.folded()
        units = maps.scale.scale * scales
        biases = torch.round(bias.double() / units.double())
        conv = module.convolution
        sums = functional.conv2d(
            maps.centred,
            weights,
            biases,
            conv.stride,
            conv.padding,
            groups=conv.groups,
        ).round_()
        n_outputs = sums[0].numel()
        n_macs = n_outputs * weights[0].numel()
        moved = maps.values[0].numel() + weights.numel() + made_bytes(module, n_outputs)
        self._count(name, mac_int8=n_macs, add_int32=n_outputs, requantise_int32=n_outputs, sram_bytes=moved)
        if module.output is None:
            return sums * units.double()[:, None, None]
        scale = module.output.activation_scale()
        multipliers = (units / scale.scale).float()[:, None, None]
        return IntegerMaps(requantised(sums.float() * multipliers, scale), scale)

    def _sum(self, name: str, module: ResidualSum, one: IntegerMaps, other: IntegerMaps) -> IntegerMaps:
        assert module.output is not None
        scale = module.output.activation_scale()
        n = one.values[0].numel()
        self._count(name, add_int32=n, requantise_int32=2 * n, sram_bytes=3 * n + 2 * REAL_BYTES)
        total = one.centred.float() * (one.scale.scale / scale.scale)
        return IntegerMaps(requantised(total + other.centred.float() * (other.scale.scale / scale.scale), scale), scale)

    def _mean(self, name: str, module: GlobalMean, maps: IntegerMaps) -> IntegerMaps:
        assert module.output is not None
        scale = module.output.activation_scale()
        n_in, n_out = maps.values[0].numel(), maps.values.shape[1]
        self._count(name, add_int32=n_in - n_out, requantise_int32=n_out, sram_bytes=n_in + n_out + REAL_BYTES)
        sums = maps.centred.sum(dim=(2, 3), keepdim=True).float()
        multiplier = maps.scale.scale / (scale.scale * maps.values[0, 0].numel())
        return IntegerMaps(requantised(sums * multiplier, scale), scale)

    def _count(self, layer: str, **operations: float) -> None:
        self.counts += OperationCounts.of("network", layer, **operations)


def integer_outcome(
    network: IntegerNetwork,
    trained: Trained,
    intensity: Rows,
    generator: torch.Generator,
    batch_size: int,
    notes: Mapping[str, float],
) -> Outcome:
    """The run over [batch, mel, frame]: logits, counts of encoder and integer network, seconds of the network alone."""
    logits: list[Tensor] = []
    counts, seconds = OperationCounts(), 0.0
    for part in intensity.split(batch_size):
        encoded = trained.encoder(part, generator)
        began = time.perf_counter()
        logits.append(network.logits(encoded))
        seconds += time.perf_counter() - began
        share = len(part) / len(intensity)
        counts += (trained.encoder.operations(part, encoded) + network.counts).scaled(share)
    return Outcome(torch.cat(logits), counts, seconds, notes=dict(notes))


def quantised_input(values: Tensor, scale: ActivationScale) -> IntegerMaps:
    """Real values as integers of a scale."""
    return IntegerMaps(requantised(values.float() / scale.scale, scale), scale)


def requantised(steps: Tensor, scale: ActivationScale) -> Tensor:
    """Values in units of the scale, rounded half to even, moved by the zero point and clipped."""
    return (steps.round() + scale.zero_point).clamp(0, scale.n_levels).double()


def made_bytes(module: LinearMap | LowBitMap, n_outputs: int) -> int:
    """Bytes of what a map makes, and of a bias and a multiplier for each of its channels."""
    n_channels = module.convolution.out_channels
    return (REAL_BYTES if module.output is None else 1) * n_outputs + (BIAS_BYTES + REAL_BYTES) * n_channels


def integer_weights(module: LinearMap) -> tuple[Tensor, Tensor]:
    """(weights [out, in, *kernel] of -127 to 127 in float64, scales [out]) with batch norm folded in."""
    weight, _ = module.folded()
    scales = channel_scales(weight)
    integers = torch.round(weight / scales[:, None, None, None]).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT)
    return integers.double(), scales


def n_integer_parameters(classifier: nn.Module) -> Mapping[str, int]:
    """How many weights and biases the integer network stores, and in how many bytes."""
    maps = [module for module in classifier.modules() if isinstance(module, LinearMap)]
    n_weights = sum(module.convolution.weight.numel() for module in maps)
    n_biases = sum(module.convolution.out_channels for module in maps)
    return {"n_parameters": n_weights + n_biases, "weight_bytes": n_weights + 4 * n_biases}
