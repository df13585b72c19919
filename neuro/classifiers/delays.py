# neuro/classifiers/delays.py
"""Dense LIF network whose synapses each learn a delay: a spike may wait, so that spikes meet that were sent apart.

    spikes   [step, batch, channel]   ->   logits   [batch, class]

In training, a synapse from i to j with weight w and delay d brings a bell over the steps after each spike of i:

    current[t, j] = sum over i and k of w_ij * g(k - d_ij) * s[t - k, i]       k = 0 .. max_delay
    g(x) = exp(-x^2 / (2 sigma^2)), divided by its sum over k

sigma falls from max_delay / 2 in the first epoch to 0.5 at `narrow_until` of them, geometrically, so that a delay sees
far at first and exactly later. Evaluated, and on the chip's grid, a synapse has one delay, the nearest whole number of
steps, as Loihi holds it. Reference: Hammouamri, Khalfaoui-Hassani & Masquelier, ICLR 2024 (arXiv 2306.17670): dilated
convolutions with learnable spacings. The sums over k are formed as products of Fourier transforms over the steps.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from neuro.classifiers.options import ChipOptions, check_code, check_hidden, check_shares, neuron_with_current
from neuro.classifiers.readout import Readout
from neuro.classifiers.spiking_network import SpikingNetwork
from neuro.classifiers.synapses import Synapses
from neuro.loihi.limits import LARGEST_DELAY
from neuro.neuron import CubaNeuron

NARROWEST = 0.5  # steps; a narrower bell gives the delay no gradient
DELAY_RATE = 100.0  # a delay moves this many times as fast as a weight: its range is that much larger


class DelaySynapses(Synapses):
    """A matrix of weights and one of delays, then batch norm."""

    def __init__(self, weights: nn.Linear, max_delay: int, alpha: float = 0.0) -> None:
        super().__init__(weights)
        self.max_delay = max_delay
        self.alpha = alpha  # share of its current that a step leaves the neuron behind
        # in units of DELAY_RATE steps, so that the one learning rate suits both
        self.positions = nn.Parameter(torch.rand_like(weights.weight) * max_delay / DELAY_RATE)
        self.register_buffer("sigma", torch.tensor(max(NARROWEST, max_delay / 2)))
        self.register_buffer("whole_delays", torch.tensor(False))

    def integer_delays(self) -> Tensor:
        """[neuron, channel]: the delay of each synapse in whole steps."""
        return (self.positions.detach() * DELAY_RATE).round().clamp(0, self.max_delay).long()

    def kernel(self, weight: Tensor) -> Tensor:
        """[delay, neuron, channel]: what a spike brings that many steps after it."""
        if bool(self.whole_delays) or not self.training:
            kernel = weight.new_zeros(self.max_delay + 1, *weight.shape)
            return kernel.scatter(0, self.integer_delays()[None], weight[None])
        steps = torch.arange(self.max_delay + 1, dtype=weight.dtype).view(-1, 1, 1)
        distance = steps - (self.positions * DELAY_RATE).clamp(0, self.max_delay)
        bell = torch.softmax(-(distance**2) / (2 * self.sigma**2), dim=0)  # type: ignore[operator]
        return weight * bell

    def folded(self) -> tuple[Tensor, Tensor]:
        """(weight, bias); the chip adds the bias to the membrane, so it is what the constant grows to in a current."""
        weight, bias = super().folded()
        return weight, bias / (1 - self.alpha)

    def on_chip_grid(self, spikes: Tensor, threshold: float, n_input_levels: int) -> Tensor:
        """As of any synapses; a bias of the membrane alone is, as a current, b first and (1 - alpha) b after."""
        weight, bias = self.rounded(threshold, n_input_levels)
        share = torch.full((len(spikes), 1, 1), 1 - self.alpha, dtype=bias.dtype)
        share[0] = 1.0
        return self._applied(spikes, weight, None) + share * bias

    def _applied(self, spikes: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        currents = delayed_product(spikes, self.kernel(weight))
        return currents if bias is None else currents + bias

    def synapses_met(self, events: Tensor) -> Tensor:
        """A spike meets each synapse once, however long it waits there."""
        return (events != 0).sum(dtype=torch.float64) * self.n_outputs


def delayed_product(spikes: Tensor, kernel: Tensor) -> Tensor:
    """current[t] = sum over k of spikes[t - k] @ kernel[k]^T, from [step, batch, channel], [delay, neuron, channel]."""
    n_steps = len(spikes)
    n_points = n_steps + len(kernel) - 1  # so that nothing wraps around
    spectrum = torch.bmm(
        torch.fft.rfft(spikes, n_points, dim=0), torch.fft.rfft(kernel, n_points, dim=0).transpose(1, 2)
    )
    currents: Tensor = torch.fft.irfft(spectrum, n_points, dim=0)[:n_steps]
    return currents


class DelayNetwork(SpikingNetwork):
    """Narrows the bells from epoch to epoch, and ends with whole delays."""

    narrow_until = 0.5

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        super().start_epoch(epoch, n_epochs)
        share = min(1.0, epoch / max(1.0, self.narrow_until * n_epochs))
        for layer in self.layers:
            assert isinstance(layer, DelaySynapses)
            widest = max(NARROWEST, layer.max_delay / 2)
            layer.sigma.fill_(widest * (NARROWEST / widest) ** share)  # type: ignore[operator]
            layer.whole_delays.fill_(bool(self.on_chip_grid))  # type: ignore[operator]


@dataclass(frozen=True)
class DelaySnn(ChipOptions):
    """The options of a dense LIF network with delays."""

    hidden: tuple[int, ...] = (128, 128)  # neurons of each LIF layer
    max_delay: int = 24  # steps
    narrow_until: float = 0.5  # share of the epochs
    alpha: float = 0.0  # share of a synaptic current that a step leaves; 0: the current lasts one step

    def __post_init__(self) -> None:
        super().__post_init__()
        check_hidden(self.hidden)
        check_shares(narrow_until=self.narrow_until)
        if not 1 <= self.max_delay <= LARGEST_DELAY:
            raise InputError(f"max_delay must lie in 1 to {LARGEST_DELAY}, the chip's longest; got {self.max_delay}.")
        neuron_with_current(self, self.alpha)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "delay-snn")
        if shape.code == "graded" and self.alpha:
            raise InputError(
                f"delay-snn with alpha = {self.alpha} reads spikes: currents of 8-bit levels that add up over steps "
                "would wrap on the chip. Set alpha to 0, or choose a code of spikes."
            )
        widths = (shape.n_channels, *self.hidden)
        neuron = neuron_with_current(self, self.alpha)
        alpha = neuron.chip_alpha if isinstance(neuron, CubaNeuron) else 0.0
        network = DelayNetwork(
            shape,
            [DelaySynapses(nn.Linear(n, m, bias=False), self.max_delay, alpha) for n, m in pairwise(widths)],
            Readout(widths[-1], n_classes),
            neuron,
            **self.for_network(),
        )
        network.narrow_until = self.narrow_until
        return network
