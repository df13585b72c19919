# classical_baselines/models/quantised.py
"""Layers that train in floating point and may train on as if they were integers (fake quantisation).

The integers are those of ONNX QLinearConv (Jacob et al., CVPR 2018, arXiv 1712.05877):
- weights: int8, symmetric, one scale per output channel, after batch norm is folded in;
- biases: int32, in units of input scale times weight scale;
- activations: unsigned, one scale per tensor; zero point 0 after a ReLU, else the middle of the range (128);
- rounding: half to even.

In the backward pass rounding is the identity, and the clip passes what rounds to an integer that there is, half a step
beyond the range; that of a trained range passes what lies inside it. With `bits = 32` a layer is a float layer and
nothing else. The range of an activation is a running maximum, or a trained clip (LSQ: Esser et al., ICLR 2020, arXiv
1902.08153) where few bits make the place of the clip matter.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from classical_baselines.harness.layer_operations import convolution_operations

WEIGHT_LIMIT = 127  # int8 without -128, so that the range is symmetric
FLOAT_BITS = 32
RANGE_MOMENTUM = 0.02  # of the running maximum, per training batch
SMALLEST_RANGE = 1e-3


def round_through(values: Tensor) -> Tensor:
    """Round half to even; the gradient passes as if nothing were rounded."""
    return values + (values.round() - values).detach()


class _Rounded(torch.autograd.Function):
    """clip(round(values / scale)) * scale, forward and backward in as few passes over memory as torch allows."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, scale: float, lowest: int, highest: int) -> Tensor:
        ctx.save_for_backward(values)
        ctx.limits = (lowest - 0.5) * scale, (highest + 0.5) * scale  # what rounds to an integer that there is
        return (values / scale).round_().clamp_(lowest, highest).mul_(scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (values,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradients, values, *ctx.limits), None, None, None


def channel_scales(weight: Tensor) -> Tensor:
    """[out]: the step of each output channel, so that its largest weight becomes +-127."""
    return weight.detach().abs().flatten(1).amax(1).clamp_min(1e-8) / WEIGHT_LIMIT


@dataclass(frozen=True)
class ActivationScale:
    """How an integer activation is read: real = (integer - zero_point) * scale, with integers from 0 to n_levels."""

    scale: float
    zero_point: int
    n_levels: int


class ActivationQuantiser(nn.Module):
    """Rounds an activation to integers of its tensor's scale once quantising is on; until then it watches the range."""

    def __init__(self, bits: int, *, signed: bool = False, trained_range: float | None = None) -> None:
        """`trained_range`: where the trained clip starts; None keeps a running maximum instead."""
        super().__init__()
        self.n_levels = 2**bits - 1
        self.zero_point = 2 ** (bits - 1) if signed else 0
        self.quantising: Tensor
        self.range: Tensor
        self.register_buffer("quantising", torch.tensor(False))
        start = torch.tensor(0.0 if trained_range is None else trained_range)
        self.watches = trained_range is None
        if not self.watches:
            self.range = nn.Parameter(start)
        else:
            self.register_buffer("range", start)

    @classmethod
    def of_unit_interval(cls, bits: int) -> nn.Module:
        """For an intensity: the range is [0, 1] by definition. With 32 bits there is nothing to quantise."""
        if bits >= FLOAT_BITS:
            return nn.Identity()
        quantiser = cls(bits)
        quantiser.watches = False
        quantiser.range.fill_(1.0)
        return quantiser

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """Nothing in the float network, where it only stands for what integers would lose."""
        del inputs, output
        return {}

    def _scale(self) -> Tensor:
        # a signed range reaches as far above the zero point as below it: n_levels - zero_point steps
        return self.range.clamp_min(SMALLEST_RANGE) / (self.n_levels - self.zero_point)

    def activation_scale(self) -> ActivationScale:
        """The scale as the integer network takes it."""
        return ActivationScale(float(self._scale().detach()), self.zero_point, self.n_levels)

    def forward(self, values: Tensor) -> Tensor:
        if self.training and self.watches:
            self._watch(values.detach())
        trained = isinstance(self.range, nn.Parameter)
        if not self.quantising:
            return values.minimum(self.range) if trained else values
        scale = self._scale()
        lowest, highest = -self.zero_point, self.n_levels - self.zero_point
        if trained:
            return round_through((values / scale).clamp(lowest, highest)) * scale
        rounded: Tensor = _Rounded.apply(values, float(scale), lowest, highest)
        return rounded

    def _watch(self, values: Tensor) -> None:
        largest = torch.maximum(values.amax(), -values.amin())  # max() takes ten times as long where channels are last
        momentum = torch.where(self.range > 0, RANGE_MOMENTUM, 1.0)
        self.range.lerp_(largest, momentum)


def has_trained_limit(quantiser: ActivationQuantiser | None) -> bool:
    """Whether activations are held below a limit that is trained: a part of the float network too."""
    return quantiser is not None and isinstance(quantiser.range, nn.Parameter)


class LinearMap(nn.Module):
    """A 2-D convolution (1 x 1 on a 1 x 1 grid is a linear layer), with batch norm, ReLU and quantised output as asked.

    maps   [batch, channel, mel, frame] -> [batch, out, mel', frame']
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: tuple[int, int] = (1, 1),
        *,
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] | None = None,
        groups: int = 1,
        biased: bool = False,
        normalised: bool = True,
        rectified: bool = True,
        bits: int = FLOAT_BITS,
        trained_range: float | None = None,
        quantised_output: bool = True,
    ) -> None:
        """`padding` None is half the kernel; `bits` are those of the output, weights have 8 wherever bits < 32."""
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padding is None else padding
        self.convolution = nn.Conv2d(n_in, n_out, kernel, stride, padding, groups=groups, bias=biased or not normalised)
        self.norm = nn.BatchNorm2d(n_out) if normalised else None
        self.rectified = rectified
        self.bits = bits
        quantises = bits < FLOAT_BITS and quantised_output
        self.output = (
            ActivationQuantiser(bits, signed=not rectified, trained_range=trained_range) if quantises else None
        )
        self.quantising: Tensor
        self.register_buffer("quantising", torch.tensor(False))

    @classmethod
    def readout(cls, n_in: int, n_classes: int, bits: int = FLOAT_BITS) -> "LinearMap":
        """A linear layer on [batch, channel, 1, 1]; as integers its accumulators are the logits."""
        return cls(n_in, n_classes, normalised=False, rectified=False, bits=bits, quantised_output=False)

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias with batch norm's running statistics folded in."""
        weight, bias = self.convolution.weight, self.convolution.bias
        if self.norm is None:
            assert bias is not None
            return weight, bias
        assert self.norm.running_var is not None and self.norm.running_mean is not None
        gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        shift = self.norm.running_mean if bias is None else self.norm.running_mean - bias
        return weight * gain[:, None, None, None], self.norm.bias - shift * gain

    def forward(self, maps: Tensor) -> Tensor:
        if self.quantising:
            weight, bias = self.folded()
            scales = channel_scales(weight)[:, None, None, None]
            weight = round_through(weight / scales) * scales
            # in memory as the trained weights lie: what is computed from those of a single channel has forgotten it
            weight = torch.empty_like(self.convolution.weight).copy_(weight)
            maps = self._applied(maps, weight, bias)
        else:
            maps = self._applied(maps, self.convolution.weight, self.convolution.bias)
            maps = maps if self.norm is None else self.norm(maps)
        maps = functional.relu(maps, inplace=True) if self.rectified else maps
        return maps if self.output is None else self.output(maps)

    def _applied(self, maps: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The convolution; on a grid of one place a matrix product, which torch does several times as fast."""
        conv = self.convolution
        if maps.shape[2:] == (1, 1) and conv.kernel_size == (1, 1) and conv.groups == 1:
            return functional.linear(maps.flatten(1), weight.flatten(1), bias)[:, :, None, None]
        return functional.conv2d(maps, weight, bias, conv.stride, conv.padding, groups=conv.groups)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """Batch norm counts as the bias that it folds to, ReLU as a compare, a trained limit as one more."""
        del inputs
        counts = convolution_operations(self.convolution.weight, output, biased=True)
        return counts | {"compare_fp32": float((self.rectified + has_trained_limit(self.output)) * output.numel())}

    def n_deployed_weights(self) -> int:
        """Batch norm leaves one bias per channel; a trained limit is one number."""
        n_biases = self.convolution.out_channels
        return self.convolution.weight.numel() + n_biases + has_trained_limit(self.output)


class ResidualSum(nn.Module):
    """relu(a + b) of two maps of one shape, with a quantised output as asked."""

    def __init__(self, bits: int = FLOAT_BITS) -> None:
        super().__init__()
        self.output = ActivationQuantiser(bits) if bits < FLOAT_BITS else None

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        total = functional.relu(a + b, inplace=True)
        return total if self.output is None else self.output(total)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        del inputs
        return {"add_fp32": float(output.numel()), "compare_fp32": float(output.numel())}


class GlobalMean(nn.Module):
    """[batch, channel, mel, frame] -> [batch, channel, 1, 1], with a quantised output as asked."""

    def __init__(self, bits: int = FLOAT_BITS) -> None:
        super().__init__()
        self.output = ActivationQuantiser(bits) if bits < FLOAT_BITS else None

    def forward(self, maps: Tensor) -> Tensor:
        means = maps.mean((2, 3), keepdim=True)
        return means if self.output is None else self.output(means)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        n_added = inputs[0].numel() - output.numel()
        return {"add_fp32": float(n_added), "multiply_fp32": float(math.prod(output.shape))}


def quantise_late(network: nn.Module, epoch: int, n_epochs: int, quantise_from: float) -> None:
    """From that share of the epochs on, every quantisable layer of `network` trains and runs as integers would."""
    if epoch < int(quantise_from * n_epochs):
        return
    for module in network.modules():
        if isinstance(module, ActivationQuantiser) or (isinstance(module, LinearMap) and module.bits < FLOAT_BITS):
            module.quantising.fill_(True)
