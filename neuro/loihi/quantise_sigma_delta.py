# neuro/loihi/quantise_sigma_delta.py
"""From a trained sigma-delta network to the chip's integers: those that its last epochs were trained on.

The readout neuron has no leak, a threshold out of reach, and a current that lasts (du = 0: a step takes 1/4096 of it),
so that changes add up to values and values to their sum over the steps.
"""

import numpy as np
import torch
from torch import Tensor

from neuro.classifiers.sigma_delta import READOUT_SHIFT, SigmaDeltaNetwork
from neuro.classifiers.spiking_network import LOGIT_GAIN
from neuro.classifiers.synapses import Synapses
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, SigmaDelta
from neuro.loihi.finite import check_finite, check_synapses, layer_title
from neuro.loihi.limits import LARGEST_THRESHOLD


@torch.no_grad()
def quantised_sigma_delta(network: SigmaDeltaNetwork) -> LoihiNetwork:
    """The integers of a trained sigma-delta network."""
    for number, synapses in enumerate((*network.layers, network.readout)):
        assert isinstance(synapses, Synapses)
        check_synapses(synapses, layer_title(number, len(network.layers)))
    check_finite("sigma-delta-network", {name: network.get_buffer(name) for name in ("peaks", "reach")})
    grid: tuple[int, ...] = (network.shape.n_channels,)
    layers = []
    for held in network.chip_layers():
        neuron = SigmaDelta(min(held.threshold, LARGEST_THRESHOLD), state_exponent=held.state_exponent)
        layers.append(
            LoihiLayer(
                kind="dense",
                weights=_integers(held.weights),
                bias_mantissa=_integers(held.bias_mantissa),
                bias_exponent=held.bias_exponent,
                neuron=neuron,
                input_grid=grid,
                output_grid=(len(held.weights),),
            )
        )
        grid = layers[-1].output_grid
    readout = network.chip_readout()
    layers.append(
        LoihiLayer(
            kind="dense",
            weights=_integers(readout.weights),
            bias_mantissa=_integers(readout.bias_mantissa),
            bias_exponent=readout.bias_exponent,
            neuron=Lif(decay=0, threshold=LARGEST_THRESHOLD, current_decay=0),
            input_grid=grid,
            output_grid=(len(readout.weights),),
            weight_exponent=-READOUT_SHIFT,
        )
    )
    return LoihiNetwork(tuple(layers), network.shape.code == "graded", LOGIT_GAIN / readout.per_logit)


def _integers(values: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return values.double().round().numpy().astype(np.int64)
