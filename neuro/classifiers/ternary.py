# neuro/classifiers/ternary.py
"""Dense network of ternary LIF neurons, whose spikes have a sign: far above zero +1, far below it -1.

    spikes   [step, batch, channel]   ->   logits   [batch, class]

    v[t] = beta * (1 - |s[t-1]|) * v[t-1] + x[t]
    s[t] = +1 where v[t] > threshold, -1 where v[t] < -threshold, else 0

Either threshold has a surrogate derivative of its own, 1 / (1 + slope * |v - threshold|)^2 and the like at -threshold;
as in LIF no gradient flows through the reset. The equations are those of Lava's `TernaryLIF` with a current that decays
within the step: `neuro/loihi/neurons/ternary_lif.py`. Rates count spikes of both signs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from classical_baselines.harness.contracts import Classifier, EncodedShape
from neuro.classifiers.options import ChipOptions, check_code, check_hidden
from neuro.classifiers.readout import Readout
from neuro.classifiers.spiking_network import SpikingNetwork, rate_excess
from neuro.classifiers.synapses import Synapses
from neuro.neuron import LifNeuron, TernaryNeuron


class _TernaryScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, currents: Tensor, beta: float, threshold: float, slope: float) -> tuple[Tensor, Tensor]:
        potentials, carried = torch.empty_like(currents), torch.zeros_like(currents[0])
        for step, current in enumerate(currents):
            potential = torch.add(current, carried, alpha=beta, out=potentials[step])
            carried = potential * (potential.abs() <= threshold)  # reset to zero where it fired
        ctx.save_for_backward(potentials)
        ctx.constants = beta, threshold, slope
        return (potentials > threshold).to(currents.dtype), (potentials < -threshold).to(currents.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor, below: Tensor) -> tuple[Tensor, None, None, None]:
        (potentials,) = ctx.saved_tensors
        beta, threshold, slope = ctx.constants
        result, later = torch.empty_like(potentials), torch.zeros_like(potentials[0])
        for step in range(len(potentials) - 1, -1, -1):
            potential = potentials[step]
            of_upper = above[step] / (1 + slope * (potential - threshold).abs()) ** 2
            of_lower = below[step] / (1 + slope * (potential + threshold).abs()) ** 2
            later = later * (potential.abs() <= threshold) * beta + of_upper - of_lower
            result[step] = later
        return result, None, None, None


def ternary_scan(currents: Tensor, neuron: LifNeuron) -> tuple[Tensor, Tensor]:
    """Spikes [step, ...] above and below, each 0 or 1, of a layer driven by currents [step, ...]."""
    above, below = _TernaryScan.apply(currents, neuron.chip_beta, neuron.threshold, neuron.surrogate_slope)
    return above, below


class TernarySynapses(Synapses):
    """Synapses into a layer of ternary neurons."""

    either: Tensor  # spikes of the last run without their sign

    def fired(self, currents: Tensor, neuron: LifNeuron, *, on_chip_grid: bool) -> Tensor:
        del on_chip_grid  # the same neuron on either grid
        above, below = ternary_scan(currents, neuron)
        self.either = above + below
        return above - below


class TernaryNetwork(SpikingNetwork):
    """Counts spikes of both signs for its penalty."""

    def excess(self, every: Sequence[Tensor]) -> Tensor:
        del every  # in which the signs cancel
        either = [layer.either for layer in self.layers if isinstance(layer, TernarySynapses)]
        return rate_excess(either, self.spike_rate_target, self.spike_rate_side)


@dataclass(frozen=True)
class TernarySnn(ChipOptions):
    """The options of a dense network of ternary LIF neurons."""

    hidden: tuple[int, ...] = (256, 256)  # neurons of each layer

    def __post_init__(self) -> None:
        super().__post_init__()
        check_hidden(self.hidden)

    @property
    def neuron(self) -> LifNeuron:
        return TernaryNeuron(self.beta, self.threshold, self.surrogate_slope)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "ternary-snn")
        widths = (shape.n_channels, *self.hidden)
        return TernaryNetwork(
            shape,
            [TernarySynapses(nn.Linear(n, m, bias=False)) for n, m in pairwise(widths)],
            Readout(widths[-1], n_classes),
            self.neuron,
            **self.for_network(),
        )
