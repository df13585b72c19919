# classical_baselines/twins/integer_graph.py
"""An integer network as a list of layers with nothing left but integers and multipliers, for whoever writes it down.

It is read off the network that the backends `int8` and `low-bit` run, on one clip of zeros, so that there is no second
opinion of what a layer is. With z a zero point, n the number of levels less one, B the steps that a bias has to one
step of a product (1 on `int8`, 2^8 on `low-bit`), and every operation on floats one of 32 bits:

    convolution   y = clip(round(float(B sum w (x - z_x) + b) * m) + z_y, 0, n)      m one multiplier per channel
    sum           y = clip(round(float(a - z_a) * m_a + float(b - z_b) * m_b) + z_y, 0, n)
    mean          y = clip(round(float(sum (x - z_x)) * m) + z_y, 0, n)
    readout       logit = B sum w (x - z_x) + b, int32                               reported: float(logit * unit)

A unit is the width of a step of one class's logit. Units differ between classes, so that the largest reported logit,
not the largest integer, is the decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.models.integer_network import IntegerMaps, IntegerNetwork, integer_weights
from classical_baselines.models.low_bit import LowBitMap
from classical_baselines.models.low_bit_backend import BIAS_STEPS, LowBitNetwork
from classical_baselines.models.quantised import ActivationQuantiser, GlobalMean, LinearMap, ResidualSum

LARGEST_INT32 = 2**31 - 1


@dataclass(frozen=True)
class Maps:
    """Integers 0 to n_levels of one clip, [channel, mel, frame]; real = (integer - zero_point) * scale."""

    name: str  # of the layer that makes them
    shape: tuple[int, int, int]
    scale: float
    zero_point: int
    n_levels: int

    @property
    def n_bytes(self) -> int:
        """One byte for an integer."""
        return int(np.prod(self.shape))


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution, a dense layer (a kernel as large as its maps), or, where `result` is None, the readout."""

    name: str
    source: Maps
    result: Maps | None
    out_shape: tuple[int, int, int]
    weights: NDArray[np.int8]  # [out, in of its group, mel, frame]
    weight_scales: NDArray[np.float32]  # [out]
    biases: NDArray[np.int32]  # [out]
    bias_steps: int
    multipliers: NDArray[np.float32]  # [out]; of the readout its units
    stride: tuple[int, int]
    pads: tuple[int, int, int, int]  # mel before, frame before, mel after, frame after
    dilation: tuple[int, int]
    groups: int

    def largest_sum(self) -> NDArray[np.int64]:
        """[out]: how large B sum w (x - z_x) + b may become on the way, whatever the input: signs set aside."""
        reach = max(self.source.zero_point, self.source.n_levels - self.source.zero_point)
        taps = np.abs(self.weights.astype(np.int64)).reshape(len(self.weights), -1).sum(1)
        largest: NDArray[np.int64] = self.bias_steps * reach * taps + np.abs(self.biases.astype(np.int64))
        return largest


@dataclass(frozen=True)
class Sum:
    """Two maps of one shape, added."""

    name: str
    one: Maps
    other: Maps
    result: Maps
    multipliers: tuple[float, float]  # of one and of the other; floats of 32 bits


@dataclass(frozen=True)
class Mean:
    """The mean over mel and frame of each channel."""

    name: str
    source: Maps
    result: Maps
    multiplier: float  # of the sum; a float of 32 bits


Layer = Convolution | Sum | Mean


def sources_of(layer: Layer) -> tuple[Maps, ...]:
    """The maps that a layer reads."""
    return (layer.one, layer.other) if isinstance(layer, Sum) else (layer.source,)


@dataclass(frozen=True, eq=False)
class IntegerGraph:
    """The layers of one network in the order in which they are computed; the last one is the readout."""

    entry: Maps
    layers: tuple[Layer, ...]

    @property
    def readout(self) -> Convolution:
        """The layer that gives the logits."""
        last = self.layers[-1]
        assert isinstance(last, Convolution)
        return last

    @property
    def convolutions(self) -> tuple[Convolution, ...]:
        """The layers that have weights, the readout included."""
        return tuple(layer for layer in self.layers if isinstance(layer, Convolution))

    def quantised(self, encoded: Tensor) -> NDArray[np.uint8]:
        """[clip, ...] as the network reads it -> [clip, channel, mel, frame] integers."""
        steps = (encoded.float() / self.entry.scale).round() + self.entry.zero_point
        integers: NDArray[np.uint8] = steps.clamp(0, self.entry.n_levels).to(torch.uint8).numpy()
        return integers.reshape(len(encoded), *self.entry.shape)

    def reported(self, logits: NDArray[np.int32]) -> NDArray[np.float32]:
        """Integer logits [clip, class] as the backend reports them."""
        return (logits.astype(np.float64) * self.readout.multipliers.astype(np.float64)).astype(np.float32)


def integer_graph(classifier: nn.Module, encoded_shape: Sequence[int]) -> IntegerGraph:
    """The layers of a trained classifier that reads clips [*encoded_shape]; InputError where it has no integers."""
    reader = _reader(classifier)
    result = reader.run(torch.zeros(1, *encoded_shape))
    if not isinstance(result, Tensor) or not reader.layers or reader.entry is None:
        raise InputError(f"{type(classifier).__name__} does not end in a readout, so it has no integer logits.")
    graph = IntegerGraph(reader.entry, tuple(reader.layers))
    _check(graph)
    return graph


def integer_logits(classifier: nn.Module, graph: IntegerGraph, encoded: Tensor) -> NDArray[np.int32]:
    """[clip, class]: the integers behind the logits that the backend reports for these clips, by its own arithmetic."""
    network = _network(classifier)
    with torch.no_grad():
        products: NDArray[np.float64] = network.run(encoded).numpy()
    units = graph.readout.multipliers.astype(np.float64)
    integers = np.rint(products / units)
    if not np.array_equal(integers * units, products):
        raise AssertionError("a reported logit is no whole number of its units")
    return integers.astype(np.int32)


def _network(classifier: nn.Module) -> IntegerNetwork:
    return LowBitNetwork(classifier) if _has_few_bits(classifier) else IntegerNetwork(classifier)


def _has_few_bits(classifier: nn.Module) -> bool:
    return any(isinstance(module, LowBitMap) for module in classifier.modules())


class _Reading(IntegerNetwork):
    """An integer network that writes its layers down while it runs."""

    layers: list[Layer]
    entry: Maps | None
    known: list[tuple[IntegerMaps, Maps]]

    def begin(self) -> "_Reading":
        self.layers, self.entry, self.known = [], None, []
        return self

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = super().call_module(target, args, kwargs)
        if isinstance(self.fetch_attr(target), ActivationQuantiser):
            if self.entry is not None:
                raise InputError(f"{target} is a second input in real numbers; a twin has one input.")
            self.entry = self._made(str(target), result)
        return result

    def _linear_map(self, name: str, module: LinearMap, maps: IntegerMaps) -> IntegerMaps | Tensor:
        result = super()._linear_map(name, module, maps)
        weights, scales = integer_weights(module)
        rim = module.convolution.padding
        self._convolution(name, module, maps, result, (weights, scales), 1, (*rim, *rim))
        return result

    def _sum(self, name: str, module: ResidualSum, one: IntegerMaps, other: IntegerMaps) -> IntegerMaps:
        result = super()._sum(name, module, one, other)
        multipliers = tuple(float(np.float32(each.scale.scale / result.scale.scale)) for each in (one, other))
        layer = Sum(name, self._of(one), self._of(other), self._made(name, result), (multipliers[0], multipliers[1]))
        self.layers.append(layer)
        return result

    def _mean(self, name: str, module: GlobalMean, maps: IntegerMaps) -> IntegerMaps:
        result = super()._mean(name, module, maps)
        multiplier = float(np.float32(maps.scale.scale / (result.scale.scale * maps.values[0, 0].numel())))
        self.layers.append(Mean(name, self._of(maps), self._made(name, result), multiplier))
        return result

    def _convolution(
        self,
        name: str,
        module: LinearMap | LowBitMap,
        maps: IntegerMaps,
        result: IntegerMaps | Tensor,
        integers: tuple[Tensor, Tensor],
        bias_steps: int,
        pads: tuple[Any, ...],
    ) -> None:
        weights, scales = (values.detach() for values in integers)
        _, bias = module.folded()
        units = maps.scale.scale * scales
        biases = torch.round(bias.detach().double() / units.double() * bias_steps).numpy()
        if np.abs(biases).max() > LARGEST_INT32:
            channel = int(np.abs(biases).argmax())
            raise InputError(
                f"{name}: the bias of channel {channel} is {biases[channel]:.0f} steps, more than int32 holds, because "
                "the weights of that channel are all but zero. Train another seed, or with less weight decay."
            )
        conv = module.convolution
        made = None if isinstance(result, Tensor) else self._made(name, result)
        width = units if made is None else units / made.scale
        shape = result.shape[1:] if isinstance(result, Tensor) else result.values.shape[1:]
        self.layers.append(
            Convolution(
                name=name,
                source=self._of(maps),
                result=made,
                out_shape=(int(shape[0]), int(shape[1]), int(shape[2])),
                weights=weights.numpy().astype(np.int8),
                weight_scales=scales.numpy().astype(np.float32),
                biases=biases.astype(np.int32),
                bias_steps=bias_steps,
                multipliers=(width.float() / bias_steps).numpy(),
                stride=(int(conv.stride[0]), int(conv.stride[1])),
                pads=(int(pads[0]), int(pads[1]), int(pads[2]), int(pads[3])),
                dilation=(int(conv.dilation[0]), int(conv.dilation[1])),
                groups=conv.groups,
            )
        )

    def _made(self, name: str, maps: IntegerMaps) -> Maps:
        n_channels, n_mels, n_frames = maps.values.shape[1:]
        scale = maps.scale
        made = Maps(name, (n_channels, n_mels, n_frames), scale.scale, scale.zero_point, scale.n_levels)
        self.known.append((maps, made))
        return made

    def _of(self, maps: IntegerMaps) -> Maps:
        return next(made for known, made in self.known if known is maps)


class _LowBitReading(_Reading, LowBitNetwork):
    """The same for a network of few bits."""

    def _low_bit_map(self, name: str, module: LowBitMap, maps: IntegerMaps) -> IntegerMaps | Tensor:
        result = super()._low_bit_map(name, module, maps)
        rim: tuple[Any, ...] = tuple(module.convolution.padding)
        pads = (rim[0], rim[1] + module.zeros_before, rim[0], rim[1])
        self._convolution(name, module, maps, result, module.integer_weights(), BIAS_STEPS, pads)
        return result


def _reader(classifier: nn.Module) -> _Reading:
    return (_LowBitReading(classifier) if _has_few_bits(classifier) else _Reading(classifier)).begin()


def _check(graph: IntegerGraph) -> None:
    """Refuse what the integers of a device could not hold."""
    for layer in graph.convolutions:
        is_readout = layer is graph.readout
        if is_readout != (layer.result is None) or (is_readout and layer.out_shape[1:] != (1, 1)):
            raise InputError(f"{layer.name}: a twin has one readout, which comes last and gives one number per class.")
        largest = layer.largest_sum() if is_readout else layer.largest_sum() // layer.bias_steps
        if largest.max() > LARGEST_INT32:
            raise InputError(
                f"{layer.name}: a sum may reach {largest.max():,}, more than int32 holds ({LARGEST_INT32:,}). Give the "
                "layer fewer inputs or fewer bits."
            )
