# neuro/loihi/neurons/lif.py
"""Leaky integrate-and-fire, with a current that may decay and a reset that may come periodically.

With dec(x, k) = sign(x) * ((|x| * k) >> 12), synaptic input a and bias b:

    u[t] = wrap( dec(u[t-1], 4095 - du) + (a[t] << 6) )       wrap(x): x - 2^24 above 2^23, x + 2^24 at or below -2^23
    v[t] = clip( dec(v[t-1], 4096 - dv) + u[t] + b, -(2^23 - 1), 2^23 - 1 )
    s[t] = v[t] > (vth << 6);  then v[t] = 0 where s[t]; u stays

du = 4095 lets the current decay within the step; du = 0 still takes 1/4096 of it. wrap subtracts once, no modulo:
+2^23 is kept and -2^23 becomes +2^23. Every `reset_interval` steps, from step `reset_offset` of a clip on, u and v are
set to zero before the step. Lava 0.10: `LIF`, `LIFReset` (fixed_pt).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from neuro.loihi.limits import (
    DECAY_BITS,
    DECAY_UNITY,
    FRACTION_BITS,
    LARGEST_DECAY,
    LARGEST_THRESHOLD,
    MEMBRANE_LIMIT,
    WRAP,
    NotMappableError,
    check_fits,
)
from neuro.loihi.neurons.neuron import State, shrunk


@dataclass(frozen=True)
class Lif:
    """One set of decays and one threshold for a whole layer."""

    decay: int  # dv: what a step takes from the membrane, out of 4096
    threshold: int  # vth, 17 bits
    current_decay: int = LARGEST_DECAY  # du: what a step takes from the current, out of 4096, less one
    reset_interval: int = 0  # steps; 0: never
    reset_offset: int = 0

    spike_type = np.bool_
    takes_bias = True
    n_states = 2  # current, membrane potential

    def __post_init__(self) -> None:
        check_fits("decay", self.decay, 0, LARGEST_DECAY)
        check_fits("threshold", self.threshold, 1, LARGEST_THRESHOLD)
        check_fits("current_decay", self.current_decay, 0, LARGEST_DECAY)
        if self.reset_interval < 0 or not 0 <= self.reset_offset < max(self.reset_interval, 1):
            raise NotMappableError(
                f"reset_interval must be 0 (never) or more steps, and reset_offset less than it; "
                f"got {self.reset_interval} and {self.reset_offset}."
            )

    def step(self, state: State, arriving: Tensor, bias: Tensor, step: int) -> tuple[Tensor, State]:
        """One step of the equations above."""
        current, potential = state
        if self.reset_interval and step % self.reset_interval == self.reset_offset:
            current, potential = torch.zeros_like(current), torch.zeros_like(potential)
        current, potential = integrated(current, potential, arriving, bias, self.current_decay, self.decay)
        spikes = potential > (self.threshold << FRACTION_BITS)
        return spikes.long(), (current, potential * ~spikes)

    def potential(self, state: State) -> Tensor:
        """The membrane potential v."""
        return state[1]


def integrated(
    current: Tensor, potential: Tensor, arriving: Tensor, bias: Tensor, current_decay: int, decay: int
) -> tuple[Tensor, Tensor]:
    """(u, v) of a step, before spikes."""
    current = shrunk(current, LARGEST_DECAY - current_decay, DECAY_BITS)
    current = wrapped(current + (arriving << FRACTION_BITS))
    potential = shrunk(potential, DECAY_UNITY - decay, DECAY_BITS) + current + bias
    return current, potential.clamp(-MEMBRANE_LIMIT, MEMBRANE_LIMIT)


def wrapped(current: Tensor) -> Tensor:
    """The 24-bit current: one subtraction, no modulo."""
    return current - 2 * WRAP * (current > WRAP) + 2 * WRAP * (current <= -WRAP)
