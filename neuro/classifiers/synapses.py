# neuro/classifiers/synapses.py
"""A layer of synapses with batch norm, and the same layer as the chip will hold it.

While it is trained as floats, a layer is a convolution or a matrix followed by batch norm over batch and steps. The
norm has no place on a chip: it folds into weights and biases,

    W' = W * g / sigma          b' = shift - mean * g / sigma.

`on_chip_grid` uses the folded layer with the running statistics, its weights rounded to even integers of at most 254
and its bias to the chip's mantissa and exponent, at the layer's own scale; the gradient passes the rounding unchanged
(Bengio, Léonard & Courville, arXiv 1308.3432).
"""

import math

import torch
from torch import Tensor, nn

from neuro.lif_scan.scan import scan
from neuro.neuron import LifNeuron
from neuro.sparse_product import sparse_linear

LARGEST_WEIGHT = 254  # Lava's Dense in MIXED sign mode: even, -256 to 254; kept symmetric here
FRACTION_BITS = 6  # Lava shifts synaptic input and threshold left by 6
BIAS_MANTISSA = 4095  # 13 bits, signed
LARGEST_BIAS_EXPONENT = 7
LARGEST_THRESHOLD = 2**17 - 1


class Synapses(nn.Module):
    """Weights into one layer of neurons: `nn.Linear` or `nn.Conv2d` without bias, then batch norm."""

    def __init__(self, weights: nn.Linear | nn.Conv2d, *, normalised: bool = True, sparse: bool = False) -> None:
        super().__init__()
        self.weights = weights
        self.sparse = sparse  # of a matrix: work for what is not 0 alone; rounds otherwise than a dense product
        n_outputs = weights.weight.shape[0]
        norm = nn.BatchNorm2d if isinstance(weights, nn.Conv2d) else nn.BatchNorm1d
        self.norm = norm(n_outputs) if normalised else None
        self.bias = None if normalised else nn.Parameter(torch.zeros(n_outputs))

    def forward(self, spikes: Tensor) -> Tensor:
        """[step, batch, ...] spikes -> [step, batch, ...] currents."""
        currents = self._applied(spikes, self.weights.weight, self.bias)
        if self.norm is None:
            return currents
        n_steps, n_clips = currents.shape[:2]
        normed: Tensor = self.norm(currents.flatten(0, 1))
        return normed.unflatten(0, (n_steps, n_clips))

    def _applied(self, spikes: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        n_steps, n_clips = spikes.shape[:2]
        flat = spikes.flatten(0, 1)
        if isinstance(self.weights, nn.Conv2d):
            # in memory as the trained weights lie: what is computed from those of a single channel has forgotten it
            weight = torch.empty_like(self.weights.weight).copy_(weight)
            currents = nn.functional.conv2d(flat, weight, bias, self.weights.stride, self.weights.padding)
        else:
            linear = sparse_linear if self.sparse else nn.functional.linear
            currents = linear(flat, weight, bias)
        return currents.unflatten(0, (n_steps, n_clips))

    def fired(self, currents: Tensor, neuron: LifNeuron, *, on_chip_grid: bool) -> Tensor:
        """Spikes [step, batch, ...] of the layer's neurons, driven by the currents."""
        del on_chip_grid  # of layers that have more synapses than those that gave the currents
        return scan(currents, neuron)

    def recurrent_synapses_met(self, fired: Tensor) -> Tensor:
        """Synapses within the layer that its own spikes [step, batch, ...] meet."""
        return torch.zeros((), dtype=torch.float64, device=fired.device)

    def on_chip_grid(self, spikes: Tensor, threshold: float, n_input_levels: int) -> Tensor:
        """The currents that the chip's integers give, in units of the float network."""
        return self._applied(spikes, *self.rounded(threshold, n_input_levels))

    @property
    def n_outputs(self) -> int:
        """Neurons of a dense layer, maps of a convolution."""
        return int(self.weights.weight.shape[0])

    def synapses_met(self, events: Tensor) -> Tensor:
        """Synapses that all events [step, batch, ...] meet, borders of a convolution accounted for."""
        ones = torch.ones_like(self.weights.weight)
        return self._applied((events != 0).to(ones.dtype), ones, None).sum(dtype=torch.float64)

    def folded(self) -> tuple[Tensor, Tensor]:
        """(weight, bias) with the batch norm's running statistics folded in."""
        weight = self.weights.weight
        if self.norm is None:
            assert self.bias is not None
            return weight, self.bias
        assert self.norm.running_var is not None and self.norm.running_mean is not None
        gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        shaped = gain.view(-1, *[1] * (weight.dim() - 1))
        return weight * shaped, self.norm.bias - self.norm.running_mean * gain

    def scale(self, weight: Tensor, threshold: float, n_input_levels: int) -> float:
        """Integer weight per unit of weight: as fine as the chip's numbers allow.

        Three limits: 8 bits for a weight, 17 for the threshold, and, where input is graded, 2^17 for the sum that can
        arrive in one step (Lava's current wraps beyond it). The scale makes the threshold an integer.
        """
        size = weight.detach().flatten(1)
        finest = LARGEST_WEIGHT / max(float(size.abs().max()), 1e-12)
        finest = min(finest, LARGEST_THRESHOLD / (threshold * n_input_levels))
        if n_input_levels > 1:
            arriving = max(float(size.clamp(min=0).sum(1).max()), float((-size).clamp(min=0).sum(1).max()), 1e-12)
            finest = min(finest, LARGEST_THRESHOLD / (arriving * n_input_levels))
        return max(1, math.floor(finest * threshold)) / threshold

    def rounded(self, threshold: float, n_input_levels: int) -> tuple[Tensor, Tensor]:
        """(weight, bias) on the chip's grid, as floats; the gradient passes the rounding unchanged."""
        weight, bias = self.folded()
        scale = self.scale(weight, threshold, n_input_levels)
        weight = weight + (even_integers(weight * scale) / scale - weight).detach()
        unit = scale * n_input_levels * 2**FRACTION_BITS
        mantissa, exponent = bias_integers(bias.detach() * unit)
        bias = bias + (mantissa * 2.0**exponent / unit - bias).detach()
        return weight, bias


def even_integers(scaled: Tensor) -> Tensor:
    """The nearest even integers within the chip's limit, as floats."""
    return (2 * torch.round(scaled / 2)).clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT)


def bias_integers(bias: Tensor) -> tuple[Tensor, int]:
    """(mantissas, exponent) with mantissa * 2^exponent nearest to `bias`, a 13-bit mantissa and one exponent."""
    largest = float(bias.abs().max())
    exponent = 0
    while largest / 2**exponent > BIAS_MANTISSA and exponent < LARGEST_BIAS_EXPONENT:
        exponent += 1
    return torch.round(bias / 2**exponent).clamp(-BIAS_MANTISSA, BIAS_MANTISSA), exponent
