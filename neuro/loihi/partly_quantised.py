# neuro/loihi/partly_quantised.py
"""A trained spiking network between its floats and the chip's integers: at each precision, one more thing is rounded.

Of a layer with weights w and biases b (batch norm folded), decay beta, threshold theta, the scale S of its integers,
and L input levels (1 for spikes, 255 for graded input):

    nothing      v[t] = beta v[t-1] + w s[t] + b             fires above theta      as trained, in 32-bit floats
    weights      v[t] = beta v[t-1] + W s[t] + b S L         fires above Theta      W on the chip's grid; 64-bit floats
    constants    v[t] = beta v[t-1] + W s[t] + B             fires above Theta      B as the chip holds it
    (all)        the same numbers in the chip's arithmetic (`neuro/loihi/emulator.py`)

W, B and Theta are those of `quantised`, which the emulator runs. 64 bits hold every sum of integers, so from
`constants` to the emulator nothing changes but the products with the decay, which the chip rounds towards zero, and
what its widths limit. A current-based neuron has b in its current; the chip adds B to the membrane.

Decays and thresholds have nothing to round: beta is `chip_beta`, a multiple of 1/4096 from the first epoch on, and S is
chosen so that Theta = theta S L is whole (`Synapses.scale`). Of the constants it is the biases that move.
"""

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from neuro.classifiers.recurrent import RecurrentSynapses
from neuro.classifiers.spiking_network import SpikingNetwork
from neuro.classifiers.synapses import LARGEST_WEIGHT, Synapses
from neuro.loihi.contracts import FRACTION_BITS, Lif, LoihiLayer, LoihiNetwork, NotMappableError
from neuro.loihi.quantise import quantised
from neuro.neuron import CubaNeuron, LifNeuron, TernaryNeuron

Rounded = Literal["nothing", "weights", "constants"]


@torch.no_grad()
def partly_quantised(network: nn.Module, rounded: Rounded) -> "CopiedNetwork":
    """A copy in evaluation mode, with its weights rounded, its constants too, or nothing.

    NotMappableError where the chip could not hold its integers.
    """
    integers = quantised(network)
    network = _of_lif(network)
    if rounded == "nothing":  # also of a network trained on the chip's grid: it keeps the floats that are rounded
        *layers, readout = deepcopy(_synapses(network))
        return CopiedNetwork(network.shape, layers, readout, network.neuron, **_fixed(network)).eval()
    return ChipUnitsNetwork(network, integers, with_constants=rounded == "constants").eval()


class CopiedNetwork(SpikingNetwork):
    """A trained network that is only run: logits, counts and rates of one input share what its layers fired."""

    _last: tuple[Tensor, list[Tensor]] | None = None

    def hidden_spikes(self, encoded: Tensor) -> list[Tensor]:
        if self._last is None or self._last[0] is not encoded:
            self._last = encoded, self.fired(encoded)
        return self._last[1]

    def fired(self, encoded: Tensor) -> list[Tensor]:
        """The spikes of every LIF layer, worked out."""
        return super().hidden_spikes(encoded)


class ChipUnitsNetwork(CopiedNetwork):
    """A network in units of its integer weights, which each layer has its own of, in 64-bit floats."""

    def __init__(self, network: SpikingNetwork, integers: LoihiNetwork, *, with_constants: bool) -> None:
        held = integers.layers
        *layers, readout = map(_with_integers, deepcopy(_synapses(network)), held)
        super().__init__(network.shape, layers, readout, network.neuron, **_fixed(network))
        biases = map(chip_bias, held) if with_constants else (floats.bias for floats in in_chip_units(network))
        self.biases = list(biases)  # per layer [neuron] or [map], the readout's last
        self.biases_on_membrane = with_constants
        self.neurons = [_neuron(network.neuron, layer) for layer in held[:-1]]
        self.gain = integers.readout_gain * 2**FRACTION_BITS  # logit per unit of weight that a step brings

    def fired(self, encoded: Tensor) -> list[Tensor]:
        spikes = self._arriving(torch.round(encoded.double() * self.n_input_levels))
        every = []
        for layer, bias, neuron in zip(_synapses(self)[:-1], self.biases, self.neurons, strict=False):
            currents = _whole(layer(spikes))
            spikes = layer.fired(currents + self._brought_in(bias, neuron, currents), neuron, on_chip_grid=False)
            every.append(spikes)
        return every

    def forward(self, encoded: Tensor) -> Tensor:
        """Logits: the readout's potentials after the last step, per step."""
        fired = self.hidden_spikes(encoded)[-1].flatten(2)
        potentials = _whole(self.readout(fired.sum(0)[None])[0]) + len(fired) * self.biases[-1]
        return (potentials * (self.gain / len(fired))).float()

    def _brought_in(self, bias: Tensor, neuron: LifNeuron, currents: Tensor) -> Tensor:
        """The bias as a current, to be added to `currents` [step, batch, ...].

        Within a current that keeps alpha of itself, (1 - alpha) of it grows to it; on the membrane it is whole at once.
        """
        shaped = bias.view(-1, *[1] * (currents.dim() - 3))
        if not isinstance(neuron, CubaNeuron):
            return shaped
        share = torch.full((len(currents), *[1] * (currents.dim() - 1)), 1 - neuron.chip_alpha, dtype=bias.dtype)
        if self.biases_on_membrane:
            share[0] = 1.0
        return share * shaped


@dataclass(frozen=True, eq=False)
class ChipUnits:
    """A layer's floats in units of its integer weights, before any is rounded."""

    weights: Tensor  # w S of all synapses, recurrent ones last
    bias: Tensor  # b S L, as the membrane feels it
    threshold: float  # theta S L


@torch.no_grad()
def in_chip_units(network: SpikingNetwork) -> list[ChipUnits]:
    """Of each layer, the readout last."""
    found = []
    for number, synapses in enumerate(_synapses(network)):
        levels = network.n_input_levels if number == 0 else 1
        weight, bias = synapses.folded()
        scale = synapses.scale(weight, network.neuron.threshold, levels)
        every = [weight.flatten()] + ([synapses.recurrent.flatten()] if isinstance(synapses, RecurrentSynapses) else [])
        threshold = network.neuron.threshold * scale * levels
        found.append(ChipUnits(torch.cat(every) * scale, bias.double() * scale * levels, threshold))
    return found


def rounding_by_layer(network: nn.Module) -> dict[str, list[float]]:
    """What rounding does to each layer, the readout last.

    weights_clipped    share of the weights beyond the ends of the grid
    weights_to_zero    share of the weights that are 0 as integers, and not as floats
    biases_clipped     share of the biases beyond the chip's mantissa and exponent
    bias_change        root mean square of what rounding moves the biases by, in thresholds
    """
    integers = quantised(network)
    network = _of_lif(network)
    clipped = clipped_by_layer(network, integers)
    to_zero, changes = [], []
    for floats, layer in zip(in_chip_units(network), integers.layers, strict=True):
        moved = chip_bias(layer) - floats.bias
        lost = (_integer_weights(layer) == 0) & (floats.weights != 0)
        to_zero.append(float(lost.double().mean()))
        changes.append(float(moved.square().mean().sqrt()) / floats.threshold)
    return {
        "weights_clipped": clipped["weights_clipped"],
        "weights_to_zero": to_zero,
        "biases_clipped": clipped["biases_clipped"],
        "bias_change": changes,
    }


def clipped_by_layer(network: SpikingNetwork, integers: LoihiNetwork) -> dict[str, list[float]]:
    """The two shares of `rounding_by_layer` that say what the chip cannot hold, of a network of ternary neurons too."""
    weights, biases = [], []
    for floats, layer in zip(in_chip_units(network), integers.layers, strict=True):
        moved = chip_bias(layer) - floats.bias
        weights.append(float((floats.weights.abs() > LARGEST_WEIGHT + 1).double().mean()))
        biases.append(float((moved.abs() > 2.0 ** (layer.bias_exponent - FRACTION_BITS)).double().mean()))
    return {"weights_clipped": weights, "biases_clipped": biases}


def chip_bias(layer: LoihiLayer) -> Tensor:
    """B [neuron] or [map] in units of integer weight."""
    return torch.from_numpy(layer.bias).double() / 2**FRACTION_BITS


def _of_lif(network: nn.Module) -> SpikingNetwork:
    """The network, if its layers are of LIF; NotMappableError otherwise."""
    if not isinstance(network, SpikingNetwork) or isinstance(network.neuron, TernaryNeuron):
        raise NotMappableError(
            f"{type(network).__name__} has no layers of leaky integrate-and-fire neurons, the only ones that are run "
            "partly quantised. Choose the backend torch-float or loihi-emulator."
        )
    return network


def _synapses(network: SpikingNetwork) -> list[Synapses]:
    """All layers, the readout last."""
    return [layer for layer in (*network.layers, network.readout) if isinstance(layer, Synapses)]


def _fixed(network: SpikingNetwork) -> dict[str, Any]:
    """How a network is built that is trained no further."""
    options = {"dropout": 0.0, "spike_rate_target": 0.0, "spike_rate_weight": 0.0, "spike_rate_side": "above"}
    return {**options, "quantise_from": 1.0, "picture": network.picture}


def _with_integers(synapses: Synapses, layer: LoihiLayer) -> Synapses:
    """The synapses, made to hold the layer's integer weights as 64-bit floats, and neither norm nor bias."""
    synapses.norm, synapses.bias, synapses.sparse = None, None, False
    synapses.weights.weight = nn.Parameter(torch.from_numpy(layer.weights).double())
    if isinstance(synapses, RecurrentSynapses):
        assert layer.recurrence is not None
        synapses.recurrent = nn.Parameter(torch.from_numpy(layer.recurrence.weights).double())
    return synapses


def _neuron(neuron: LifNeuron, layer: LoihiLayer) -> LifNeuron:
    """The neuron with the threshold that it has in this layer."""
    assert isinstance(layer.neuron, Lif)
    return replace(neuron, threshold=float(layer.neuron.threshold))


def _integer_weights(layer: LoihiLayer) -> Tensor:
    """All synapses, recurrent ones last."""
    recurrent = [] if layer.recurrence is None else [torch.from_numpy(layer.recurrence.weights).flatten()]
    return torch.cat([torch.from_numpy(layer.weights).flatten(), *recurrent])


def _whole(sums: Tensor) -> Tensor:
    """Sums of integers, which a fast product may leave 1e-12 beside them."""
    return torch.round(sums)
