# neuro/neuron.py
"""The neurons that are trained for the chip: leaky integrate-and-fire with reset to zero, as Loihi and Lava run it.

    LifNeuron     v[t] = beta * (1 - s[t-1]) * v[t-1] + x[t]          s[t] = 1 where v[t] > threshold, else 0
    CubaNeuron    i[t] = alpha * i[t-1] + x[t]
                  v[t] = beta * (1 - s[t-1]) * v[t-1] + i[t]          s[t] likewise; i is not reset

alpha and beta lie on the chip's grid of 1/4096. The first equals snnTorch's `Leaky(reset_mechanism="zero")` and Lava's
LIF with a fully decaying current (du = 4095); the second, current-based, snnTorch's `Synaptic(reset_mechanism="zero",
reset_delay=False)` and Lava's LIF. The spike's derivative is replaced by that of a fast sigmoid,
1 / (1 + slope * |v - threshold|)^2. As in snnTorch, no gradient flows through the reset of the first, and one flows
through that of the second.

References: Eshraghian et al., Proceedings of the IEEE 111 (2023), 1016-1054; Zenke & Ganguli, Neural Computation 30
(2018), 1514-1541 (fast sigmoid).
"""

from dataclasses import dataclass

from classical_baselines.harness.choices import InputError

DECAY_STEPS = 4096  # Loihi's decays are integers out of 4096


@dataclass(frozen=True)
class LifNeuron:
    """One decay and one threshold for a whole layer, as Loihi has them."""

    beta: float = 0.9  # share of the membrane potential that a step leaves
    threshold: float = 1.0
    surrogate_slope: float = 5.0

    def __post_init__(self) -> None:
        if not 0 <= self.beta <= 1:
            raise InputError(f"beta must lie in [0, 1], the share that a step leaves; got {self.beta}.")
        if self.threshold <= 0:
            raise InputError(f"threshold must be positive; got {self.threshold}.")
        if self.surrogate_slope <= 0:
            raise InputError(f"surrogate_slope must be positive; got {self.surrogate_slope}.")

    @property
    def decay(self) -> int:
        """Lava's dv: what a step takes away, out of 4096; 12 bits, so that 1/4096 is always left."""
        return min(round((1 - self.beta) * DECAY_STEPS), DECAY_STEPS - 1)

    @property
    def chip_beta(self) -> float:
        """The nearest beta that the chip can hold."""
        return 1 - self.decay / DECAY_STEPS


@dataclass(frozen=True)
class CubaNeuron(LifNeuron):
    """A LIF neuron whose synaptic current decays too."""

    alpha: float = 0.5  # share of the synaptic current that a step leaves

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.alpha < 1:
            raise InputError(f"alpha must be at least 0 and below 1, the share of a current left; got {self.alpha}.")

    @property
    def current_decay(self) -> int:
        """Lava's du: one less than what a step takes from the current, out of 4096; 1/4096 is always taken."""
        return max(round((1 - self.alpha) * DECAY_STEPS), 1) - 1

    @property
    def chip_alpha(self) -> float:
        """The nearest alpha that the chip can hold."""
        return 1 - (self.current_decay + 1) / DECAY_STEPS


@dataclass(frozen=True)
class TernaryNeuron(LifNeuron):
    """A LIF neuron that also fires below the negative of its threshold, with a spike of -1."""
