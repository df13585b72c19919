# neuro/classifiers/dense.py
"""Dense LIF network: every input line to every neuron, layer by layer.

spikes   [step, batch, channel]   ->   logits   [batch, class]
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from classical_baselines.harness.contracts import Classifier, EncodedShape
from neuro.classifiers.options import PRODUCTS, ChipOptions, check_choice, check_code, check_hidden
from neuro.classifiers.readout import Readout
from neuro.classifiers.spiking_network import SpikingNetwork
from neuro.classifiers.synapses import Synapses


@dataclass(frozen=True)
class DenseSnn(ChipOptions):
    """The options of a dense LIF network."""

    hidden: tuple[int, ...] = (256, 256)  # neurons of each LIF layer
    products: str = "dense"  # "sparse": faster where few neurons fire; other rounding (`neuro/sparse_product.py`)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_hidden(self.hidden)
        check_choice("products", self.products, PRODUCTS)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "dense-snn")
        widths = (shape.n_channels, *self.hidden)
        return SpikingNetwork(
            shape,
            [Synapses(nn.Linear(n, m, bias=False), sparse=self.products == "sparse") for n, m in pairwise(widths)],
            Readout(widths[-1], n_classes),
            self.neuron,
            **self.for_network(),
        )
