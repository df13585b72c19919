# neuro/loihi/neurons/sigma_delta.py
"""Sigma-delta: sums up what changed below, and sends on by how much its own activation changed, once it is enough.

    sigma += a
    act    = max(sigma + b, 0)                  b, theta: bias and threshold << (spike_exponent + state_exponent)
    delta  = act - act[t-1] + residue
    s      = delta where |delta| >= theta, else 0;  residue = delta - s;  what is sent is s >> state_exponent

`activation` "unit" leaves out the max: a readout, whose potential is act. Nothing is clipped; a state that leaves 31
bits, where Lava's would wrap, is refused by the emulator. Lava 0.10: `SigmaDelta` (fixed_pt), without its cumulative
error, which nothing here uses.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor

from neuro.loihi.limits import LARGEST_THRESHOLD, NotMappableError, check_fits
from neuro.loihi.neurons.neuron import State

LARGEST_EXPONENT = 7  # 3 bits


@dataclass(frozen=True)
class SigmaDelta:
    """One threshold and one activation for a whole layer."""

    threshold: int  # theta before its shift; 0 sends every change
    spike_exponent: int = 0
    state_exponent: int = 0
    activation: Literal["relu", "unit"] = "relu"

    spike_type = np.int32
    takes_bias = True
    n_states = 3  # sigma, activation, residue

    def __post_init__(self) -> None:
        check_fits("threshold", self.threshold, 0, LARGEST_THRESHOLD)
        check_fits("spike_exponent", self.spike_exponent, 0, LARGEST_EXPONENT)
        check_fits("state_exponent", self.state_exponent, 0, LARGEST_EXPONENT)
        if self.activation not in ("relu", "unit"):
            raise NotMappableError(f"activation must be 'relu' or 'unit'; got {self.activation!r}.")

    @property
    def shift(self) -> int:
        """Bits by which threshold and bias are finer than they are given."""
        return self.spike_exponent + self.state_exponent

    def step(self, state: State, arriving: Tensor, bias: Tensor, step: int) -> tuple[Tensor, State]:
        """One step of the equations above."""
        del step  # part of the contract; nothing here depends on the time
        sigma, before, residue = state
        sigma = sigma + arriving
        activation = sigma + (bias << self.shift)
        if self.activation == "relu":
            activation = activation.clamp(min=0)
        delta = activation - before + residue
        sent = delta * (delta.abs() >= (self.threshold << self.shift))
        return sent >> self.state_exponent, (sigma, activation, delta - sent)

    def potential(self, state: State) -> Tensor:
        """The activation."""
        return state[1]
