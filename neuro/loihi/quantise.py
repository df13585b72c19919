# neuro/loihi/quantise.py
"""From a trained spiking network to the chip's integers.

Each layer has its own scale S (integer weight per unit of weight): W = 2 round(w S / 2), threshold = round(theta S),
bias = round(b S 2^6) as mantissa and exponent. Graded input counts in units of 1/255, so the first layer's threshold
and bias take that factor. Batch norm is folded before (`neuro/classifiers/synapses.py`), so the integers are those
that the last epochs were trained on. The readout's scale leaves room for its sums (`neuro/classifiers/readout.py`).
"""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from neuro.classifiers.delays import DelaySynapses
from neuro.classifiers.recurrent import RecurrentSynapses
from neuro.classifiers.spiking_network import LOGIT_GAIN, SpikingNetwork
from neuro.classifiers.synapses import LARGEST_THRESHOLD, Synapses, bias_integers, even_integers
from neuro.loihi.contracts import FRACTION_BITS, Lif, LoihiLayer, LoihiNetwork, NotMappableError, Recurrence, TernaryLif
from neuro.loihi.finite import check_synapses, layer_title
from neuro.neuron import CubaNeuron, LifNeuron, TernaryNeuron


@runtime_checkable
class HasIntegers(Protocol):
    """A network that knows its own integers: one whose layers are no LIF."""

    def loihi_network(self) -> LoihiNetwork: ...


@torch.no_grad()
def quantised(network: nn.Module) -> LoihiNetwork:
    """The integers of a trained network; NotMappableError where it is no network that the chip runs."""
    reason = getattr(network, "not_on_chip", None)
    if reason is not None:
        raise NotMappableError(f"{reason} Run it with the backend torch-float, or choose another classifier.")
    if isinstance(network, HasIntegers):
        return network.loihi_network()
    if not isinstance(network, SpikingNetwork):
        raise NotMappableError(
            f"{type(network).__name__} is no network of leaky integrate-and-fire or sigma-delta layers; Loihi "
            "runs no other. Use dense-snn, convolutional-snn, delay-snn, recurrent-snn, ternary-snn or "
            "sigma-delta-network."
        )
    grid = network.picture or (network.shape.n_channels,)
    layers, levels = [], network.n_input_levels
    for number, synapses in enumerate((*network.layers, network.readout)):
        assert isinstance(synapses, Synapses)
        check_synapses(synapses, layer_title(number, len(network.layers)))
    for synapses in network.layers:
        assert isinstance(synapses, Synapses)
        layer = _layer(synapses, grid, network.neuron, levels)
        layers.append(layer)
        grid, levels = layer.output_grid, 1
    readout = _layer(network.readout, (int(np.prod(grid)),), network.neuron, 1, fires=False)
    weight, _ = network.readout.folded()
    scale = network.readout.scale(weight, network.neuron.threshold, 1)
    return LoihiNetwork((*layers, readout), network.shape.code == "graded", LOGIT_GAIN / (scale * 2**FRACTION_BITS))


def _layer(
    synapses: Synapses,
    grid: tuple[int, ...],
    neuron: LifNeuron,
    n_input_levels: int,
    *,
    fires: bool = True,
) -> LoihiLayer:
    """One layer; neurons that do not fire have the highest threshold and no decay."""
    threshold = neuron.threshold
    weight, bias = synapses.folded()
    scale = synapses.scale(weight, threshold, n_input_levels)
    integers = even_integers(weight * scale)
    mantissa, exponent = bias_integers(bias * scale * n_input_levels * 2**FRACTION_BITS)
    convolution = synapses.weights if isinstance(synapses.weights, nn.Conv2d) else None
    return LoihiLayer(
        kind="dense" if convolution is None else "convolution",
        weights=_integers(integers),
        bias_mantissa=_integers(mantissa),
        bias_exponent=exponent,
        neuron=_lif(neuron, max(1, round(threshold * scale * n_input_levels))) if fires else Lif(0, LARGEST_THRESHOLD),
        input_grid=grid,
        output_grid=(len(weight),) if convolution is None else _output_grid(convolution, grid),
        stride=1 if convolution is None else int(convolution.stride[0]),
        padding=0 if convolution is None else int(convolution.padding[0]),
        delays=_integers(synapses.integer_delays()) if isinstance(synapses, DelaySynapses) else None,
        recurrence=(
            Recurrence(_integers(synapses.recurrent_integers(threshold)))
            if isinstance(synapses, RecurrentSynapses)
            else None
        ),
    )


def _lif(neuron: LifNeuron, threshold: int) -> Lif | TernaryLif:
    if isinstance(neuron, TernaryNeuron):
        return TernaryLif(neuron.decay, threshold, -threshold)
    if isinstance(neuron, CubaNeuron):
        return Lif(neuron.decay, threshold, neuron.current_decay)
    return Lif(neuron.decay, threshold)


def _output_grid(convolution: nn.Conv2d, grid: tuple[int, ...]) -> tuple[int, ...]:
    with torch.no_grad():
        return tuple(convolution(torch.zeros(1, *grid)).shape[1:])


def _integers(values: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return values.double().round().numpy().astype(np.int64)
