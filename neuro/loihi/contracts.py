# neuro/loihi/contracts.py
"""A spiking network as the chip holds it: integers only, and the record of what it did.

    input_spikes   [step, clip, channel]   0 or 1; graded: 0 to 255
    spikes         [step, clip, neuron]    of every layer, 0 or 1

The dynamics are those of Lava 0.10's fixed-point LIF with a fully decaying current (du = 4095), for a layer whose
synaptic input of the step is a:

    v[t] = clip(trunc(v[t-1] * (4096 - dv) / 4096) + (a[t] << 6) + bias, -(2^23 - 1), 2^23 - 1)
    s[t] = v[t] > (vth << 6);  v[t] = 0 where s[t]

Between layers a delay-free step is meant: Lava's connections each add one step, which its adapter takes out again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

MEMBRANE_LIMIT = 2**23 - 1
FRACTION_BITS = 6


class NotMappableError(ValueError):
    """A network that the chip cannot hold; the message says which limit."""


@dataclass(frozen=True)
class LoihiLayer:
    """Synapses into one layer of LIF neurons."""

    kind: Literal["dense", "convolution"]
    weights: Integers  # dense [neuron, channel]; convolution [map, map_in, mel, frame]
    bias_mantissa: Integers  # [neuron], or [map] of a convolution; 13 bits signed
    bias_exponent: int  # 0 to 7
    decay: int  # dv, 0 to 4095: what a step takes from the membrane, out of 4096
    threshold: int  # vth, 17 bits
    input_grid: tuple[int, ...]  # (channel,), or (map, mel, frame)
    output_grid: tuple[int, ...]
    stride: int = 1  # of a convolution
    padding: int = 0

    def __post_init__(self) -> None:
        limits: Sequence[tuple[str, float, float, float]] = (
            # Lava clips a layer of negative weights alone to -255, so -256 would depend on its neighbours.
            ("weights", float(self.weights.min()), -254, 254),
            ("weights", float(self.weights.max()), -254, 254),
            ("bias_mantissa", float(np.abs(self.bias_mantissa).max()), 0, 4095),
            ("bias_exponent", self.bias_exponent, 0, 7),
            ("decay", self.decay, 0, 4095),
            ("threshold", self.threshold, 1, 2**17 - 1),
        )
        for name, value, low, high in limits:
            if not low <= value <= high:
                raise NotMappableError(f"{name} of {value:g} does not fit the chip: {low:g} to {high:g}.")
        if np.any(self.weights % 2):
            raise NotMappableError("weights of mixed sign are even on the chip; an odd one was given.")

    @property
    def n_neurons(self) -> int:
        return int(np.prod(self.output_grid))

    @property
    def bias(self) -> Integers:
        """What is added to the membrane in each step, [neuron] or [map]."""
        return self.bias_mantissa << self.bias_exponent


@dataclass(frozen=True)
class LoihiNetwork:
    """LIF layers, then integrating readout neurons (no decay, a threshold that they do not reach)."""

    layers: tuple[LoihiLayer, ...]  # the last one is the readout
    graded_input: bool  # 8-bit levels in place of spikes: Loihi 2 only
    readout_gain: float  # logit per unit of the readout's membrane potential and step

    @property
    def n_neurons(self) -> int:
        return sum(layer.n_neurons for layer in self.layers)


@dataclass(frozen=True)
class SpikeRecord:
    """What a run did: every spike of every layer, and the readout's membrane potentials at the end."""

    input_spikes: NDArray[Any]  # [step, clip, channel]
    spikes: tuple[NDArray[np.bool_], ...]  # per layer [step, clip, neuron]
    inputs_active: tuple[NDArray[np.bool_], ...]  # per layer [step, clip, neuron]: a spike met the neuron
    readout_potentials: Integers  # [clip, class]
