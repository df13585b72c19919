# neuro/loihi/neurons/neuron.py
"""What a neuron model of the chip is to the emulator: a state that starts at zero, and one step.

arriving   [clip, neuron]   int64: the synaptic input of the step
bias       [neuron]         int64: what the layer adds in every step
state      a tuple of [clip, neuron], int64
spikes     [clip, neuron]   int64: 0 or 1; -1, 0 or 1; or any integer (graded)
"""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

State = tuple[Tensor, ...]


class Neuron(Protocol):
    """Parameters of a whole layer, and its dynamics."""

    @property
    def spike_type(self) -> type[np.generic]:
        """How spikes are kept: bool where they are 0 or 1, int8 with a sign, int32 where they are graded."""
        ...

    @property
    def takes_bias(self) -> bool: ...

    @property
    def n_states(self) -> int: ...

    def step(self, state: State, arriving: Tensor, bias: Tensor, step: int) -> tuple[Tensor, State]:
        """(spikes, state after them) of step 0, 1, ... of a clip."""
        ...

    def potential(self, state: State) -> Tensor:
        """[clip, neuron]: the part of the state that a readout reads."""
        ...


def zero_state(neuron: Neuron, shape: tuple[int, ...]) -> State:
    """The state before a clip's first step."""
    return tuple(torch.zeros(shape, dtype=torch.int64) for _ in range(neuron.n_states))


def shrunk(value: Tensor, kept: int | Tensor, bits: int) -> Tensor:
    """value * kept / 2^bits, rounded towards zero."""
    return value.sign() * ((value.abs() * kept) >> bits)
