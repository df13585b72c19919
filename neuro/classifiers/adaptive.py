# neuro/classifiers/adaptive.py
"""Dense network of adaptive LIF neurons: the more one fires, the higher its threshold, for a while.

    spikes   [step, batch, channel]   ->   logits   [batch, class]

The slow second state is a memory that plain LIF lacks (`neuro/lif_scan/adaptive_scan.py`). No fixed-point model of Lava
has it, so it is run as floats, and asked for as Loihi integers it is refused.
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from classical_baselines.harness.contracts import Classifier, EncodedShape
from neuro.classifiers.options import SpikingOptions, check_code, check_hidden
from neuro.classifiers.spiking_network import SpikingNetwork
from neuro.classifiers.synapses import Synapses
from neuro.lif_scan.adaptive_scan import AdaptiveNeuron, adaptive_scan
from neuro.neuron import LifNeuron


class AdaptiveSynapses(Synapses):
    """Synapses into a layer of adaptive neurons."""

    def fired(self, currents: Tensor, neuron: LifNeuron, *, on_chip_grid: bool) -> Tensor:
        assert isinstance(neuron, AdaptiveNeuron) and not on_chip_grid
        return adaptive_scan(currents, neuron)


class AdaptiveNetwork(SpikingNetwork):
    """Trained and run as floats alone."""

    not_on_chip = (
        "adaptive-snn has neurons whose threshold adapts; Lava's fixed-point LIF, and so this Loihi model, has one "
        "threshold for a layer."
    )

    @property
    def n_macs_per_update(self) -> int:
        return 3  # leak, adaptation, threshold


@dataclass(frozen=True)
class AdaptiveSnn(SpikingOptions):
    """The options of a dense network of adaptive LIF neurons."""

    hidden: tuple[int, ...] = (128, 128)  # neurons of each layer
    rho: float = 0.95
    kappa: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_hidden(self.hidden)
        _ = self.neuron

    @property
    def neuron(self) -> LifNeuron:
        return AdaptiveNeuron(self.beta, self.threshold, self.surrogate_slope, self.rho, self.kappa)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "adaptive-snn")
        widths = (shape.n_channels, *self.hidden)
        return AdaptiveNetwork(
            shape,
            [AdaptiveSynapses(nn.Linear(n, m, bias=False)) for n, m in pairwise(widths)],
            Synapses(nn.Linear(widths[-1], n_classes, bias=False), normalised=False),
            self.neuron,
            quantise_from=2.0,  # never
            **self.for_network(),
        )
