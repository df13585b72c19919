# neuro/classifiers/readout.py
"""The readout of a spiking network: synapses into neurons that add up and never fire, whose sum is a class's logit.

On the chip such a neuron has the largest threshold T = 2^17 - 1 and no leak. A potential beyond T * 2^6 would fire and
be set to 0, and one below -(2^23 - 1) would be held there: either loses what was gathered. How far a sum over all steps
gets depends on which neurons fire together, so it is met, not computed: if every neuron below fired in every step,
networks of 64 steps would get to six times the limit and those of 8 to 1.7 times; they get to 1.4 and 0.24 times (those
of the studies spike-codes and integer-cost, on validation clips). With the largest |sum of weights and biases| that
training met, P,

    scale of the readout's integers = min( as fine as its weights allow, ROOM * T / P )

A network whose sums stay below ROOM * T at the finest scale has the integers that its weights alone give. Sums are
watched while the network trains on the chip's grid, or through the last epoch where it trains as floats to its end.
No threshold of the layer's own asks for a scale of at least 1, so weights beyond the chip's largest shrink as well.
"""

from typing import Any

import torch
from torch import Tensor, nn

from neuro.classifiers.synapses import LARGEST_THRESHOLD, LARGEST_WEIGHT, Synapses

ROOM = 0.5  # share of the threshold that training clips may use: other clips may get twice as far


class Readout(Synapses):
    """A matrix with biases, and the largest sum that training met."""

    peak: Tensor  # in units of a weight

    def __init__(self, n_inputs: int, n_classes: int) -> None:
        super().__init__(nn.Linear(n_inputs, n_classes, bias=False), normalised=False)
        self.register_buffer("peak", torch.tensor(0.0))

    @torch.no_grad()
    def watch(self, spikes: Tensor) -> None:
        """Remember how far from 0 the spikes [step, batch, channel] of the layer below lead in any step."""
        sums = self._applied(spikes, *self.folded()).cumsum(0)
        self.peak.copy_(torch.maximum(self.peak, sums.abs().max()))

    def scale(self, weight: Tensor, threshold: float, n_input_levels: int) -> float:
        """As of any synapses, and no finer than its largest weight and what training met leave room for."""
        finest = super().scale(weight, threshold, n_input_levels)
        largest, peak = (max(float(size), 1e-12) for size in (weight.detach().abs().max(), self.peak))
        return min(finest, LARGEST_WEIGHT / largest, ROOM * LARGEST_THRESHOLD / peak)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        """Weights that were stored before the peak was kept have the integers that they had then."""
        state_dict.setdefault(f"{prefix}peak", torch.zeros_like(self.peak))
        super()._load_from_state_dict(state_dict, prefix, *others)
