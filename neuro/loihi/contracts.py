# neuro/loihi/contracts.py
"""A spiking network as the chip holds it: integers only, and the record of what it did.

    input_spikes   [step, clip, channel]   0 or 1; graded: integers
    spikes         [step, clip, neuron]    of every layer: 0 or 1; of ternary neurons with a sign; of sigma-delta graded

A layer is synapses (dense or a convolution, with an exponent, and of a dense layer with delays), perhaps recurrent
synapses, a bias, and one neuron model (`neuro/loihi/neurons`). Its neurons receive in step t, per neuron,

    a[t] = sum over delays d of shift( W_d s_below[t - d], weight_exponent ) + shift( R s[t-1], exponent of R )
    shift(x, e) = x << e, or x >> -e, which rounds down: of the sum of all synapses with one delay, not of each weight

Between layers a delay-free step is meant: Lava's connections each add one step, which its adapter takes out again; a
recurrent connection keeps it. The rules are those of Lava 0.10's fixed-point models (Loihi 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neuro.loihi.limits import (
    DECAY_UNITY,
    FRACTION_BITS,
    LARGEST_DELAY,
    LARGEST_WEIGHT_EXPONENT,
    MEMBRANE_LIMIT,
    NotMappableError,
    check_fits,
)
from neuro.loihi.neurons.lif import Lif
from neuro.loihi.neurons.neuron import Neuron
from neuro.loihi.neurons.resonate_and_fire import ResonateAndFire
from neuro.loihi.neurons.sigma_delta import SigmaDelta
from neuro.loihi.neurons.ternary_lif import TernaryLif

__all__ = [
    "DECAY_UNITY",
    "FRACTION_BITS",
    "MEMBRANE_LIMIT",
    "Lif",
    "LoihiLayer",
    "LoihiNetwork",
    "Neuron",
    "NotMappableError",
    "Recurrence",
    "ResonateAndFire",
    "SigmaDelta",
    "SpikeRecord",
    "TernaryLif",
]

Integers = NDArray[np.int64]
SignMode = Literal["mixed", "excitatory", "inhibitory"]
WEIGHT_BITS = 8
LARGEST_BIAS_EXPONENT = 7
LARGEST_BIAS_MANTISSA = 4095  # 13 bits signed
PICTURE_AXES = 3


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Synapses from a layer to itself: a spike arrives one step later."""

    weights: Integers  # [neuron, neuron]: to, from
    weight_exponent: int = 0
    weight_bits: int = WEIGHT_BITS
    sign_mode: SignMode = "mixed"

    def __post_init__(self) -> None:
        check_weights(self.weights, self.sign_mode, self.weight_bits)
        check_fits("weight_exponent", self.weight_exponent, -LARGEST_WEIGHT_EXPONENT, LARGEST_WEIGHT_EXPONENT)


@dataclass(frozen=True)
class LoihiLayer:
    """Synapses into one layer of neurons of one model."""

    kind: Literal["dense", "convolution"]
    weights: Integers  # dense [neuron, channel]; convolution [map, map_in, mel, frame]
    bias_mantissa: Integers  # [neuron], or [map] of a convolution; 13 bits signed
    bias_exponent: int  # 0 to 7
    neuron: Neuron
    input_grid: tuple[int, ...]  # (channel,), or (map, mel, frame)
    output_grid: tuple[int, ...]
    stride: int = 1  # of a convolution
    padding: int = 0
    weight_exponent: int = 0  # -7 to 7; of a convolution 0 to 7
    weight_bits: int = WEIGHT_BITS  # 1 to 8, the sign among them where it is mixed
    sign_mode: SignMode = "mixed"
    delays: Integers | None = None  # of a dense layer [neuron, channel], 0 to 63 steps; None: none
    recurrence: Recurrence | None = None  # of a dense layer of LIF

    def __post_init__(self) -> None:
        check_weights(self.weights, self.sign_mode, self.weight_bits)
        limits: Sequence[tuple[str, float, float, float]] = (
            ("bias_mantissa", float(self.bias_mantissa.min()), -LARGEST_BIAS_MANTISSA, LARGEST_BIAS_MANTISSA),
            ("bias_mantissa", float(self.bias_mantissa.max()), -LARGEST_BIAS_MANTISSA, LARGEST_BIAS_MANTISSA),
            ("bias_exponent", self.bias_exponent, 0, LARGEST_BIAS_EXPONENT),
            ("weight_exponent", self.weight_exponent, -LARGEST_WEIGHT_EXPONENT, LARGEST_WEIGHT_EXPONENT),
        )
        for name, value, low, high in limits:
            check_fits(name, value, low, high)
        if not self.neuron.takes_bias and np.any(self.bias_mantissa):
            raise NotMappableError(f"{type(self.neuron).__name__} has no bias; give zeros.")
        self._check_shapes()
        if self.kind == "convolution":
            self._check_convolution()
        if self.delays is not None:
            check_fits("delays", float(self.delays.min()), 0, LARGEST_DELAY)
            check_fits("delays", float(self.delays.max()), 0, LARGEST_DELAY)
        if self.recurrence is not None and not isinstance(self.neuron, Lif):
            raise NotMappableError(f"recurrence is of layers of Lif; this one is of {type(self.neuron).__name__}.")

    def _check_convolution(self) -> None:
        if self.weight_exponent < 0:
            raise NotMappableError(
                f"weight_exponent of {self.weight_exponent} does not fit a convolution, whose sums are not shifted "
                f"down: 0 to {LARGEST_WEIGHT_EXPONENT}. Use smaller weights."
            )
        if self.delays is not None or self.recurrence is not None:
            raise NotMappableError("delays and recurrence are of dense layers; this one is a convolution.")

    def _check_shapes(self) -> None:
        n_channels = int(np.prod(self.input_grid))
        if self.kind == "dense":
            expected: dict[str, tuple[int, ...]] = {"weights": (self.n_neurons, n_channels)}
            n_biases = self.n_neurons
        else:
            if len(self.input_grid) != PICTURE_AXES or len(self.output_grid) != PICTURE_AXES:
                raise NotMappableError(
                    f"a convolution goes from (map, mel, frame) to (map, mel, frame); "
                    f"got {self.input_grid} to {self.output_grid}."
                )
            kernel, n_biases = self.weights.shape[2:], self.output_grid[0]
            sizes = zip(self.input_grid[1:], kernel, strict=False)
            rows = tuple((size + 2 * self.padding - width) // self.stride + 1 for size, width in sizes)
            expected = {"weights": (self.output_grid[0], self.input_grid[0], *kernel), "output_grid": (n_biases, *rows)}
        expected |= {"bias_mantissa": (n_biases,), "delays": (self.n_neurons, n_channels)}
        given = {
            "weights": self.weights.shape,
            "output_grid": self.output_grid,
            "bias_mantissa": self.bias_mantissa.shape,
            "delays": expected["delays"] if self.delays is None else self.delays.shape,
        }
        if self.recurrence is not None:
            expected["recurrence"], given["recurrence"] = (self.n_neurons,) * 2, self.recurrence.weights.shape
        if isinstance(self.neuron, ResonateAndFire):
            expected["cosine"], given["cosine"] = (self.n_neurons,), self.neuron.cosine.shape
        for name, shape in expected.items():
            if given[name] != shape:
                raise NotMappableError(
                    f"{name} of shape {given[name]} does not fit {self.input_grid} to {self.output_grid}: {shape}."
                )

    @property
    def n_neurons(self) -> int:
        return int(np.prod(self.output_grid))

    @property
    def bias(self) -> Integers:
        """What is added in each step, [neuron] or [map]."""
        return self.bias_mantissa << self.bias_exponent

    @property
    def neuron_bias(self) -> Integers:
        """The same for each neuron, [neuron]."""
        return np.repeat(self.bias, self.n_neurons // len(self.bias))


def check_weights(weights: Integers, sign_mode: SignMode, weight_bits: int) -> None:
    """NotMappableError unless the weights lie on the grid of a synapse of that sign mode and width.

    Lava clips mixed weights to -256 to 255 and those of one sign to 255, and clears 8 - weight_bits lower bits, and one
    more where signs are mixed. Weights that it would change are refused: round them on purpose, before.
    """
    if weights.dtype.kind != "i":
        raise NotMappableError(f"weights must be integers; got {weights.dtype}. Quantise them first.")
    if sign_mode not in ("mixed", "excitatory", "inhibitory"):
        raise NotMappableError(f"sign_mode must be mixed, excitatory or inhibitory; got {sign_mode!r}.")
    check_fits("weight_bits", weight_bits, 1, WEIGHT_BITS)
    unit = 2 ** (WEIGHT_BITS - weight_bits + (sign_mode == "mixed"))
    low = {"mixed": -256, "excitatory": 0, "inhibitory": unit - 256}[sign_mode]
    high = 0 if sign_mode == "inhibitory" else 256 - unit
    for extreme in (float(weights.min()), float(weights.max())):
        check_fits("weights", extreme, low, high)
    if np.any(weights % unit):
        odd = int(weights[weights % unit != 0][0])
        grid = "even" if unit == 2 else f"multiples of {unit}"
        raise NotMappableError(f"{sign_mode} weights of {weight_bits} bits are {grid} on the chip; got {odd}.")


@dataclass(frozen=True)
class LoihiNetwork:
    """Layers of neurons, then a readout whose potential is read.

    Of LIF it has the largest threshold, to which a file that is read in is held (`neuro/interchange`), and no decay but
    that of neurons that end a `nir-file`. A sum may still reach that threshold, and then it is lost: the scale of its
    integers leaves room for twice what training met (`neuro/classifiers/readout.py`), and a run notes how many did.
    """

    layers: tuple[LoihiLayer, ...]  # the last one is the readout
    graded_input: bool  # integers in place of spikes: Loihi 2 only
    readout_gain: float  # logit per unit of the readout's membrane potential and step

    def __post_init__(self) -> None:
        for number, (below, above) in enumerate(pairwise(self.layers), start=1):
            if below.n_neurons != np.prod(above.input_grid):
                raise NotMappableError(
                    f"layer {number + 1} reads {int(np.prod(above.input_grid))} channels; "
                    f"layer {number} has {below.n_neurons} neurons. Give both the same number."
                )

    @property
    def n_neurons(self) -> int:
        return sum(layer.n_neurons for layer in self.layers)

    def is_graded(self, number: int) -> bool:
        """Whether layer `number`, from 0, may receive other values than 0 and 1."""
        return self.graded_input if number == 0 else self.layers[number - 1].neuron.spike_type is not np.bool_


@dataclass(frozen=True)
class SpikeRecord:
    """What a run did: every spike of every layer, and the readout's membrane potentials at the end."""

    input_spikes: NDArray[Any]  # [step, clip, channel]
    spikes: tuple[NDArray[Any], ...]  # per layer [step, clip, neuron], of the neuron's spike_type
    inputs_active: tuple[NDArray[np.bool_], ...]  # per layer [step, clip, neuron]: a spike met the neuron
    readout_potentials: Integers  # [clip, class]
    potentials: tuple[NDArray[np.int32], ...] = ()  # per layer [step, clip, neuron] after the spikes; where asked for
