# neuro/classifiers/dense.py
"""Dense LIF network: every input line to every neuron, layer by layer.

spikes   [step, batch, channel]   ->   logits   [batch, class]
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from neuro.classifiers.spiking_network import SpikingNetwork, check_code, check_shares, check_weight
from neuro.classifiers.synapses import Synapses
from neuro.neuron import LifNeuron


@dataclass(frozen=True)
class DenseSnn:
    """The options of a dense LIF network."""

    hidden: tuple[int, ...] = (256, 256)  # neurons of each LIF layer
    beta: float = 0.9
    threshold: float = 1.0
    surrogate_slope: float = 5.0
    dropout: float = 0.3
    quantise_from: float = 0.7  # share of the epochs after which training goes on with the chip's integers
    spike_rate_target: float = 0.1  # spikes per neuron and step above which a layer is penalised
    spike_rate_weight: float = 0.0  # of that penalty in the loss; 0: none

    def __post_init__(self) -> None:
        check_shares(dropout=self.dropout, quantise_from=self.quantise_from, spike_rate_target=self.spike_rate_target)
        if not self.hidden or min(self.hidden) < 1:
            raise InputError(f"hidden must name at least one layer of at least one neuron; got {self.hidden}.")
        check_weight(self.spike_rate_weight)
        LifNeuron(self.beta, self.threshold, self.surrogate_slope)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "dense-snn")
        widths = (shape.n_channels, *self.hidden)
        return SpikingNetwork(
            shape,
            [Synapses(nn.Linear(n, m, bias=False)) for n, m in pairwise(widths)],
            Synapses(nn.Linear(widths[-1], n_classes, bias=False), normalised=False),
            LifNeuron(self.beta, self.threshold, self.surrogate_slope),
            picture=None,
            dropout=self.dropout,
            quantise_from=self.quantise_from,
            spike_rate_target=self.spike_rate_target,
            spike_rate_weight=self.spike_rate_weight,
        )
