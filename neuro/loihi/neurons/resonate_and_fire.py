# neuro/loihi/neurons/resonate_and_fire.py
"""Resonate-and-fire: a damped oscillator per neuron, which fires once a cycle where it swings far enough.

With f(x) = sign(x) * (|x| >> decay_bits) of each product by itself, real input a and imaginary input i:

    re[t] = clip( f(c re[t-1]) - f(q im[t-1]) + (a << state_exponent), -(2^23 - 1), 2^23 - 1 )
    im[t] = clip( f(q re[t-1]) + f(c im[t-1]) + (i << state_exponent), -(2^23 - 1), 2^23 - 1 )
    s[t]  = re[t] >= threshold and im[t] >= 0 and im[t-1] < 0                      nothing is reset

`resonator` turns periods and dampings into c and q as Lava does: toward zero, in units of 2^-decay_bits. A layer of a
network drives the real part; an encoder may drive both (`step_both`). Lava 0.10: `RF` (fixed_pt), which has one c and q
for a process; here every neuron has its own.

Reference: Izhikevich, Neural Networks 14 (2001), 883-894; Frady et al., arXiv 2111.03746.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from neuro.loihi.limits import MEMBRANE_LIMIT, NotMappableError, check_fits
from neuro.loihi.neurons.neuron import State, shrunk

Integers = NDArray[np.int64]
LARGEST_EXPONENT = 7  # 3 bits
MOST_DECAY_BITS = 12  # so that a product of a state and a factor fits 36 bits


@dataclass(frozen=True, eq=False)
class ResonateAndFire:
    """A bank of resonators with one threshold."""

    cosine: Integers  # c [neuron]: (1 - damping) cos(2 pi / period), in units of 2^-decay_bits
    sine: Integers  # q [neuron]
    threshold: int  # in units of the state
    state_exponent: int = 0
    decay_bits: int = MOST_DECAY_BITS

    spike_type = np.bool_
    takes_bias = False
    n_states = 2  # real, imaginary

    def __post_init__(self) -> None:
        check_fits("threshold", self.threshold, 1, MEMBRANE_LIMIT)
        check_fits("state_exponent", self.state_exponent, 0, LARGEST_EXPONENT)
        check_fits("decay_bits", self.decay_bits, 1, MOST_DECAY_BITS)
        if self.cosine.ndim != 1 or self.cosine.shape != self.sine.shape:
            raise NotMappableError(
                f"cosine and sine need one entry per neuron; got shapes {self.cosine.shape} and {self.sine.shape}."
            )
        for name, factors in (("cosine", self.cosine), ("sine", self.sine)):
            for extreme in (float(factors.min()), float(factors.max())):
                check_fits(name, extreme, -(2**self.decay_bits), 2**self.decay_bits)

    def step(self, state: State, arriving: Tensor, bias: Tensor, step: int) -> tuple[Tensor, State]:
        """One step of the equations above, without imaginary input."""
        del bias, step  # part of the contract; a resonator has no bias and knows no time
        return self.step_both(state, arriving, torch.zeros_like(arriving))

    def step_both(self, state: State, real_input: Tensor, imaginary_input: Tensor) -> tuple[Tensor, State]:
        """One step of the equations above."""
        real, imaginary = state
        c, q = torch.from_numpy(self.cosine), torch.from_numpy(self.sine)

        def turned(factor: Tensor, part: Tensor) -> Tensor:
            return shrunk(part, factor.abs(), self.decay_bits) * factor.sign()

        new_real = turned(c, real) - turned(q, imaginary) + (real_input << self.state_exponent)
        new_imaginary = turned(q, real) + turned(c, imaginary) + (imaginary_input << self.state_exponent)
        new_real = new_real.clamp(-MEMBRANE_LIMIT, MEMBRANE_LIMIT)
        new_imaginary = new_imaginary.clamp(-MEMBRANE_LIMIT, MEMBRANE_LIMIT)
        spikes = (new_real >= self.threshold) & (new_imaginary >= 0) & (imaginary < 0)
        return spikes.long(), (new_real, new_imaginary)

    def potential(self, state: State) -> Tensor:
        """The real part."""
        return state[0]


def resonator(
    period_steps: ArrayLike,
    damping: ArrayLike,
    threshold: float,
    state_exponent: int = 0,
    decay_bits: int = MOST_DECAY_BITS,
) -> ResonateAndFire:
    """The integers of resonators with the given periods, which lose the share `damping` of their swing in a step."""
    period, lost = np.broadcast_arrays(np.atleast_1d(period_steps).astype(float), np.asarray(damping, dtype=float))
    if not (np.all(period > 0) and np.all((lost >= 0) & (lost <= 1))):
        raise NotMappableError(
            f"period_steps must be positive and damping a share from 0 to 1; got {period_steps!r} and {damping!r}."
        )
    angle = np.pi * 2 * 1 / period
    return ResonateAndFire(
        cosine=((1 - lost) * np.cos(angle) * 2**decay_bits).astype(np.int64),
        sine=((1 - lost) * np.sin(angle) * 2**decay_bits).astype(np.int64),
        threshold=int(threshold * 2**state_exponent),
        state_exponent=state_exponent,
        decay_bits=decay_bits,
    )
