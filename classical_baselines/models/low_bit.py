# classical_baselines/models/low_bit.py
"""A convolution that trains on as if weights and activations had few bits; it may be dilated and causal.

    weights        q s_w, q = clip(round(w / s_w), -L, L), L = 2^(b - 1) - 1          one scale per output channel
    s_w            min(max |w| / L, 2 mean |w| / sqrt(L)), w with batch norm folded in
    activations    unsigned, a bits, one trained or watched range per tensor           (`quantised`)
    causal         the taps of frame t are t, t - d, t - 2 d, ...: zeros before the first frame, none after the last

For few bits the second form of the scale clips the largest weights, where the first would waste levels on them; with 8
bits the first is the smaller as a rule. Rounding is the identity backwards, and what is clipped gets no gradient.

References: Esser et al., ICLR 2020, arXiv 1902.08153, section 2.1 (2 mean |w| / sqrt(L)); Bai, Kolter & Koltun, arXiv
1803.01271, equation 1 (dilated causal convolution).
"""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.layer_operations import convolution_operations
from classical_baselines.models.quantised import (
    FLOAT_BITS,
    ActivationQuantiser,
    has_trained_limit,
    quantise_late,
    round_through,
)

Pair = tuple[int, int]  # mel, frame


def weight_limit(bits: int) -> int:
    """The largest integer weight: as far below 0 as above it.

    >>> [weight_limit(bits) for bits in (2, 4, 8)]
    [1, 7, 127]
    """
    return 2 ** (bits - 1) - 1


def weight_scales(weight: Tensor, bits: int) -> Tensor:
    """[out]: the step of each output channel."""
    size = weight.detach().abs().flatten(1)
    limit = weight_limit(bits)
    return torch.minimum(size.amax(1) / limit, 2 * size.mean(1) / limit**0.5).clamp_min(1e-8)


class LowBitMap(nn.Module):
    """A convolution with batch norm, ReLU and quantised output as asked; maps are [batch, channel, mel, frame]."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: Pair = (1, 1),
        *,
        stride: Pair = (1, 1),
        padding: Pair | None = None,
        dilation: int = 1,
        causal: bool = False,
        groups: int = 1,
        weight_bits: int,
        activation_bits: int,
        normalised: bool = True,
        rectified: bool = True,
        trained_range: float | None = None,
        quantised_output: bool = True,
    ) -> None:
        """`padding` None is half the dilated kernel, or, where it is causal, all of it before the first frame."""
        super().__init__()
        reach = dilation * (kernel[1] - 1)
        self.zeros_before = reach if causal else 0
        if padding is None:
            padding = (kernel[0] // 2, 0 if causal else reach // 2)
        self.convolution = nn.Conv2d(
            n_in, n_out, kernel, stride, padding, (1, dilation), groups=groups, bias=not normalised
        )
        self.norm = nn.BatchNorm2d(n_out) if normalised else None
        self.rectified = rectified
        self.weight_bits = weight_bits
        quantises = activation_bits < FLOAT_BITS and quantised_output
        self.output = (
            ActivationQuantiser(activation_bits, signed=not rectified, trained_range=trained_range)
            if quantises
            else None
        )
        self.quantising: Tensor
        self.register_buffer("quantising", torch.tensor(False))

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias with batch norm's running statistics folded in."""
        weight = self.convolution.weight
        if self.norm is None:
            assert self.convolution.bias is not None
            return weight, self.convolution.bias
        assert self.norm.running_var is not None and self.norm.running_mean is not None
        gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        return weight * gain[:, None, None, None], self.norm.bias - self.norm.running_mean * gain

    def integer_weights(self) -> tuple[Tensor, Tensor]:
        """(weights [out, in, *kernel] of -L to L, scales [out])."""
        weight, _ = self.folded()
        scales = weight_scales(weight, self.weight_bits)
        limit = weight_limit(self.weight_bits)
        return (weight / scales[:, None, None, None]).round().clamp(-limit, limit), scales

    def applied(self, maps: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The convolution alone, with other weights than its own."""
        conv = self.convolution
        maps = functional.pad(maps, (self.zeros_before, 0)) if self.zeros_before else maps
        return functional.conv2d(maps, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)

    def forward(self, maps: Tensor) -> Tensor:
        if isinstance(maps, fx.Proxy):
            raise InputError("A network of few bits has integers of its own. Run it on the backend 'low-bit'.")
        if self.quantising:
            weight, bias = self.folded()
            scales = weight_scales(weight, self.weight_bits)[:, None, None, None]
            limit = weight_limit(self.weight_bits)
            maps = self.applied(maps, round_through((weight / scales).clamp(-limit, limit)) * scales, bias)
        else:
            maps = self.applied(maps, self.convolution.weight, self.convolution.bias)
            maps = maps if self.norm is None else self.norm(maps)
        maps = functional.relu(maps) if self.rectified else maps
        return maps if self.output is None else self.output(maps)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """Batch norm counts as the bias that it folds to, ReLU as a compare, a trained limit as one more."""
        del inputs
        counts = convolution_operations(self.convolution.weight, output, biased=True)
        return counts | {"compare_fp32": float((self.rectified + has_trained_limit(self.output)) * output.numel())}

    def n_deployed_weights(self) -> int:
        """Batch norm leaves one bias per channel; a trained limit is one number."""
        n_biases = self.convolution.out_channels
        return self.convolution.weight.numel() + n_biases + has_trained_limit(self.output)


def quantise_weights_late(network: nn.Module, epoch: int, n_epochs: int, quantise_from: float) -> None:
    """From that share of the epochs on, activations and the weights of every `LowBitMap` are those of few bits."""
    quantise_late(network, epoch, n_epochs, quantise_from)
    if epoch < int(quantise_from * n_epochs):
        return
    for module in network.modules():
        if isinstance(module, LowBitMap) and module.weight_bits < FLOAT_BITS:
            module.quantising.fill_(True)
