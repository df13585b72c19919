# studies/neuron_activity.py
"""What the neurons of a trained spiking network do as the chip's integers: how often each fires, and their potentials.

    cell -> weights of the store -> integers -> validation clips -> spikes [step, clip, neuron]
    rate         share of the steps of all clips in which a neuron fires
    potential    of one clip, after the reset of each step; a neuron fires where it has passed its threshold

Validation clips only: no look is opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.choices import InputError
from neuro.loihi.contracts import Lif, LoihiNetwork
from neuro.loihi.emulator import emulate
from neuro.loihi.limits import FRACTION_BITS
from studies.cell import StudyCell
from studies.integers_on_clips import integers_on_clips
from studies.specification import Study

SATURATED = 0.9  # share of steps from which on a neuron says nothing by firing


@dataclass(frozen=True, eq=False)
class LayerActivity:
    """A layer of neurons that fire."""

    rates: NDArray[np.float64]  # [neuron], 0 to 1
    potentials: NDArray[np.float64]  # [step, neuron] of the first clip, in units of the threshold
    spikes: NDArray[np.bool_]  # [step, neuron] of the same

    @property
    def n_silent(self) -> int:
        """Neurons that fire in no step of any clip."""
        return int((self.rates == 0).sum())

    @property
    def n_saturated(self) -> int:
        """Neurons that fire in nearly all steps."""
        return int((self.rates >= SATURATED).sum())


@dataclass(frozen=True, eq=False)
class NeuronActivity:
    """Of all layers, the readout apart."""

    layers: tuple[LayerActivity, ...]
    readout: NDArray[np.float64]  # [step, class] of the first clip: potentials as logits
    n_clips: int


def activity_of_cell(
    study: Study, cell: StudyCell, weights: Mapping[str, Tensor], data_root: Path | None, n_clips: int
) -> NeuronActivity:
    """The trained network of a cell on validation clips that are spread evenly."""
    return activity(*integers_on_clips(study, cell, weights, data_root, n_clips, "neurons"))


def activity(network: LoihiNetwork, inputs: Tensor) -> NeuronActivity:
    """The network's on inputs [step, clip, channel]; potentials are kept of the first clip alone."""
    for number, layer in enumerate(network.layers, start=1):
        if not isinstance(layer.neuron, Lif):
            raise InputError(
                f"layer {number} is of {type(layer.neuron).__name__} neurons; rates and potentials are shown of leaky "
                "integrate-and-fire neurons. Choose a spiking network of those."
            )
    fired = emulate(network, inputs).spikes
    first = emulate(network, inputs[:, :1], potentials=True)
    layers = []
    for number, layer in enumerate(network.layers[:-1]):
        neuron: Any = layer.neuron
        layers.append(
            LayerActivity(
                rates=fired[number].mean(axis=(0, 1), dtype=np.float64),
                potentials=first.potentials[number][:, 0] / float(neuron.threshold << FRACTION_BITS),
                spikes=first.spikes[number][:, 0],
            )
        )
    readout = first.potentials[-1][:, 0].astype(np.float64) * (network.readout_gain / len(inputs))
    return NeuronActivity(tuple(layers), readout, inputs.shape[1])
