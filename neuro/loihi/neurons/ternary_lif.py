# neuro/loihi/neurons/ternary_lif.py
"""Leaky integrate-and-fire with spikes of either sign: the dynamics of `lif`, and in place of its threshold

    s[t] = +1 where v[t] > (upper << 6), -1 where v[t] < (lower << 6), else 0;  then v[t] = 0 where s[t] is not 0

Lava 0.10: `TernaryLIF` (fixed_pt).
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from neuro.loihi.limits import FRACTION_BITS, LARGEST_DECAY, LARGEST_THRESHOLD, check_fits
from neuro.loihi.neurons.lif import integrated
from neuro.loihi.neurons.neuron import State


@dataclass(frozen=True)
class TernaryLif:
    """One set of decays and one pair of thresholds for a whole layer."""

    decay: int  # dv
    upper_threshold: int  # 17 bits and a sign, like the lower
    lower_threshold: int
    current_decay: int = LARGEST_DECAY  # du

    spike_type = np.int8
    takes_bias = True
    n_states = 2  # current, membrane potential

    def __post_init__(self) -> None:
        check_fits("decay", self.decay, 0, LARGEST_DECAY)
        check_fits("current_decay", self.current_decay, 0, LARGEST_DECAY)
        check_fits("upper_threshold", self.upper_threshold, 0, LARGEST_THRESHOLD)
        check_fits("lower_threshold", self.lower_threshold, -LARGEST_THRESHOLD, 0)

    def step(self, state: State, arriving: Tensor, bias: Tensor, step: int) -> tuple[Tensor, State]:
        """One step of the equations above."""
        del step  # part of the contract; nothing here depends on the time
        current, potential = state
        current, potential = integrated(current, potential, arriving, bias, self.current_decay, self.decay)
        above = potential > (self.upper_threshold << FRACTION_BITS)
        below = potential < (self.lower_threshold << FRACTION_BITS)
        return above.long() - below.long(), (current, potential * ~(above | below))

    def potential(self, state: State) -> Tensor:
        """The membrane potential v."""
        return state[1]
