# neuro/classifiers/recurrent.py
"""Recurrent LIF network: dense layers whose neurons also hear what their own layer fired in the step before.

    spikes   [step, batch, channel]   ->   logits   [batch, class]

The recurrent weights are learnt as they are, after the batch norm of what comes from below: on the chip both go into
one current, so they share one integer scale, the coarser of the two.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from neuro.classifiers.options import PRODUCTS, ChipOptions, check_choice, check_code, check_hidden
from neuro.classifiers.readout import Readout
from neuro.classifiers.spiking_network import SpikingNetwork
from neuro.classifiers.synapses import Synapses, even_integers
from neuro.lif_scan.recurrent_scan import recurrent_scan
from neuro.neuron import LifNeuron


class RecurrentSynapses(Synapses):
    """Synapses from the layer below, and from the layer itself."""

    def __init__(self, weights: nn.Linear, *, sparse: bool) -> None:
        super().__init__(weights, sparse=sparse)
        n_neurons = weights.out_features
        self.recurrent = nn.Parameter(torch.empty(n_neurons, n_neurons))
        nn.init.orthogonal_(self.recurrent, gain=0.2)

    def fired(self, currents: Tensor, neuron: LifNeuron, *, on_chip_grid: bool) -> Tensor:
        weight = self.rounded_recurrent(neuron.threshold) if on_chip_grid else self.recurrent
        return recurrent_scan(currents, weight, neuron)

    def recurrent_synapses_met(self, fired: Tensor) -> Tensor:
        """A spike meets every neuron of its own layer; what the last step fires arrives after the clip."""
        return (fired != 0).sum(dtype=torch.float64) * self.n_outputs

    def scale(self, weight: Tensor, threshold: float, n_input_levels: int) -> float:
        """As fine as the synapses from below and the recurrent ones both bear."""
        both = torch.cat([weight.detach().flatten(), self.recurrent.detach().flatten()])
        return super().scale(both[None], threshold, n_input_levels)

    def recurrent_integers(self, threshold: float) -> Tensor:
        """The recurrent weights in the chip's integers, as floats."""
        scale = self.scale(self.folded()[0], threshold, 1)
        return even_integers(self.recurrent.detach() * scale)

    def rounded_recurrent(self, threshold: float) -> Tensor:
        """The recurrent weights on the chip's grid, as floats; the gradient passes the rounding unchanged."""
        scale = self.scale(self.folded()[0], threshold, 1)
        return self.recurrent + (self.recurrent_integers(threshold) / scale - self.recurrent).detach()


@dataclass(frozen=True)
class RecurrentSnn(ChipOptions):
    """The options of a recurrent LIF network."""

    hidden: tuple[int, ...] = (128, 128)  # neurons of each LIF layer
    products: str = "dense"  # of what comes from below; "sparse": faster where few neurons fire

    def __post_init__(self) -> None:
        super().__post_init__()
        check_hidden(self.hidden)
        check_choice("products", self.products, PRODUCTS)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "recurrent-snn")
        if shape.code == "graded":
            raise InputError(
                "recurrent-snn reads spikes; its encoder gives levels of 8 bits, on whose scale the chip's weights "
                "from neuron to neuron would be too coarse. Choose send-on-delta, latency or rate."
            )
        widths = (shape.n_channels, *self.hidden)
        sparse = self.products == "sparse"
        return SpikingNetwork(
            shape,
            [RecurrentSynapses(nn.Linear(n, m, bias=False), sparse=sparse) for n, m in pairwise(widths)],
            Readout(widths[-1], n_classes),
            self.neuron,
            **self.for_network(),
        )
